/**
 * The imports of module `actor`, version 1 of the guest ABI (docs/abi.md), one declaration each and nothing else.
 *
 * AssemblyScript names an import's module after the source file that declares it: this file must stay `actor.ts`.
 * Guests use the functions of `index.ts`; these here know neither strings nor the window.
 */

/**
 * Copies a message into an actor's mailbox. Never blocks.
 *
 * Arguments: the receiver's pid as two words; a tag; the payload.
 * Returns: 1 accepted, 0 no such actor, -1 its mailbox is full, -2 too large.
 * Crashes: the payload is outside the memory.
 */
export declare function send(lo: i32, hi: i32, tag: i32, ptr: usize, length: i32): i32;

/**
 * Takes the next item of any kind, in order of arrival.
 *
 * Arguments: the window; `timeoutMs` 0 to poll, negative to wait for ever.
 * Returns: n >= 0, the payload's length; -1 the time is over; -2 nothing yet: call `park`.
 * With n > cap nothing was taken: call again with a larger window.
 * Crashes: the window is outside the memory, or `info` is not a multiple of 4.
 */
export declare function recv(info: usize, ptr: usize, cap: i32, timeoutMs: i32): i32;

/** As `recv`, but takes the first message that bears `tag`; everything else stays, in order. */
export declare function recv_tag(info: usize, ptr: usize, cap: i32, timeoutMs: i32, tag: i32): i32;

/**
 * As `recv`, but takes the first item for which the export `match(predicate, ptr, length)` is not 0.
 *
 * Crashes: also where the module exports no `match`, or the predicate traps or breaks its rules.
 */
export declare function recv_match(info: usize, ptr: usize, cap: i32, timeoutMs: i32, predicate: i32): i32;

/**
 * Waits for the receive that has just returned -2, and suspends the guest until then.
 *
 * Returns: n >= 0 or -1, as the receive would have; the window is filled.
 * Crashes: without a -2 right before it; inside `handle`, `match` or a start function.
 */
export declare function park(): i32;

/**
 * Says where `handle` finds its items, from the next one on.
 *
 * Crashes: as `recv`.
 */
export declare function window(info: usize, ptr: usize, cap: i32): void;

/** The lower word of the actor's own pid. */
export declare function self_lo(): i32;

/** The upper word of the actor's own pid. */
export declare function self_hi(): i32;

/**
 * Copies the bytes given at spawn, at most `cap` of them.
 *
 * Returns: their whole length.
 * Crashes: the room is outside the memory.
 */
export declare function args(ptr: usize, cap: i32): i32;

/**
 * Ends the calling actor; does not return.
 *
 * Arguments: 0 normal, 1 shutdown, 6 the bytes are the reason.
 * Crashes: for any other reason; the bytes are outside the memory.
 */
export declare function exit(reason: i32, ptr: usize, length: i32): void;

/** Milliseconds since the runtime began, with fractions; never goes back. */
export declare function now(): f64;

/**
 * Gives a line of UTF-8 text to the host.
 *
 * Arguments: 0 debug, 1 info, 2 warning, 3 error; the text.
 * Crashes: the text is outside the memory.
 */
export declare function log(level: i32, ptr: usize, length: i32): void;
