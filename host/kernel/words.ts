/**
 * The words of the kernel's memory, and the first file of the room host/kernel/. The kernel is a
 * WebAssembly module. It holds the records and mailboxes of all actors of a runtime, moves messages
 * between guests, and gives turns. The room imports nothing. It guarantees that a mailbox keeps the order
 * of arrival, and that each change is whole: a guest's stack may end in any function here.
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
/** Two doubles: messages that guests have sent, here or elsewhere, and messages that guests have taken. */
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
/**
 * Slots at rest: the records that a `close` has freed, the one that rests longest first. The first and
 * the last of them, and how many there are.
 */
export const REST_FIRST = 96;
export const REST_LAST = 100;
export const REST_LENGTH = 104;
/** The lowest slot that no actor has had. Each lower one is in use or at rest. */
export const FRESH_SLOT = 108;
/** The second word of this kernel's pids without their generation: its node and its thread. The host sets it. */
export const PLACE = 112;
/** Bytes of all first states and images, in whole blocks. The number has no sign. */
export const IMAGE_BYTES = 120;
/** 1: each save and each reset looks at all of the memory. Tests set it. */
export const CHECKS_IMAGES = 124;
/** The first outbox; 0: there is none. */
export const OUTBOXES = 116;
/** Live guests. */
export const GUESTS = 76;
/** The most live actors: the limit `actors`. */
export const MAX_ACTORS = 80;
/** The time on the runtime's clock in whole milliseconds, when the host has given the kernel turns. */
export const NOW = 84;
/** 1: someone listens to spawns, so all of them are the host's. */
export const WATCHED = 88;
/** Ends that are recorded and not told: the next ones are the host's, too, because they are told in order. */
export const ENDS_WAITING = 92;
/** A line of zeros: what a line holds that a first state does not have. */
export const ZEROS = 192;
/** Refs for requests, and how many there can be. */
export const REFS = 256;
export const REFS_DRAWN = 256;
/** Records of actors that have parked with a timeout since the host looked. */
export const TIMED_LIST = 2048;
export const TIMED_ENTRIES = 256;
/** Doubles: bytes in use by kind, as mail/account.ts counts them, and those of the kind TIES, which the kernel counts. */
export const BYTES_BY_KIND = 1280;
export const BYTES_OF_INSTANCES = 1288;
export const BYTES_OF_ARGUMENTS = 1296;
export const BYTES_OF_TIES = 1312;
/** Doubles: bytes of all kinds with the limit `allMemoryBytes` but ties, images included, and what the limit and its heap share allow. */
export const OTHER_BYTES = 1344;
export const MAX_ALL_BYTES = 1352;
export const MAX_HEAP_BYTES = 1360;
/** Doubles: spawns and ends of the kernel's own. */
export const SPAWNED = 1384;
export const ENDED = 1392;
/** Doubles: how often actors have left their instances, and how often images were loaded. */
export const HIBERNATED = 1416;
export const LOADED = 1424;
/** Two odd random words, which no guest knows: where a tie stands in the index depends on them. */
export const TIE_SECRET = 1368;
/** Turns that `runTimed` still gives before it times one. The host sets it. */
export const UNTIMED = 1432;
/** The index of ties; 0: there is none yet. */
export const TIE_INDEX = 1376;
/** A block for the next tie; 0: there is none. */
export const SPARE_TIE = 1380;
/** A block with arguments for the next spawn; 0: there is none. */
export const SPARE_ARGUMENTS = 1408;
/** The record of all actors that have ended, for the host: it is dead, and has no pid and no items. Its cold block is behind it. */
export const ENDED_RECORD = 1536;
/** The first free block of each of the 18 size classes of the arena. */
export const FREE_BLOCKS = 1728;
/** 1: the host is told of the kernel's own ends. How many are in the list, and the list: their pids and specs. */
export const TELLS_ENDS = 1400;
export const ENDS_LENGTH = 1404;
export const ENDS_LIST = 4096;
export const ENDS_ENTRIES = 256;
export const END_BYTES = 16;
export const END_SHIFT = 4;
/** By slot / 512: the address of a block of 512 records; 0: there is none yet. */
export const RECORD_BLOCKS = 8192;
/** Payloads that the host sends are put here, and random words for the generations of new slots. */
export const STAGING = 65_536;
/** The arena begins here. Before it is scratch for images (image-words.ts), which an image of 4 MiB needs in full. */
export const ARENA = 393_216;
export const FIRST_PAGES = 6;

