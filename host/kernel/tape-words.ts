/**
 * What a recording is written in: the words of a *reel*, and the operations of a *log*. A reel is where the log
 * of one recorded actor is written. It lies in the tape, a memory that the recorded actors of a runtime share. In
 * the modules of tape.ts and player.ts the tape has the place that a guest's memory has in ports.
 */

// A reel: these words, then the senders that the log knows, then bytes of the log.
export const REEL_BYTES = 4096;
/** Where the next byte of the log goes. The host sets it back when it has taken the bytes. */
export const REEL_AT = 0;
/** The value of ORDERED when the mailbox was looked at last. */
export const REEL_SEEN = 4;
/** TAIL at the end of the actor's last turn: what has come since begins there. */
export const REEL_TAIL = 8;
/** 1: the host wants to make a checkpoint after the turn. */
export const REEL_RESTS = 12;
/** The pid that a message came from last, by the low bits of its slot: two words each. */
export const REEL_SENDERS = 16;
export const SENDERS_SHIFT = 6;
export const SENDERS_BYTES = 512;
export const REEL_LOG = 528;
/** An item of up to so many bytes is written here; longer ones are the host's. */
export const MAX_LOGGED_BYTES = 2048;
/** All operations without their payload have fewer bytes. */
export const MAX_OPERATION = 48;

// Operations. Numbers are LEB128 without a sign; those that may be negative have their sign in the lowest bit.
/** A turn begins. */
export const TURN = 1;
/** The time of the actor's receive is over. */
export const TIMEOUT = 2;
/** The import has charged the actor: a number. */
export const CHARGE = 3;
/** The host has written to the actor's memory: an address, a length, and bytes. */
export const WRITE = 4;
/** The function of the embedder has answered that the actor waits for: a number with a sign. */
export const SETTLED = 5;
/** What was decided about a turn that asks for more reductions, and what it had spent: a number. */
export const GOES_ON = 6;
export const BY_COUNT = 7;
export const BY_CLOCK = 8;
/** The next operation is an item that has come while the import ran which has just answered. */
export const MEANWHILE = 9;
/** A checkpoint was made: a hash of 16 bytes, and the length and the bytes of what a replay from here begins with. */
export const CHECKPOINT = 10;
/** Of such a beginning: a ref whose mark stands before the next item. */
export const MARK = 11;
/** Of such a beginning, its last operation: the actor is parked, and has looked at all items. */
export const REST = 12;
/** An import has answered: its number, and a double, 8 bytes of an i64, or nothing. */
export const ANSWER_F64 = 13;
export const ANSWER_I64 = 14;
export const ANSWER_NOTHING = 15;
/** An import has answered an i32: its number, and the answer with a sign. */
export const ANSWER = 16;
/** Behind GOES_ON: the event loop was due, so the actor gives way at its next receive. */
export const DUE = 17;
/**
 * An item. The two low bits are its kind, less 1. A sender, as a place among those that are known, or as the words
 * of its pid; the tag; a ref and a reason; the length of the payload, and the payload.
 */
export const ITEM = 32;
export const KIND_BITS = 3;
export const KNOWN_SENDER = 4;
export const HAS_REF = 8;
/** From here: the import of this number has answered an i32 with a sign. */
export const ANSWERS = 64;
/** From here: the same, and it has answered 1. */
export const ANSWERS_ONE = 128;
/** So many imports have such operations. */
export const SHORT_IMPORTS = 64;

// The numbers of imports that the modules know: the places in the list of docs/abi.md, as wire/abi.ts has it.
export const OF_SEND = 0;
export const OF_LINK = 15;
export const OF_UNLINK = 16;
export const OF_MONITOR = 19;
export const OF_DEMONITOR = 20;
export const OF_REQUEST = 21;
