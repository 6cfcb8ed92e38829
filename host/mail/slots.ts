/**
 * The records of all actors of a runtime, and the first file of the room host/mail/: records,
 * mailboxes, the account of memory, and the binary of the switch. The room imports wire/ only. It
 * guarantees that each word has one home, that a mailbox keeps the order of arrival, and that bytes
 * are counted before they are used.
 *
 * A record has the 64 words of an actor and its mailbox that a message or a turn changes. The
 * records lie in one WebAssembly memory, so that the switch can read and write them. JavaScript
 * reads the same words as fields of `Actor` and `Mailbox`. An actor's record follows from the slot
 * of its pid, and belongs to the actor until that has ended.
 */
import { slotOf } from "../wire/pid.ts";

// Words of a record: first what a sender looks at, then what only its own turns do. Two and two are read and written as one where
// that is quicker, so the order matters: LO and HI, HEAD and TAIL, POINTER and CAPACITY, HANDLER_POINTER and HANDLER_CAPACITY.
export const LO = 0;
export const HI = 1;
export const STATE = 2;
/** Bits: what the switch may do by itself. */
export const SWITCHED = 3;
export const COUNT = 4;
export const BYTES = 5;
export const HEAD = 6;
export const TAIL = 7;
export const SAVED = 8;
export const ORDERED = 9;
/** Where the ring begins in the memory of the rings; -1 where there is none, or elsewhere. */
export const RING = 10;
/** The ring's capacity less one. */
export const MASK = 11;
export const MAX_MESSAGES = 12;
export const MAX_BYTES = 13;
export const MAX_MESSAGE_BYTES = 14;
/** Dead records in the ring. */
export const DEAD_RECORDS = 15;
export const WANT = 16;
export const WANTED = 17;
export const POINTER = 18;
export const CAPACITY = 19;
export const INFO = 20;
export const HANDLER_INFO = 21;
export const HANDLER_POINTER = 22;
export const HANDLER_CAPACITY = 23;
export const RESULT = 24;
export const RESTRAINT = 25;
export const BUDGET = 26;
/** Items that an actor may take in one turn before the others get theirs. */
export const TURN_BUDGET = 1_024;
/** What a poll that finds nothing takes of it. An actor that polls in a loop gives way after 64 polls. */
export const EMPTY_POLL = 16;
/** A turn counts as one turn more for each 64 items (2 to this), where turns are counted between two looks at the clock. */
export const ITEMS_SHIFT = 6;
/** What `park` would be for: nothing, or one of the next two. */
export const WAITING = 27;
/** A receive, or a function of the embedder, has answered -2. */
export const FOR_ANSWER = 1;
/** `send` has answered 2: the others get their turns, and then `park` answers 1. */
export const GIVING_WAY = 2;
export const HELD = 28;
export const MAY_PARK = 29;
/** Whether the receive that it is in has a deadline, and who knows it: see TIMED_BY_HOST. */
export const TIMED = 30;
/** Refs whose positions the mailbox knows. */
export const MARKS = 31;

// From here on what only calls and timeouts need.
/**
 * The request in flight that the switch has made for the actor: a ref, and with it a monitor; 0: none. The host makes a `Monitor` of it as soon as
 * it looks at the actor's ties (`allTies` of between/requests.ts).
 */
export const CALL_REF = 32;
/** Where the mailbox ended when it was made: no answer lies before. */
export const CALL_MARK = 33;
/** The record of the actor that was asked, as a byte address; it has all who have asked it in a list, from its FIRST_CALLER by NEXT_CALLER to 0. */
export const CALLEE = 34;
export const NEXT_CALLER = 35;
export const PREVIOUS_CALLER = 36;
export const FIRST_CALLER = 37;
/** 1: it may have one tie more, and none of its refs is the switch's. The host says so, and takes it back when it looks at the ties. */
export const MAY_REQUEST = 38;
/** Milliseconds, where TIMED is TIMED_BY_SWITCH. */
export const TIMEOUT = 39;
/** 1: the request in flight was answered. There is one answer to each. */
export const CALL_ANSWERED = 40;
/** How many messages a turn may send before `send` answers 2: SENDS_A_TURN where the guest asks for it and may park; 0: any number. */
export const MAY_SEND = 41;
export const SENDS_A_TURN = 256;
/** How many are left in this turn; 1: the next one is answered 2, and all that follow it. 0: they are not counted. */
export const SENDS_LEFT = 42;
/** What the item was that lies in the window of a parked actor, until its turn takes it: dead letters say so. */
export const HANDED_KIND = 48;
export const HANDED_TAG = 49;
export const HANDED_LO = 50;
export const HANDED_HI = 51;
export const RECORD_WORDS = 64;
export const RECORD_SHIFT = 8;

/** Values of TIMED: no deadline; one that the host knows; one that begins when the switch gives the thread back. */
export const TIMED_BY_HOST = 1;
export const TIMED_BY_SWITCH = 2;

