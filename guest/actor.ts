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
 * Returns: 1 accepted; 0 no such actor, or the tag is a ref that nobody waits for any more; -1 its mailbox is full;
 * -2 too large.
 * Crashes: the payload is outside the memory.
 */
export declare function send(lo: i32, hi: i32, tag: i32, ptr: usize, length: i32): i32;

/**
 * Takes the next item of any kind, in order of arrival.
 *
 * Arguments: the window; `timeoutMs` 0 to poll, negative to wait for ever.
 * Returns: n >= 0, the payload's length; -1 the time is over; -2 nothing yet, or others must have their turns first: call `park`,
 * also where it was a poll.
 * With n > cap nothing was taken: call again with a larger window.
 * Crashes: the window is outside the memory, or `info` is not a multiple of 4.
 */
export declare function recv(info: usize, ptr: usize, cap: i32, timeoutMs: i32): i32;

/**
 * As `recv`, but takes the first message, or item of a timer, tagged `tag`, or where `tag` is a ref the first item of any kind that bears it;
 * everything else stays, in order.
 */
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
 * Arguments: the code of an exit reason, 0 to 6; of 3 (crashed) and 6 (its own) the bytes are part of it.
 * Crashes: for any other number; the bytes are outside the memory, or more than 4,096.
 */
export declare function exit(reason: i32, ptr: usize, length: i32): void;

/**
 * Starts an actor of a module that the host has defined under a name. The child runs first after this has returned.
 *
 * Arguments: the module's name; the entry, or nothing for the usual one; the child's arguments; `flags`: 1 link it to the
 * caller, 2 monitor it, 3 both; `result`: 16 bytes at any address for a u64 pid, an i32 ref (0 without monitor), a u32 0.
 * Returns: 1 started, 0 no such module, -2 no such entry, -4 it could not be instantiated, -100 not
 * granted, -101 a limit. `result` is filled where the answer is 1.
 * Crashes: a range is outside the memory; `flags` is none of 0, 1, 2 and 3.
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
 * Writes the pid of the actor's parent (u64, any address): who has spawned it, or the host's supervisor that has started it.
 *
 * Returns: 1; 0 the parent is the host, and nothing was written.
 * Crashes: the result is outside the memory.
 */
export declare function parent(result: usize): i32;

/**
 * Ties two actors: when either ends, the other gets an exit signal with its reason. One link a pair.
 *
 * Returns: 1; 0 no such actor: an exit signal with the reason noproc has come from it, and unless the caller traps exits
 * this does not return; -100 neither its own child nor granted `kill`; -101 too many ties.
 */
export declare function link(lo: i32, hi: i32): i32;

/**
 * Takes a link back from both sides. An Exit that is in the mailbox already stays there.
 *
 * Returns: 1; 0 no such actor.
 */
export declare function unlink(lo: i32, hi: i32): i32;

/**
 * From now on exit signals come as items (`on` is not 0), or act (0, as at the start).
 *
 * Returns: 1 or 0, as it was.
 */
export declare function trap_exit(on: i32): i32;

/**
 * Sends an exit signal to an actor, the caller included.
 *
 * Arguments: the receiver; 0 normal, 1 shutdown, 2 killed (it ends at once, trapping or not), 6 the bytes are the reason.
 * Returns: 1; 0 no such actor; -100 neither itself, its own child, nor granted `kill`; -101 it traps exits and its mailbox is
 * full. Does not return where the caller ends by it.
 * Crashes: for any other reason; the bytes are outside the memory.
 */
export declare function exit_to(lo: i32, hi: i32, reason: i32, ptr: usize, length: i32): i32;

/**
 * Asks for one Down when an actor ends; at once, with the reason noproc, where there is no such actor.
 *
 * Returns: the ref that the Down bears; another one each time; -101 too many ties, or the mailbox is full.
 */
export declare function monitor(lo: i32, hi: i32): i32;

/**
 * Takes a monitor back; with `flush` not 0 also takes what bears its ref out of the mailbox. Writes into no window.
 *
 * Returns: 1; 0 no such monitor, or its Down was sent before.
 */
export declare function demonitor(ref: i32, flush: i32): i32;

/**
 * A monitor and a message whose `info.ref` is the monitor's ref, in one: the first half of a call.
 *
 * Arguments: as `send`.
 * Returns: the ref, negative, also where there is no such actor (then a Down waits already); 1 its mailbox is full, 2 the
 * message is too large, -101 too many ties: then nothing was done.
 * Crashes: the payload is outside the memory.
 */
export declare function request(lo: i32, hi: i32, tag: i32, ptr: usize, length: i32): i32;

/**
 * Hands a request on that the caller was asked and has not answered: sends `to` a message whose `info.ref` is the request's. From
 * now on `to` may answer, and the caller may not; the asker gets the Down when `to` ends.
 *
 * Arguments: who asked, and the ref, as in `info` of the request; then as `send`.
 * Returns: as `send`; 0 also where there is no such request.
 * Crashes: the payload is outside the memory.
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

/** Makes a ref to be answered with, once; it is live until it is dropped. -101: too many ties. */
export declare function make_ref(): i32;

/**
 * Ends a ref of `make_ref`: later messages tagged with it are not accepted.
 *
 * Returns: 1; 0 no such ref.
 */
export declare function drop_ref(ref: i32): i32;

/**
 * Copies a payload and sends it as a timer after so many milliseconds (unsigned).
 *
 * Returns: the timer's ref, which the item bears if its setter gets it; -101 too many timers, or bytes in them.
 * Crashes: the payload is outside the memory.
 */
export declare function send_after(delayMs: u32, lo: i32, hi: i32, tag: i32, ptr: usize, length: i32): i32;

/** Returns: 1 the timer will not fire; 0 it has fired, was cancelled, or is not the caller's. */
export declare function cancel_timer(ref: i32): i32;

/**
 * Gives the caller or its own child a name, until it ends or the name is taken back. Needs the grant `register`.
 *
 * Returns: 1; 0 no such actor; -1 the name is taken; -100; -101 too many names, or more than 255 bytes.
 * Crashes: the name is outside the memory, here and in all that take one.
 */
export declare function register(name: usize, length: i32, lo: i32, hi: i32): i32;

/** Returns: 1; 0 nobody has the name; -100 not granted `register`, or it is a stranger's. */
export declare function unregister(name: usize, length: i32): i32;

/** Returns: 1, the pid was written to `result`, 8 bytes at any address; 0 nobody has the name; -100 not granted `lookup`. */
export declare function whereis(name: usize, length: i32, result: usize): i32;

/** As `send`, to whoever has the name; 0 also where nobody has it; -100 not granted `lookup`. */
export declare function send_named(name: usize, nameLength: i32, tag: i32, ptr: usize, length: i32): i32;

/** Makes the caller a member of a group; twice is once. Returns: 1; -100 not granted `register`; -101 too many groups. */
export declare function join(group: usize, length: i32): i32;

/** Returns: 1; 0 the caller was no member. */
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
 * Returns: how many accepted; -100 not granted `lookup`.
 */
export declare function broadcast(group: usize, groupLength: i32, tag: i32, ptr: usize, length: i32): i32;

/** Milliseconds since the runtime began, with fractions; never goes back. -100: not granted `clock`. */
export declare function now(): f64;

/**
 * Gives a line of UTF-8 text to the host.
 *
 * Arguments: 0 debug, 1 info, 2 warning, 3 error; the text.
 * Returns: 1; -100 not granted `log`; -101 more than it may log in a second.
 * Crashes: the text is outside the memory.
 */
export declare function log(level: i32, ptr: usize, length: i32): i32;
