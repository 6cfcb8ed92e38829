/**
 * The imports of module `actor`, version 1 of the guest ABI (docs/abi.md). This file contains only
 * their declarations.
 *
 * AssemblyScript names an import's module after the source file, so this file must be called
 * `actor.ts`. Guests use the functions of `index.ts` instead, which take strings and know the
 * window.
 *
 * All of these crash the caller where a range of bytes is outside of its memory. -100 means that a
 * grant is missing, -101 that a limit is reached.
 */

/**
 * Copies a message into an actor's mailbox. Never waits for the receiver. The host may answer 2
 * (docs/abi.md); the transform then parks, and returns the 1 that follows.
 *
 * Arguments: the receiver's pid as two words; a tag; the payload.
 * Returns: 1 accepted; 0 no such actor, or the tag is a ref that is not live any more; -1 the
 * mailbox is full; -2 the message is too large.
 */
export declare function send(lo: i32, hi: i32, tag: i32, ptr: usize, length: i32): i32;

/**
 * Takes the next item of any kind, in order of arrival.
 *
 * Arguments: the window; `timeoutMs` is 0 to poll, and negative to wait for ever.
 * Returns: n >= 0, the payload's length; -1 the time is over; -2 call `park`: there is no item yet,
 * or other actors must have their turns first, which can also happen in a poll. With n > cap
 * nothing was taken: call again with a larger window.
 * Crashes: `info` is not a multiple of 4.
 */
export declare function recv(info: usize, ptr: usize, cap: i32, timeoutMs: i32): i32;

/**
 * As `recv`, but takes the first message or timer with this tag. For a ref, it takes the first item
 * of any kind with this ref. All other items stay, in order.
 */
export declare function recv_tag(info: usize, ptr: usize, cap: i32, timeoutMs: i32, tag: i32): i32;

/**
 * As `recv`, but takes the first item for which the export `match(predicate, ptr, length)` returns
 * non-zero.
 *
 * Crashes: also where the module does not export `match`, or the predicate traps or calls what it
 * may not.
 */
export declare function recv_match(info: usize, ptr: usize, cap: i32, timeoutMs: i32, predicate: i32): i32;

/**
 * Suspends the guest until the receive that has just returned -2 has a result.
 *
 * Returns: n >= 0 or -1, as the receive does. The window is filled.
 * Crashes: where the call before did not return -2; inside `handle`, `match` or a start function.
 */
export declare function park(): i32;

/**
 * Sets the window for `handle`, from the next item on.
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
 * Returns: the length of all of them.
 */
export declare function args(ptr: usize, cap: i32): i32;

/**
 * Ends the calling actor. Does not return.
 *
 * Arguments: the code of an exit reason, 0 to 6; for 3 (crashed) and 6 (its own), the bytes of the
 * reason.
 * Crashes: for any other code; for more than 4,096 bytes.
 */
export declare function exit(reason: i32, ptr: usize, length: i32): void;

/**
 * Spawns an actor of a module that the host has defined under a name. The child has its first turn
 * after the caller's.
 *
 * Arguments: the module's name; the entry, empty for the usual one; the child's arguments; `flags`:
 * 1 links the child to the caller, 2 monitors it, 3 does both; `result`: 16 bytes at any address.
 * Returns: 1 started; 0 no such module; -2 no such entry; -4 the module could not be instantiated;
 * -100; -101. For 1, `result` holds the pid (u64), the monitor's ref (i32; 0 without a monitor),
 * and 0 (u32).
 * Crashes: `flags` is not 0, 1, 2 or 3.
 */
export declare function spawn(
  name: usize,
  nameLength: i32,
  entry: usize,
  entryLength: i32,
  args: usize,
  argsLength: i32,
  flags: i32,
  result: usize,
): i32;

/**
 * Writes the pid of the parent (u64, any address): the actor that has spawned the caller, or the
 * host's supervisor that has started it.
 *
 * Returns: 1; 0 the parent is the host, and nothing was written.
 */
export declare function parent(result: usize): i32;

/**
 * Links the caller with an actor. When either ends, the other gets an exit signal with its reason.
 * Two actors have at most one link.
 *
 * Returns: 1; 0 no such actor, and the caller gets an exit signal with the reason noproc: unless it
 * traps exits, the call does not return; -100 it is not the caller's own child, and `kill` is not
 * granted; -101 too many ties.
 */
export declare function link(lo: i32, hi: i32): i32;

/**
 * Removes a link, for both actors. An Exit that is already in the mailbox stays there.
 *
 * Returns: 1; 0 no such actor.
 */
export declare function unlink(lo: i32, hi: i32): i32;

/**
 * Sets whether exit signals arrive as items (`on` is not 0) or end the caller (0, the initial
 * setting).
 *
 * Returns: 1 or 0, the setting before.
 */
export declare function trap_exit(on: i32): i32;

/**
 * Sends an exit signal to an actor, the caller included.
 *
 * Arguments: the receiver; the reason: 0 normal, 1 shutdown, 2 killed (it ends even if it traps
 * exits), 6 the bytes.
 * Returns: 1; 0 no such actor; -100 it is neither the caller nor its own child, and `kill` is not
 * granted; -101 it traps exits and its mailbox is full. Does not return where the caller ends by
 * it.
 * Crashes: for any other reason.
 */
export declare function exit_to(lo: i32, hi: i32, reason: i32, ptr: usize, length: i32): i32;

