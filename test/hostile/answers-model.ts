/**
 * What docs/abi.md says of refs ("Ref", `request`, `monitor`, `delegate`, `make_ref`), as plain
 * data: who has asked whom, who may answer, and what lies in each mailbox. Nothing is refused here
 * for a limit.
 */

/** A live actor, or one that has ended. */
export interface Player {
  readonly pid: number;
  readonly isGuest: boolean;
  isAlive: boolean;
  readonly mailbox: Item[];
}

export interface Item {
  readonly kind: "message" | "down";
  readonly from: number;
  readonly tag: number;
  readonly ref: number;
  /** Of a message, a number that no other has; of a Down, why. */
  readonly what: number | string;
}

/** A ref, which is live as long as the model has it. */
export interface Ref {
  readonly ref: number;
  readonly owner: Player;
  /** The only actor that may answer; undefined: any actor that was told the ref. */
  target: Player | undefined;
  isAnswered: boolean;
  /** Who handed it on, last. */
  via: Player | undefined;
  /** `runtime.call` waits with it: it is over with its answer. */
  readonly isCall: boolean;
}

export class AnswersModel {
  /** In the order in which each came to whom it concerns now. */
  #refs: Ref[] = [];
  /** What guests were refused for a ref that was not theirs. */
  denied = 0;

  get refs(): readonly Ref[] {
    return this.#refs;
  }

  find(owner: Player, ref: number): Ref | undefined {
    return this.#refs.find(found => found.owner === owner && found.ref === ref);
  }

  makeRef(owner: Player, ref: number): void {
    this.#refs.push({ ref, owner, target: undefined, isAnswered: false, via: undefined, isCall: false });
  }

  monitor(owner: Player, target: Player, ref: number, isCall = false): void {
    if (target.isAlive) this.#refs.push({ ref, owner, target, isAnswered: false, via: undefined, isCall });
    else owner.mailbox.push({ kind: "down", from: target.pid, tag: 0, ref, what: "noproc" });
  }

  request(owner: Player, target: Player, ref: number, tag: number, what: number, isCall = false): void {
    this.monitor(owner, target, ref, isCall);
    if (target.isAlive) target.mailbox.push({ kind: "message", from: owner.pid, tag, ref, what });
  }

  /** Whether it is accepted. */
  send(from: Player, to: Player, tag: number, what: number): boolean {
    const found = tag < 0 ? this.#answerable(from, to, tag) : undefined;
    const receiver = found?.owner ?? to;
    if (!receiver.isAlive || (tag < 0 && found === undefined)) {
      if (tag < 0 && from.isGuest) this.denied++;
      return false;
    }
    receiver.mailbox.push({ kind: "message", from: from.pid, tag, ref: 0, what });
    if (found !== undefined) found.isAnswered = true;
    if (found?.isCall) this.#forget(found);
    return true;
  }

  /** To the asker, or to who handed it on last. */
  #answerable(from: Player, to: Player, ref: number): Ref | undefined {
    return this.#refs.find(
      found =>
        found.ref === ref &&
        !found.isAnswered &&
        (found.target === undefined ? found.owner === to : found.target === from && isAddress(found, to)),
    );
  }

  /** Whether it is accepted. */
  delegate(by: Player, address: Player, ref: number, to: Player, tag: number, what: number): boolean {
    const found = this.#refs.find(
      found => found.ref === ref && found.target === by && !found.isAnswered && isAddress(found, address),
    );
    if (found === undefined || !to.isAlive || tag < 0) {
      if (by.isGuest) this.denied++;
      return false;
    }
    this.#forget(found);
    this.#refs.push(found);
    found.target = to;
    found.via = by;
    to.mailbox.push({ kind: "message", from: by.pid, tag, ref, what });
    return true;
  }

  /** Whether there was such a monitor. */
  demonitor(owner: Player, ref: number, flush: boolean): boolean {
    const found = this.find(owner, ref);
    const isMonitor = found?.target !== undefined;
    if (isMonitor) this.#forget(found);
    if (flush) {
      const kept = owner.mailbox.filter(item => !bears(item, ref));
      owner.mailbox.splice(0, owner.mailbox.length, ...kept);
    }
    return isMonitor;
  }

  dropRef(owner: Player, ref: number): boolean {
    const found = this.find(owner, ref);
    if (found === undefined || found.target !== undefined) return false;
    this.#forget(found);
    return true;
  }

  end(player: Player, reason: string): void {
    player.isAlive = false;
    player.mailbox.length = 0;
    for (const found of [...this.#refs]) {
      if (found.owner !== player && found.target !== player) continue;
      this.#forget(found);
      if (found.owner === player) continue;
      found.owner.mailbox.push({ kind: "down", from: player.pid, tag: 0, ref: found.ref, what: reason });
    }
  }

  take(player: Player): Item | undefined {
    return player.mailbox.shift();
  }

  takeRef(player: Player, ref: number): Item | undefined {
    const index = player.mailbox.findIndex(item => bears(item, ref));
    return index < 0 ? undefined : player.mailbox.splice(index, 1)[0];
  }

  #forget(gone: Ref): void {
    this.#refs = this.#refs.filter(found => found !== gone);
  }
}

function isAddress({ owner, via }: Ref, to: Player): boolean {
  return to === owner || to === via;
}

function bears({ kind, tag, ref }: Item, which: number): boolean {
  return (kind === "message" ? tag : ref) === which;
}
