/**
 * What the kernel calls outside of itself, for the kernel as TypeScript: the guest, the actors'
 * turns, and the host. `outside.as.ts` has the same functions for AssemblyScript, where each is an
 * import, or a call through a table.
 */

/** What stands for the guest and the host, by the names below. A function without a result answers undefined. */
export type Outside = Readonly<Record<string, (...values: i32[]) => unknown>>;

let outside: Outside = {};

/** The functions below call these from now on. A call of one that is not among them throws. */
export function useOutside(functions: Outside): void {
  outside = functions;
}

function named(name: string): (...values: i32[]) => i32 {
  return (...values) => {
    if (outside[name] === undefined) throw new Error(`the kernel calls ${name}, which this test does not have`);
    return outside[name](...values) as i32;
  };
}

/** Gives an actor its turn in the instance at a place of the table, and answers what is left to the host. */
export const callTurn: (record: i32, index: i32) => i32 = named("callTurn");

/** The actor of the instance at a place of the table leaves it. 0: it cannot. */
export const callLeave: (instance: i32, index: i32) => i32 = named("callLeave");

/** The guest's entry, if it cannot wait. */
export const callEntry: () => void = named("callEntry");

/** The guest's start function. */
export const callStart: () => void = named("callStart");

/** The guest's `handle`. */
export const callHandle: (length: i32) => void = named("callHandle");

/** The guest's `resume:E`. */
export const callResume: (result: i32) => i32 = named("callResume");

/** The guest's `match`. */
export const callMatch: (predicate: i32, pointer: i32, length: i32) => i32 = named("callMatch");

/** The guest's `match_first`. */
export const callMatchFirst: (predicate: i32, pointer: i32, length: i32) => i32 = named("callMatchFirst");

/** The guest's `isopod:globals`: copies all its globals to its memory, or from there. */
export const callGlobals: (at: i32, toMemory: i32) => void = named("callGlobals");

/** The imports, for all cases that the kernel leaves to the host. */
export const hostSend: (lo: i32, hi: i32, tag: i32, pointer: i32, length: i32) => i32 = named("hostSend");
export const hostRequest: (lo: i32, hi: i32, tag: i32, pointer: i32, length: i32) => i32 = named("hostRequest");
export const hostLink: (lo: i32, hi: i32) => i32 = named("hostLink");
export const hostUnlink: (lo: i32, hi: i32) => i32 = named("hostUnlink");
export const hostMonitor: (lo: i32, hi: i32) => i32 = named("hostMonitor");
export const hostTrapExit: (on: i32) => i32 = named("hostTrapExit");
export const hostDemonitor: (ref: i32, flush: i32) => i32 = named("hostDemonitor");
export const hostSpawn: (
  name: i32,
  nameLength: i32,
  entry: i32,
  entryLength: i32,
  args: i32,
  argsLength: i32,
  flags: i32,
  result: i32,
) => i32 = named("hostSpawn");
export const hostRecv: (info: i32, pointer: i32, capacity: i32, timeout: i32) => i32 = named("hostRecv");
export const hostRecvTag: (info: i32, pointer: i32, capacity: i32, timeout: i32, tag: i32) => i32 =
  named("hostRecvTag");
export const hostRecvMatch: (info: i32, pointer: i32, capacity: i32, timeout: i32, predicate: i32) => i32 =
  named("hostRecvMatch");

/** The run queue is no longer empty. */
export const hostCall: () => void = named("hostCall");

/** The guest's memory has grown. */
export const hostGrown: () => void = named("hostGrown");

/** The actor pays so many reductions; if it has none left, this throws. */
export const hostCharge: (reductions: i32) => void = named("hostCharge");

/** The actor is to end, but its predicate has answered. Throws. */
export const hostDoomed: () => void = named("hostDoomed");

/** `match_first` has answered a place where no item begins. Throws. */
export const hostAstray: () => void = named("hostAstray");

/** A handler has left an item that is longer than its window. Throws. */
export const hostLeft: (length: i32) => void = named("hostLeft");

/** Writes bytes of a payload that the host keeps into the guest's memory. */
export const hostShow: (payload: i32, pointer: i32, length: i32) => void = named("hostShow");

/** Drops a payload that the host keeps. */
export const hostDrop: (payload: i32) => void = named("hostDrop");

/** Throws if less than 64 KiB of the stack are left. */
export const hostHeadroom: () => void = named("hostHeadroom");

/** The turn of an actor begins that is to be timed; 0: that turn is over. */
export const hostTimed: (record: i32) => void = named("hostTimed");

/** The stack of a preempted guest is put back. Answers what `resume:E` is called with. */
export const hostGoOn: () => i32 = named("hostGoOn");

/** The answer of the embedder's function that the guest waits for; PARK: there is none yet. */
export const hostAnswer: () => i32 = named("hostAnswer");

/** Cancels the timer of the receive. */
export const hostDisarm: () => void = named("hostDisarm");

/** A byte of the guest's memory beyond the store limit is not that of the first state. Throws. */
export const hostStrayed: (pointer: i32) => void = named("hostStrayed");

/** Puts 512 random numbers of 17 bits into the staging area, a word each. */
export const hostSeed: () => void = named("hostSeed");