// The switch has the first page for itself.
/** The record of the actor whose turn it is, as a byte address; 0: nobody's. */
export const CURRENT = 0;
/** The switch's own run queue: where it begins, and how many wait. */
export const QUEUE_HEAD = 1;
export const QUEUE_LENGTH = 2;
/** 1: the switch has a turn of the scheduler's coming. */
export const CALLED = 3;
/** Byte address of the end of the records. */
export const RECORDS_END = 4;
/** Turns that the switch may still give before the host looks after the others; 0 calls it back. */
export const TURNS_LEFT = 5;
/** Two doubles: messages that the switch has accepted, and handed over. */
export const SENT = 6;
export const RECEIVED = 8;
/** Counts turns. What an actor may spend in a turn is its own again when this has changed. */
export const TURN = 10;
/** Refs that the host has drawn for requests and nobody has used. */
export const REFS_LEFT = 11;
/** 1: all mailboxes together use more than `allMailboxBytes`. */
export const CROWDED = 12;
/** Records of actors that have parked with a deadline of the switch's. */
export const TIMED_LENGTH = 13;
/** Counts the items that handlers were given. What a handler may spend on an item is its own again when this or TURN has changed. */
export const ITEM = 14;
export const REFS = 64;
export const REFS_DRAWN = 256;
export const TIMED_LIST = 512;
export const TIMED_ENTRIES = 256;
/** The queue's entries, from this word on. */
export const QUEUE = 1024;
export const QUEUE_ENTRIES = 8192;
const PAGE_BYTES = 65_536;
const PAGE_WORDS = PAGE_BYTES / 4;
/** Room for more records than there are slots. */
export const SLOTS_MEMORY = { initial: 2, maximum: 4096 } as const;
export const FIRST_RECORD = PAGE_WORDS;
const ENDED_RECORDS = 64;

/** Where words are: the runtime's, or those of one actor that has ended. Replaced when the memory has grown. */
export class Store {
  words: Int32Array;

  constructor(words: Int32Array) {
    this.words = words;
  }
}

/** Where the words of those are that have no record yet; nothing may be read or written there. */
export const NOWHERE = new Store(new Int32Array(0));

/** What has a record. */
export interface Recorded {
  readonly lo: number;
  readonly hi: number;
  store: Store;
  /** Where in its store's words the record begins. */
  at: number;
}

export class Slots<T extends Recorded> {
  /** Null where no switch is to see the words. */
  readonly memory: WebAssembly.Memory | null;
  readonly store: Store;
  /** The same memory. */
  doubles: Float64Array;
  /** Where the copies of records are whose actors have ended, many in one array: one of its own takes the engine as long as half of an end. */
  #ended = new Store(new Int32Array(0));
  /** In words. */
  #endedLength = 0;
  /** By slot. */
  readonly #users: (T | undefined)[] = [];
  #current: T | null = null;
  /** What CURRENT was when `#current` was looked up; -1: it is to be looked up again. */
  #currentAddress = 0;

  /** `memory`: of the pages that `SLOTS_MEMORY` says. */
  constructor(memory: WebAssembly.Memory | null = null) {
    this.memory = memory;
    const buffer = memory?.buffer ?? new ArrayBuffer(SLOTS_MEMORY.initial * PAGE_BYTES);
    this.store = new Store(new Int32Array(buffer));
    this.doubles = new Float64Array(buffer);
    this.store.words[RECORDS_END] = buffer.byteLength;
  }

  /** Whose turn it is, or was last. */
  get current(): T | null {
    const address = this.store.words[CURRENT];
    if (address === this.#currentAddress) return this.#current;
    this.#currentAddress = address;
    this.#current = address === 0 ? null : this.userAt(address);
    return this.#current;
  }

  set current(user: T | null) {
    this.#current = user;
    this.#currentAddress = user === null ? 0 : user.at << 2;
    this.store.words[CURRENT] = this.#currentAddress;
  }

  slotOf({ lo }: T): number {
    return slotOf(lo);
  }

  /** Whose record is at a byte address. */
  userAt(address: number): T | null {
    return this.#users[((address >> 2) - FIRST_RECORD) / RECORD_WORDS] ?? null;
  }

  /** Gives a record, all zeros, to who was given a pid. */
  claim(user: T): void {
    const slot = slotOf(user.lo);
    const at = FIRST_RECORD + slot * RECORD_WORDS;
    if (at + RECORD_WORDS > this.store.words.length) this.#grow();
    const { words } = this.store;
    words.fill(0, at, at + RECORD_WORDS);
    words[at + LO] = user.lo;
    words[at + HI] = user.hi;
    this.#users[slot] = user;
    user.store = this.store;
    user.at = at;
    if (this.#currentAddress === at << 2) this.#currentAddress = -1;
  }

  /** One that has ended keeps a copy for those who still hold it: its record is somebody else's soon. */
  release(user: T): void {
    const { at } = user;
    const { words } = this.store;
    if (this.#endedLength === this.#ended.words.length) {
      this.#ended = new Store(new Int32Array(ENDED_RECORDS * RECORD_WORDS));
      this.#endedLength = 0;
    }
    const last = this.#ended.words;
    const lastAt = this.#endedLength;
    this.#endedLength += RECORD_WORDS;
    for (let i = 0; i < RECORD_WORDS; i++) last[lastAt + i] = words[at + i];
    // No pid has these words.
    words[at + LO] = 0;
    words[at + HI] = -1;
    this.#users[slotOf(user.lo)] = undefined;
    user.store = this.#ended;
    user.at = lastAt;
  }

  #grow(): void {
    const { words } = this.store;
    const more = Math.max(1, Math.floor(words.length / PAGE_WORDS / 2));
    this.memory?.grow(more);
    const buffer = this.memory?.buffer ?? new ArrayBuffer(words.byteLength + more * PAGE_BYTES);
    this.store.words = new Int32Array(buffer);
    if (this.memory === null) this.store.words.set(words);
    this.doubles = new Float64Array(buffer);
    this.store.words[RECORDS_END] = buffer.byteLength;
  }
}
