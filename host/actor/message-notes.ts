/** What keeps the messages of actors that are followed. */
export interface MessageNotes<Actor> {
  /** Whether any actor is followed. */
  readonly areWanted: boolean;
  /** A message took the host's way. `status` and `receiver`: what became of it. */
  note(
    fromLo: number,
    fromHi: number,
    toLo: number,
    toHi: number,
    kind: number,
    tag: number,
    ref: number,
    bytes: Uint8Array,
    status: number,
    receiver: Actor | undefined,
  ): void;
}
