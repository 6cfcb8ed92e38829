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
/** Bytes of all first states and images, in whole blocks. The number has no sign. */
export const IMAGE_BYTES = 120;
/** The first free block of each size class of the arena. */
export const FREE_BLOCKS = 128;
/** A line of zeros: what a line holds that a first state does not have. */
export const ZEROS = 192;
/** Refs for requests, and how many there can be. */
export const REFS = 256;
export const REFS_DRAWN = 256;
/** Records of actors that have parked with a timeout since the host looked. */
export const TIMED_LIST = 2048;
export const TIMED_ENTRIES = 256;
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
/** Where the items begin among which the answer to the request in flight can be; 0: all. */
export const CALL_MARK = 116;
/** The block of the mailbox's marks; 0: there is none. */
export const MARKS = 120;
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
/** The limit `ties` allows one more, and the kernel keeps none of its refs. */
export const MAY_REQUEST = 1024;
/** A receive inside `handle` has used a window of its own. */
export const WINDOW_MOVED = 2048;
/** Its guest understands the answer 2 of `send`. */
export const GIVES_WAY = 4096;

/** The value of NEXT in the last record of the run queue. */
export const LAST_IN_QUEUE = 1;

// A cold block: what neither messages nor most turns look at.
export const COLD_BYTES = 128;
/** The window that a handler has registered. */
export const HANDLER_INFO = 44;
export const HANDLER_POINTER = 48;
export const HANDLER_CAPACITY = 52;
/** The request in flight that the kernel has made: its ref; 0: none. */
export const CALL_REF = 64;
/** The record of the actor that was asked. */
export const CALLEE = 68;
/** 1: the request was answered. There is one answer to each. */
export const CALL_ANSWERED = 72;
/** The list of all who have asked this actor: its first record, and each one's neighbours. */
export const FIRST_CALLER = 76;
export const NEXT_CALLER = 80;
export const PREVIOUS_CALLER = 84;

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
/** Up to this length an item costs no reductions. */
export const PASSED_SHIFT = 5;
export const COPIED_SHIFT = 6;

// First states and images: see image.ts.
export const LINE_BYTES = 64;
/** An actor with a larger memory keeps its instance. */
export const IMAGE_MAX_PAGES = 64;
/** A first state or an image is one block of the arena. */
export const IMAGE_MAX_BYTES = 131_072;
/** Where the size class of its block is. */
export const BLOCK_CLASS = 0;

// A first state: a header, the lines of the memory, and the lines of the globals.
export const STATE_HEADER = 64;
/** Bytes in use. */
export const STATE_LENGTH = 4;
export const STATE_LIMIT = 8;
export const STATE_PAGES = 12;
/** The first line of the memory that is not all zeros, and the end of the last one. */
export const STATE_FROM = 16;
export const STATE_UNTIL = 20;
/** How many globals `isopod:globals` copies, and how many it may. */
export const STATE_GLOBALS = 24;
export const GLOBALS_MAX = 512;

// An image: a header, a word for each line that differs, padding to 8 bytes, and the words that differ.
export const IMAGE_HEADER = 24;
/** Bytes in use. */
export const IMAGE_LENGTH = 4;
/** The actor's store limit: not below the end of a line that differs, nor beyond the end of the memory. */
export const IMAGE_LIMIT = 8;
export const IMAGE_PAGES = 12;
/** The first state that it differs from; 0: the image is not valid. */
export const IMAGE_STATE = 16;
/** How many lines differ. */
export const IMAGE_LINES = 20;
/**
 * A line's word is its address, shifted left, and in the lower bits which of its words of 8 bytes differ.
 * Globals have the addresses from the end of the memory on.
 */
export const LINE_ADDRESS_SHIFT = 2;
export const LINE_MASK = 255;
/** From pages to the word of the first line of the globals. */
export const PAGES_WORD_SHIFT = 18;

// Scratch for one call, where else payloads of the host are staged: the words of lines that differ, the
// globals of a guest, and bytes of its memory.
export const FOUND = STAGING;
export const FOUND_END = 110_592;
export const GLOBALS_KEPT = 110_592;
export const BYTES_KEPT = 114_688;

// What the kernel knows of an instance: two words, at a multiple of 8.
/** CLEAN, or DIRTY from before an actor's first byte is written to the last store of a reset. */
export const CONDITION = 0;
export const CLEAN = 0;
export const DIRTY = 1;
/** The first state that a clean instance is in. Modules that are derived from one share its instances. */
export const IN_STATE = 4;

/** Answers of `keepFirstState`. No block begins there. */
export const NO_MEMORY = 0;
export const TOO_LARGE = 1;
