/**
 * Unlinks that the other side has not seen. Until it has, a link that it has made in the meantime is removed
 * there, so it must not be made here. (The signals UNLINK_ID and UNLINK_ID_ACK of
 * Erlang's distribution are there for the same reason.)
 */
import { highWord, lowWord, type Pid } from "../wire/pid.ts";

export class Unlinks {
  /** The number of the unlink: by the actor that lives elsewhere, then by the one that lives here. */
  readonly #pending = new Map<Pid, Map<Pid, number>>();
  #last = 0;

  get size(): number {
    return this.#pending.size;
  }

  /** An unlink is sent. Answers its number. */
  begin(actor: Pid, other: Pid): number {
    this.#last = (this.#last + 1) | 0;
    const ofOther = this.#pending.get(other) ?? new Map<Pid, number>();
    this.#pending.set(other, ofOther.set(actor, this.#last));
    return this.#last;
  }

  isPending(actor: Pid, other: Pid): boolean {
    return this.#pending.get(other)?.has(actor) === true;
  }

  /** The actor has made a link again, which the other side sees after the unlink. */
  linked(actor: Pid, other: Pid): void {
    const ofOther = this.#pending.get(other);
    if (ofOther?.delete(actor) && ofOther.size === 0) this.#pending.delete(other);
  }

  /** The other side has seen it. */
  seen(actor: Pid, other: Pid, number: number): void {
    if (this.#pending.get(other)?.get(actor) === number) this.linked(actor, other);
  }

  /** Nothing comes from these actors any more. */
  drop(areLost: (lo: number, hi: number) => boolean): void {
    for (const other of this.#pending.keys()) {
      if (areLost(lowWord(other), highWord(other))) this.#pending.delete(other);
    }
  }
}
