/**
 * A mailbox that asks actors, and has a table of who was asked what: an answer comes from the actor
 * that was asked, once, and not after its end. An actor whose script hands requests on may have had
 * anybody answer. What does not hold is an error that says so.
 */
import { formatPid, type HostMailbox, type Pid, type Received, type Runtime } from "../../../host/index.ts";

interface Asked {
  readonly whom: Pid;
  isAnswered: boolean;
  /** It was told of an end, or has taken the request back. */
  isOver: boolean;
}

export class Clerk {
  readonly #mailbox: HostMailbox;
  readonly #asked = new Map<number, Asked>();
  /** Actors that may hand on what they are asked. */
  readonly #delegating: ReadonlySet<Pid>;
  /** Those whose end it has been told of. */
  readonly #ended = new Set<Pid>();

  constructor(runtime: Runtime, delegating: ReadonlySet<Pid>) {
    this.#mailbox = runtime.mailbox();
    this.#delegating = delegating;
  }

  get isOpen(): boolean {
    return this.#mailbox.isOpen;
  }

  close(): void {
    this.#mailbox.close();
  }

  /** A request as a host mailbox makes one: a monitor, and a message that says its ref. */
  ask(whom: Pid): void {
    if (!this.#mailbox.isOpen) return;
    const ref = this.#mailbox.monitor(whom);
    this.#asked.set(ref, { whom, isAnswered: false, isOver: false });
    this.#mailbox.send(whom, this.#told(ref), { tag: 1 });
  }

  /** Tells an actor a ref, of a request to it or to another. */
  tell(whom: Pid, which: number): void {
    const refs = [...this.#asked.keys()];
    if (refs.length > 0) this.#mailbox.send(whom, this.#told(refs[which % refs.length]), { tag: 1 });
  }

  takeBack(which: number): void {
    const asked = [...this.#asked];
    if (asked.length === 0) return;
    this.read();
    const [ref, found] = asked[which % asked.length];
    const wasThere = this.#mailbox.demonitor(ref, { flush: true });
    if (this.#mailbox.isOpen && wasThere === found.isOver) throw new Error(`a request was over: ${found.isOver}`);
    found.isOver = true;
  }

  /** The pid of the mailbox and the ref, where a script looks for them in a message. */
  #told(ref: number): Uint8Array {
    const { pid } = this.#mailbox;
    return new Uint8Array(Int32Array.of(pid | 0, Math.floor(pid / 2 ** 32), ref).buffer);
  }

  /** Reads what has come. */
  read(): Received[] {
    const items: Received[] = [];
    for (let item = this.#mailbox.poll(); item !== undefined; item = this.#mailbox.poll()) {
      items.push(item);
      this.#take(item);
    }
    return items;
  }

  #take(item: Received): void {
    const who = `${item.kind} of ${formatPid(item.from)}`;
    if (item.kind === "message" && this.#ended.has(item.from)) throw new Error(`${who}: it came after the Down`);
    if (item.kind === "down") {
      this.#ended.add(item.from);
      this.#over(item.ref, who, item.from);
    } else if (item.kind !== "exit" && item.tag < 0) this.#answered(item.tag, who, item.from);
  }

  #over(ref: number, who: string, from: Pid): void {
    const found = this.#asked.get(ref);
    if (found === undefined || found.isOver) throw new Error(`${who}: nobody waits for it`);
    if (found.whom !== from && !this.#delegating.has(found.whom)) {
      throw new Error(`${who}: ${formatPid(found.whom)} was asked, and hands nothing on`);
    }
    found.isOver = true;
  }

  #answered(ref: number, who: string, from: Pid): void {
    const found = this.#asked.get(ref);
    if (found === undefined) throw new Error(`${who}: it answers what nobody has asked`);
    if (found.isOver) throw new Error(`${who}: it answers what is over`);
    if (found.isAnswered) throw new Error(`${who}: it is the second answer`);
    if (found.whom !== from && !this.#delegating.has(found.whom)) {
      throw new Error(`${who}: a forged answer, ${formatPid(found.whom)} was asked`);
    }
    found.isAnswered = true;
  }
}