/**
 * Asks for one Down when an actor ends. Where there is no such actor, the Down comes at once, with
 * the reason noproc.
 *
 * Returns: the ref of the Down, a new one for each call; -101 too many ties, or the caller's
 * mailbox is full.
 */
export declare function monitor(lo: i32, hi: i32): i32;

/**
 * Removes a monitor. With `flush` not 0, also removes the items with its ref from the mailbox. Does
 * not touch the window.
 *
 * Returns: 1; 0 no such monitor, or its Down was sent before.
 */
export declare function demonitor(ref: i32, flush: i32): i32;

/**
 * Monitors an actor and sends it a message whose `info.ref` is the monitor's ref: the first half of
 * a call.
 *
 * Arguments: as `send`.
 * Returns: the ref, which is negative, also where there is no such actor (the Down is then in the
 * mailbox). In three cases nothing was done: 1 the receiver's mailbox is full; 2 the message is too
 * large; -101 too many ties.
 */
export declare function request(lo: i32, hi: i32, tag: i32, ptr: usize, length: i32): i32;

/**
 * Passes on a request that the caller has received and not answered: sends `to` a message whose
 * `info.ref` is the request's. From now on `to` can answer, and the caller cannot. When `to` ends,
 * the requester gets the Down.
 *
 * Arguments: the requester's pid and the ref, as in `info` of the request; then as `send`.
 * Returns: as `send`; 0 also where there is no such request.
 */
export declare function delegate(
  lo: i32,
  hi: i32,
  ref: i32,
  toLo: i32,
  toHi: i32,
  tag: i32,
  ptr: usize,
  length: i32,
): i32;

/**
 * Returns: a new ref, which one answer can use as its tag, and which is live until it is dropped;
 * -101 too many ties.
 */
export declare function make_ref(): i32;

/**
 * Ends a ref of `make_ref` or `ask`. Later messages with this tag are not accepted.
 *
 * Returns: 1; 0 no such ref.
 */
export declare function drop_ref(ref: i32): i32;

/**
 * Asks a function of the embedder, by its full name (`db.get`). Never blocks. The answer is a message from
 * 0 that is tagged with the ref, or a Down that bears it.
 *
 * Arguments: the name; the request.
 * Returns: the ref, which is negative. In four cases nothing was asked: 0 there is no such function; 2 the
 * request is too large; -100 not granted `imports` for the name; -101 too many calls, ties, or bytes of
 * requests.
 * Crashes: also later, where the function throws.
 */
export declare function ask(name: usize, nameLength: i32, ptr: usize, length: i32): i32;

/**
 * Copies a payload, and sends it as a timer after `delayMs` milliseconds (unsigned).
 *
 * Returns: the timer's ref, which the item has if the caller itself receives it; -101 too many
 * timers, or bytes in timers.
 */
export declare function send_after(delayMs: u32, lo: i32, hi: i32, tag: i32, ptr: usize, length: i32): i32;

/**
 * Cancels a timer. Returns: 1 it will not fire; 0 it has fired, was cancelled before, or belongs to
 * another actor.
 */
export declare function cancel_timer(ref: i32): i32;

/**
 * Gives a name to the caller or its own child, until the actor ends or the name is freed. Needs the
 * grant `register`.
 *
 * Returns: 1; 0 no such actor; -1 the name is taken; -100; -101 too many names, or more than 255
 * bytes.
 */
export declare function register(name: usize, length: i32, lo: i32, hi: i32): i32;

/**
 * Frees a name. Returns: 1; 0 no actor has it; -100 not granted `register`, or it is neither the
 * caller's nor its own child's.
 */
export declare function unregister(name: usize, length: i32): i32;

/**
 * Looks up a name. Returns: 1, and `result` (8 bytes at any address) holds the pid; 0 no actor has
 * it; -100 not granted `lookup`.
 */
export declare function whereis(name: usize, length: i32, result: usize): i32;

/**
 * As `send`, to the actor with this name. Returns: 0 also where no actor has it; -100 not granted
 * `lookup`.
 */
export declare function send_named(name: usize, nameLength: i32, tag: i32, ptr: usize, length: i32): i32;

/**
 * Makes the caller a member of a group. A second join changes nothing. Returns: 1; -100 not granted
 * `register`; -101 too many groups.
 */
export declare function join(group: usize, length: i32): i32;

/** Ends the caller's membership. Returns: 1; 0 it was no member. */
export declare function leave(group: usize, length: i32): i32;

/**
 * Writes at most `cap` pids of members (u64, any address), in the order in which they joined.
 *
 * Returns: how many members there are; -100 not granted `lookup`.
 */
export declare function members(group: usize, length: i32, result: usize, cap: i32): i32;

/**
 * Sends to every member of a group but the caller.
 *
 * Returns: how many mailboxes accepted the message; -100 not granted `lookup`.
 */
export declare function broadcast(group: usize, groupLength: i32, tag: i32, ptr: usize, length: i32): i32;

/**
 * Returns: milliseconds since the runtime began, with fractions, which never go back; -100 not
 * granted `clock`.
 */
export declare function now(): f64;

/**
 * Returns: the date on which the runtime began, in milliseconds since 1970 (UTC); -100 not granted
 * `clock`.
 */
export declare function epoch(): f64;

/**
 * Gives a log line, as UTF-8, to the host.
 *
 * Arguments: the level: 0 debug, 1 info, 2 warning, 3 error, any other counts as 1; the text.
 * Returns: 1; -100 not granted `log`; -101 too much logged in this second.
 */
export declare function log(level: i32, ptr: usize, length: i32): i32;
