/**
 * The words of an actor's record (mail/slots.ts), as properties. Each word has its one home in the
 * record, where the switch reads and writes it, too.
 */
import {
  BUDGET,
  CAPACITY,
  FOR_ANSWER,
  HANDLER_CAPACITY,
  HANDLER_INFO,
  HANDLER_POINTER,
  HELD,
  INFO,
  MAY_PARK,
  NOWHERE,
  POINTER,
  RESTRAINT,
  RESULT,
  type Recorded,
  STATE,
  type Store,
  WAITING,
  WANT,
  WANTED,
} from "../mail/slots.ts";
import type { Restraint, State, Want } from "../mail/states.ts";

export abstract class ActorRecord implements Recorded {
  readonly lo: number;
  readonly hi: number;
  /** Where its words are: `store.words` from `at` on. */
  store: Store = NOWHERE;
  at = 0;

  constructor(lo: number, hi: number) {
    this.lo = lo;
    this.hi = hi;
  }

  get state(): State {
    return this.store.words[this.at + STATE] as State;
  }
  set state(value: State) {
    this.store.words[this.at + STATE] = value;
  }

  get restraint(): Restraint {
    return this.store.words[this.at + RESTRAINT] as Restraint;
  }
  set restraint(value: Restraint) {
    this.store.words[this.at + RESTRAINT] = value;
  }

  /**
   * A receive may answer -2. True in the entry of a process, false in handlers and start functions.
   */
  get mayPark(): boolean {
    return this.store.words[this.at + MAY_PARK] !== 0;
  }
  set mayPark(value: boolean) {
    this.store.words[this.at + MAY_PARK] = value ? 1 : 0;
  }

  /**
   * `info`, `pointer` and `capacity` are the window of the last receive, or of the one the actor is
   * parked in.
   */
  get info(): number {
    return this.store.words[this.at + INFO] >>> 0;
  }
  set info(value: number) {
    this.store.words[this.at + INFO] = value;
  }

  get pointer(): number {
    return this.store.words[this.at + POINTER] >>> 0;
  }
  set pointer(value: number) {
    this.store.words[this.at + POINTER] = value;
  }

  get capacity(): number {
    return this.store.words[this.at + CAPACITY] >>> 0;
  }
  set capacity(value: number) {
    this.store.words[this.at + CAPACITY] = value;
  }

  /** The window that a handler has registered. Its receives may use others. */
  get handlerInfo(): number {
    return this.store.words[this.at + HANDLER_INFO] >>> 0;
  }
  set handlerInfo(value: number) {
    this.store.words[this.at + HANDLER_INFO] = value;
  }

  get handlerPointer(): number {
    return this.store.words[this.at + HANDLER_POINTER] >>> 0;
  }
  set handlerPointer(value: number) {
    this.store.words[this.at + HANDLER_POINTER] = value;
  }

  get handlerCapacity(): number {
    return this.store.words[this.at + HANDLER_CAPACITY] >>> 0;
  }
  set handlerCapacity(value: number) {
    this.store.words[this.at + HANDLER_CAPACITY] = value;
  }

  get want(): Want {
    return this.store.words[this.at + WANT] as Want;
  }
  set want(value: Want) {
    this.store.words[this.at + WANT] = value;
  }

  /** The tag, the ref or the predicate that `want` is about. */
  get wanted(): number {
    return this.store.words[this.at + WANTED];
  }
  set wanted(value: number) {
    this.store.words[this.at + WANTED] = value;
  }

  /** A receive has answered -2, or a function of the embedder, and `park` has to follow. */
  set waiting(value: boolean) {
    this.store.words[this.at + WAITING] = value ? FOR_ANSWER : 0;
  }

  /**
   * The item at the save pointer matched but did not fit into the window. The next receive of the
   * same kind takes it without asking again.
   */
  get held(): boolean {
    return this.store.words[this.at + HELD] !== 0;
  }
  set held(value: boolean) {
    this.store.words[this.at + HELD] = value ? 1 : 0;
  }

  /** What `park` will return; RECEIVE_PARK if the mailbox has to be searched first. */
  get result(): number {
    return this.store.words[this.at + RESULT];
  }
  set result(value: number) {
    this.store.words[this.at + RESULT] = value;
  }

  /** Items that it may still take in this turn. */
  get budget(): number {
    return this.store.words[this.at + BUDGET];
  }
  set budget(value: number) {
    this.store.words[this.at + BUDGET] = value;
  }
}
