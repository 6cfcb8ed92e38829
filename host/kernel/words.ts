/**
 * The words of the kernel's memory, and the first file of the room host/kernel/. The kernel is a
 * WebAssembly module. It holds the records and mailboxes of all actors of a runtime, moves messages
 * between guests, and gives turns. The kernel imports nothing; only gate.ts, which compile.ts uses,
 * imports wire/. The room guarantees that a mailbox keeps the order of arrival, and that each change
 * is whole: a guest's stack may end in any function here.
 *
 * The room is TypeScript that is AssemblyScript as well. `npm run kernel` compiles it to the module
 * that runs; tests run it as it stands and compare. All addresses are in bytes.
 *
 * Between the first and the last store of a change, no function here calls another one, except
 * those of memory.ts, which are instructions. A call may be where the stack ends.
 */

// The kernel's own words.
/** The record of the actor whose turn it is, or was last; 0: none. */
export const CURRENT = 8;
/** The run queue: its first and its last record, and how many it has. */
export const QUEUE_FIRST = 12;
export const QUEUE_LAST = 16;
export const QUEUE_LENGTH = 20;
/** 1: the host knows that the queue is not empty. */
export const CALLED = 24;
/** Turns that `run` may still give before the host looks after other work. 0 calls it back. */
export const TURNS_LEFT = 28;
/** Two doubles: messages that guests have sent, and messages that guests have taken. */
export const SENT = 32;
export const RECEIVED = 40;
/** The number of this turn in its higher bits; in the lower ones, which item of it a handler has. */
export const TURN = 48;
/** What each turn adds to it. */
export const TURN_STEP = 2048;
/** Refs for requests that the host has drawn and no request has used. */
export const REFS_LEFT = 52;
/** How many records are in the list at `TIMED_LIST`. */
export const TIMED_LENGTH = 56;
/** The end of the memory that the arena has given out. */
export const ARENA_END = 60;
/** Bytes that mailboxes and timers use, and the limit `allMailboxBytes`. Both have no sign. */
export const ITEM_BYTES = 64;
export const MAX_ITEM_BYTES = 68;
/** Items that the actor of this turn has sent in it. */
export const SENT_IN_TURN = 72;
/** The first free block of each size class of the arena. */
export const FREE_BLOCKS = 128;
/** Refs for requests, and how many there can be. */
export const REFS = 256;
export const REFS_DRAWN = 256;
/** Records of actors that have parked with a timeout since the host looked. */
export const TIMED_LIST = 2048;
export const TIMED_ENTRIES = 256;
/** Doubles: bytes in use by kind, as mail/account.ts counts them, and those of the kind TIES, which the kernel counts. */
export const BYTES_BY_KIND = 1280;
export const BYTES_OF_INSTANCES = 1288;
export const BYTES_OF_TIES = 1312;
/** Doubles: bytes of all kinds with the limit `allMemoryBytes` but ties, and what the limit and its heap share allow. */
export const OTHER_BYTES = 1344;
export const MAX_ALL_BYTES = 1352;
export const MAX_HEAP_BYTES = 1360;
/** Two odd random words, which no guest knows: where a tie stands in the index depends on them. */
export const TIE_SECRET = 1368;
/** The index of ties; 0: there is none yet. */
export const TIE_INDEX = 1376;
/** A block for the next tie; 0: there is none. */
export const SPARE_TIE = 1380;
/** The record of all actors that have ended, for the host: it is dead, and has no pid and no items. Its cold block is behind it. */
export const ENDED_RECORD = 1536;
/** By slot / 512: the address of a block of 512 records; 0: there is none yet. */
export const RECORD_BLOCKS = 8192;
/** Payloads that the host sends are put here. */
export const STAGING = 65_536;
/** The arena begins here. */
export const ARENA = 131_072;
export const FIRST_PAGES = 2;

