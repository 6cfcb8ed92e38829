/** The frames of a parked stack that do not fit into the guest's memory. turns/aside.ts fills it. */
/** What the host keeps for each part beside its bytes. */
export const PART_BYTES = 128;

/** Frames that were put aside, the innermost first. */
export class Aside {
  readonly parts: Uint8Array[] = [];
  /** Of all parts. */
  bytes = 0;

  /** As they count in the account of memory. */
  get countedBytes(): number {
    return this.bytes + PART_BYTES * this.parts.length;
  }
}
