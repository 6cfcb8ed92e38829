/**
 * The names of all threads where they share no memory: each thread tells the others. Two threads may then give one name
 * to two actors in the same moment. The thread with the lower number keeps it, and the other one takes it back.
 */
import { highWord, type Pid, threadOf } from "../wire/pid.ts";

export class ToldNames {
  readonly #thread: number;
  readonly #tellAll: (name: string, pid: Pid, isTaken: boolean) => void;
  /** Called when an actor of this thread has lost its name to another thread. */
  readonly #onLost: (name: string) => void;
  /** All names, of this thread, too. */
  readonly #owners = new Map<string, Pid>();

  constructor(
    thread: number,
    tellAll: (name: string, pid: Pid, isTaken: boolean) => void,
    onLost: (name: string) => void,
  ) {
    this.#thread = thread;
    this.#tellAll = tellAll;
    this.#onLost = onLost;
  }

  claim(name: string, pid: Pid): boolean {
    const owner = this.#owners.get(name);
    if (owner !== undefined) return owner === pid;
    this.#owners.set(name, pid);
    this.#tellAll(name, pid, true);
    return true;
  }

  release(name: string, thread: number): void {
    const owner = this.#owners.get(name);
    if (owner === undefined || threadOf(highWord(owner)) !== thread) return;
    this.#owners.delete(name);
    this.#tellAll(name, owner, false);
  }

  find(name: string): Pid | undefined {
    return this.#owners.get(name);
  }

  lose(thread: number): void {
    for (const [name, owner] of this.#owners) if (threadOf(highWord(owner)) === thread) this.#owners.delete(name);
  }

  /** Another thread has told of a change. */
  told(name: string, pid: Pid, isTaken: boolean): void {
    const owner = this.#owners.get(name);
    if (!isTaken) {
      if (owner === pid) this.#owners.delete(name);
      return;
    }
    const rank = (owner: Pid) => threadOf(highWord(owner));
    if (owner !== undefined && rank(owner) < rank(pid)) return;
    this.#owners.set(name, pid);
    if (owner !== undefined && owner !== pid && rank(owner) === this.#thread) this.#onLost(name);
  }
}