// A record. The first 64 bytes are what a sender looks at; the rest is what its own turns need.
export const RECORD_BYTES = 128;
export const RECORDS_IN_BLOCK = 512;
/** The words of the actor's pid. */
export const LO = 0;
export const HI = 4;
export const STATE = 8;
export const FLAGS = 12;
/** Items in the mailbox, and the bytes of their payloads. */
export const COUNT = 16;
export const BYTES = 20;
/** Where the next item goes; 0: the mailbox has no segment. */
export const TAIL = 24;
/** Where the items of the last segment must end. */
export const LIMIT = 28;
/** What the receive takes that the actor is in: ANY, TAG, … and the tag, the ref or the predicate. */
export const WANT = 32;
export const WANTED = 36;
/** The save pointer: the receive has looked at every item before it. */
export const SAVED = 40;
/** How many items have come, modulo 2^32. */
export const ORDERED = 44;
export const MAX_MESSAGES = 48;
export const MAX_BYTES = 52;
export const MAX_MESSAGE_BYTES = 56;
/** The next record of the run queue; 0: it is not in the queue; LAST_IN_QUEUE: it is the last. */
export const NEXT = 60;
/** Where the first item of the mailbox is, or dead items before it. */
export const HEAD = 64;
/** The first segment of the mailbox. */
export const SEGMENT = 68;
/** Bytes of all segments of the mailbox. */
export const ROOM = 72;
/** Dead items between HEAD and TAIL. */
export const DEAD_ITEMS = 76;
/** The window of the last receive, or of the one that the actor is parked in. */
export const INFO = 80;
export const POINTER = 84;
export const CAPACITY = 88;
/** Items that it may still take in this turn. */
export const BUDGET = 92;
/** 1: the item at the save pointer is wanted, but was longer than the window. */
export const HELD = 96;
/** How the actor waits in the receive that it is in: NOT_WAITING, FOR_EVER, … */
export const TIMED = 100;
/** Milliseconds, if the kernel times the receive. */
export const TIMEOUT = 104;
/** The last segment of the mailbox. */
export const LAST_SEGMENT = 108;
/** What keeps the actor from calling imports: FREE, ASKING or EXITING. */
export const RESTRAINT = 112;
/** The cold block. */
export const COLD = 124;

/** Values of STATE. */
export const READY = 0;
export const RUNNING = 1;
export const PARKED = 2;
export const DEAD = 3;

/** Values of WANT. */
export const WANT_ANY = 0;
export const WANT_TAG = 1;
export const WANT_MATCH = 2;
export const WANT_REF = 3;
/** No item, but the answer of a function of the embedder. */
export const WANT_ANSWER = 4;

/** Values of RESTRAINT. */
export const FREE = 0;
export const ASKING = 1;
export const EXITING = 2;

/** Values of TIMED. */
/** No receive has answered that the actor has to park. */
export const NOT_WAITING = 0;
export const FOR_EVER = 1;
/** The host has set a timer. */
export const TIMED_BY_HOST = 2;
/** The timeout begins when the loop returns, because the kernel has no clock. */
export const TIMED_BY_KERNEL = 3;
/** The time is over: the receive looks once more. */
export const OVER = 4;
/** No receive waits: `send` has answered that the actor has to give way. */
export const GIVING_WAY = 5;

/** Bits of FLAGS. */
/** Guests may send to it without the host. */
export const TAKES_MESSAGES = 1;
/** The kernel may give it turns. */
export const TAKES_TURNS = 2;
/** It pays for its work in reductions. */
export const PAYS = 4;
/** Its turns call `handle`, not `resume:E`. */
export const IS_HANDLER = 8;
/** Its entry runs, so that its receives may answer -2. */
export const MAY_PARK = 16;
/** Its guest imports `park`. */
export const KNOWS_PARK = 32;
/** Its guest exports `match`, and `match_first`. */
export const HAS_MATCH = 64;
export const HAS_MATCH_FIRST = 128;
/** Its first turn has run the guest's start function. */
export const STARTED = 256;
/** It was preempted: its next turn goes on in the middle of its code. */
export const PREEMPTED = 512;
/** It is granted `kill`: it may link to any actor. */
export const MAY_END = 1024;
/** A receive inside `handle` has used a window of its own. */
export const WINDOW_MOVED = 2048;
/** Its guest understands the answer 2 of `send`. */
export const GIVES_WAY = 4096;
/** Its cold block has a block of marks. */
export const HAS_MARKS = 8192;
/** Exit signals come as items and do not end it. */
export const TRAPS_EXITS = 16_384;

/** The value of NEXT in the last record of the run queue. */
export const LAST_IN_QUEUE = 1;

// A cold block: what neither messages nor most turns look at.
export const COLD_BYTES = 128;
/** The rings of its ties: its oldest link or own monitor, and the oldest monitor that another has of it; 0: none. */
export const TIES = 28;
export const WATCHERS = 32;
/** Its links, its own monitors and its live refs of `make_ref`. */
export const TIE_COUNT = 36;
/** The block of the mailbox's marks; 0: there is none. */
export const MARKS = 40;
/** The window that a handler has registered. */
export const HANDLER_INFO = 44;
export const HANDLER_POINTER = 48;
export const HANDLER_CAPACITY = 52;
/** The most ties that it may have; no sign. */
export const MAX_TIES = 64;
/** By the low five bits of a ref: whether the host has given it a ref with these that may be live. */
export const REF_BITS = 68;