// A record. The first 64 bytes are what a sender looks at; the rest is what its own turns need.
export const RECORD_BYTES = 128;
export const RECORDS_IN_BLOCK = 512;
/** `RECORD_BYTES`, `RECORDS_IN_BLOCK` and `COLD_BYTES` as powers of two. */
export const RECORD_SHIFT = 7;
export const BLOCK_SHIFT = 9;
export const COLD_SHIFT = 6;
/**
 * The words of the actor's pid. From its end until the next actor gets the record, HI is -1, and LO is
 * what it was with every bit changed: of no pid that has this slot.
 */
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
/** The words of what it was spawned as. */
export const SPEC = 116;
/**
 * Where its guest's state is: the words of its instance if it is RESIDENT, else those of its image; 0:
 * its state is the first state of its module.
 */
export const BODY = 120;
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
/** Guests may send to it without the host, and so may it. */
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
/** The host keeps more of it than these words. */
export const HAS_EXTRA = 32_768;
/** It has an instance. */
export const RESIDENT = 65_536;
/** It keeps its instance. */
export const PINNED = 131_072;
/** Its guest exports a start function, which its first turn runs. */
export const HAS_START = 262_144;
/** Its turns cannot wait: its entry runs in one turn, to its end. */
export const RUNS_ONCE = 524_288;
/** Its last turn that was timed was a long one, so `runTimed` times each of its turns. */
export const HAS_LONG_TURNS = 1_048_576;
/** It lives on another thread or node: the record stands for it in the ties of actors that live here. */
export const IS_AWAY = 2_097_152;

/** The value of NEXT in the last record of the run queue. */
export const LAST_IN_QUEUE = 1;

// A cold block: what neither messages nor most turns look at. The first two words are those of the slot,
// and stay when another actor gets the record.
export const COLD_BYTES = 64;
/**
 * The generation of the slot's present or last actor, in 17 bits; before the first one, a random
 * number. Above it: how many actors the slot has had, at most `USERS_REMEMBERED`.
 */
export const GENERATION = 0;
/** The next record at rest. The last one's word may be anything. */
export const NEXT_AT_REST = 4;
/** Where the words of the actor itself begin. */
export const COLD_OF_ACTOR = 8;
/** The words of its parent's pid; 0, 0: the host. */
export const PARENT_LO = 8;
export const PARENT_HI = 12;
/** The words of its family; 0: it is the host's own. */
export const FAMILY = 16;
/** When it was made, in whole milliseconds of the runtime's clock. */
export const BORN = 20;
/** What keeps the bytes that `args` returns; 0: there are none. */
export const ARGS = 24;
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
/** A double: all reductions that it was granted or charged. */
export const GIVEN = 56;

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
/** The actor needs an instance. */
export const NO_INSTANCE = 3;
/** The end of a turn: 4, and what `resume:E` has answered. */
export const RETURNED = 4;

/** Items that an actor may take in one turn before the others get theirs. */
export const TURN_ITEMS = 1024;
/** Items that an actor may send in one turn before `send` answers 2. */
export const TURN_SENDS = 256;
/** What a call costs that makes or removes a tie, in reductions. */
export const TIE_PRICE = 100;
/** What a spawn costs its caller, in reductions. */
export const SPAWN_PRICE = 20_000;
/** The bits of the parameter `flags` of `spawn`. */
export const SPAWN_LINK = 1;
export const SPAWN_MONITOR = 2;
/** What the account counts for an actor beside its instance. */
export const ACTOR_BYTES = 512;
/** What is kept for an actor begins with its length, in so many bytes. */
export const KEPT_HEADER = 8;
export const SECOND_MS = 1000;
/** Up to this length an item costs no reductions. */
export const PASSED_SHIFT = 5;
export const COPIED_SHIFT = 6;
