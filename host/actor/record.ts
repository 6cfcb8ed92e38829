/**
 * The words of an actor's record, as properties. It is a view: any number of them can look at one actor. Each word has its one home in the kernel's memory,
 * where the kernel reads and writes it, too.
 */
import {
  CAPACITY,
  COLD,
  ENDED_RECORD,
  FLAGS,
  FOR_EVER,
  HELD,
  INFO,
  MAY_PARK,
  NOT_WAITING,
  POINTER,
  RESTRAINT,
  STATE,
  TIMED,
  WANT,
  WANTED,
} from "../kernel/words.ts";
import type { Kernel, Recorded } from "../mail/kernel.ts";
import type { Restraint, State, Want } from "../mail/states.ts";

export abstract class ActorRecord implements Recorded {
  readonly lo: number;
  readonly hi: number;
  readonly #kernel: Kernel<Recorded>;
  readonly #record: number;
  /** Its end is recorded, and its words are still there. */
  #isEnding = false;

  constructor(lo: number, hi: number, record: number, kernel: Kernel<Recorded>) {
    this.lo = lo;
    this.hi = hi;
    this.#record = record;
    this.#kernel = kernel;
  }

  /** Where its words are. After its end these are the words of all that have ended. */
  get record(): number {
    const { words } = this.#kernel;
    const at = this.#record >>> 2;
    if (words[at] === this.lo && words[at + 1] === this.hi) return this.#record;
    return this.#isEnding ? this.#record : ENDED_RECORD;
  }

  /** No one finds the actor from now on. This view alone sees its words, until `forget`. */
  hide(): void {
    this.#isEnding = true;
    this.#kernel.call.hide(this.#record);
  }

  /** The record is another's. */
  forget(): void {
    this.#isEnding = false;
  }

  /** A word of the record, by its place there. */
  word(place: number): number {
    return this.#kernel.word(this.record + place);
  }

  setWord(place: number, value: number): void {
    this.#kernel.setWord(this.record + place, value);
  }

  /** Whether a bit of FLAGS is set. */
  has(flag: number): boolean {
    return (this.word(FLAGS) & flag) !== 0;
  }

  setFlag(flag: number, isSet: boolean): void {
    const flags = this.word(FLAGS);
    this.setWord(FLAGS, isSet ? flags | flag : flags & ~flag);
  }

  /** A word of the cold block. */
  coldWord(place: number): number {
    return this.#kernel.word(this.word(COLD) + place);
  }

  setColdWord(place: number, value: number): void {
    this.#kernel.setWord(this.word(COLD) + place, value);
  }

  get state(): State {
    return this.word(STATE) as State;
  }
  set state(value: State) {
    this.setWord(STATE, value);
  }

  get restraint(): Restraint {
    return this.word(RESTRAINT) as Restraint;
  }
  set restraint(value: Restraint) {
    this.setWord(RESTRAINT, value);
  }

  /**
   * A receive may answer -2. True in the entry of a process, false in handlers and start functions.
   */
  get mayPark(): boolean {
    return this.has(MAY_PARK);
  }

  /**
   * `info`, `pointer` and `capacity` are the window of the last receive, or of the one the actor is
   * parked in.
   */
  get info(): number {
    return this.word(INFO) >>> 0;
  }

  get pointer(): number {
    return this.word(POINTER) >>> 0;
  }

  get capacity(): number {
    return this.word(CAPACITY) >>> 0;
  }

  get want(): Want {
    return this.word(WANT) as Want;
  }
  set want(value: Want) {
    this.setWord(WANT, value);
  }

  /** The tag, the ref or the predicate that `want` is about. */
  get wanted(): number {
    return this.word(WANTED);
  }

  /** The last receive answered -2, and `park` has to follow. */
  get waiting(): boolean {
    return this.word(TIMED) !== NOT_WAITING;
  }
  set waiting(value: boolean) {
    this.setWord(TIMED, value ? FOR_EVER : NOT_WAITING);
  }

  /**
   * The item at the save pointer matched but did not fit into the window. The next receive of the
   * same kind takes it without asking again.
   */
  set held(value: boolean) {
    this.setWord(HELD, value ? 1 : 0);
  }
}