// A tie: a block of 64 bytes, which is in two rings. It begins at a multiple of 64, so that a place in a ring says which tie it is.
export const TIE_BYTES = 64;
/** LINK, MONITOR or WAS_LINKED. */
export const TIE_KIND = 0;
/** The ref of a monitor. */
export const TIE_REF = 4;
/** The record of the actor that has made the tie: the watcher of a monitor. */
export const TIE_OWNER = 8;
/** The record of the other one: the target of a monitor, which alone may answer its ref. */
export const TIE_OTHER = 12;
/** The place in the owner's ring TIES: the places behind it and before it. */
export const OWN_PLACE = 16;
/** The place in the other's ring: WATCHERS for a monitor, TIES for a link. */
export const OTHER_PLACE = 24;
/** 1: an answer with the ref was accepted. A ref takes one. */
export const TIE_ANSWERED = 32;
/** The next tie of its bucket in the index; NOT_INDEXED: it is in none. */
export const NEXT_IN_BUCKET = 36;
/** The pid of the actor that has delegated the request; anything if it was not delegated. */
export const VIA_LO = 40;
export const VIA_HI = 44;
/** The next delegated request of its bucket; NOT_INDEXED: it was not delegated, or it is the spare tie. */
export const NEXT_DELEGATED = 48;

/** The words of a place in a ring. */
export const BEHIND = 0;
export const BEFORE = 4;
export const NOT_INDEXED = 1;

/** Values of TIE_KIND. */
export const LINK = 1;
/** A request in flight is a monitor. */
export const MONITOR = 2;
/** A link of an actor that has ended, whose partner has been told. The watchers are told later. */
export const WAS_LINKED = 3;

// A segment of a mailbox: a header, then items, then a link.
export const SEGMENT_HEADER = 16;
/** Its size class. */
export const SIZE_CLASS = 0;
/** The next segment of the mailbox; 0: it is the last. */
export const NEXT_SEGMENT = 4;
/** Where its items end; 0: it is the last segment, and they end at TAIL. */
export const ITEMS_END = 8;
/** 1: the payload of one of its items is kept by the host. */
export const HAS_OUTSIDE = 12;
/** Bytes at the end of a segment that stay free for a link. */
export const LINK_BYTES = 8;

// An item: eight words, which a guest sees as `info`, and the payload, padded to 8 bytes.
export const ITEM_HEADER = 32;
export const KIND = 0;
export const TAG = 4;
export const FROM_LO = 8;
export const FROM_HI = 12;
export const REF = 16;
export const REASON = 20;
export const LENGTH = 24;
/** The value of ORDERED when it came: says whether two positions name the same item. */
export const ORDER = 28;

/** In a dead item: how many dead items were joined to be this one. */
export const DEAD_COUNT = 8;

/** Values of KIND. A dead item has its size in the word behind; a link, where the next segment's items begin. */
export const IS_DEAD = 0;
export const MESSAGE = 1;
export const DOWN = 2;
export const EXIT = 3;
export const TIMER = 4;
export const IS_LINK = 64;
/** A bit of KIND: the host keeps the payload, and the first word behind the header says where. */
export const OUTSIDE = 32;

/** A mailbox that uses no more is never refused its room: a flood of one shall not silence the others. */
export const ALWAYS_ROOM_BYTES = 65_536;
/** Longer payloads are kept by the host. */
export const MAX_INSIDE_BYTES = 65_472;

// Answers.
export const ACCEPTED = 1;
/** Accepted, and the sender shall give way. */
export const ACCEPTED_GIVE_WAY = 2;
export const TIMEOUT_OVER = -1;
export const PARK = -2;
/** No answer of a receive or a send: the host has to do it, and nothing was changed. */
export const ELSEWHERE = -3;

// What a turn leaves to the host.
export const NOTHING = 0;
/** The whole turn. */
export const WHOLE_TURN = 1;
/** A handler's actor ends. */
export const STOPPED = 2;
/** The end of a turn: 4, and what `resume:E` has answered. */
export const RETURNED = 4;

/** Items that an actor may take in one turn before the others get theirs. */
export const TURN_ITEMS = 1024;
/** Items that an actor may send in one turn before `send` answers 2. */
export const TURN_SENDS = 256;
/** What a call costs that makes or removes a tie, in reductions. */
export const TIE_PRICE = 100;
/** Up to this length an item costs no reductions. */
export const PASSED_SHIFT = 5;
export const COPIED_SHIFT = 6;
