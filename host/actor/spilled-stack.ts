/**
 * The frames of a parked stack that do not fit into the guest's memory. turns/spill.ts moves them.
 */
/** What each part costs the host beside its bytes. */
export const PART_BYTES = 128;

/** Frames that were put aside, the innermost first. */
export class SpilledStack {
  readonly parts: Uint8Array[] = [];
  /** The length of all parts. */
  bytes = 0;

  /** What they count in the account of memory. */
  get countedBytes(): number {
    return this.bytes + PART_BYTES * this.parts.length;
  }
}
