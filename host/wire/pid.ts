/**
 * Pids: how their bits are laid out, and their text. A pid names one actor. Its slot is used again, but
 * with another generation, and only after many other slots were. Only the kernel, which gives pids out
 * (kernel/slots.ts), knows the layout, too.
 *
 * A pid is a safe integer of 53 bits. At the boundary with guests, and in hot code, it is two
 * words, `lo` and `hi`. Both stay below 2^30, because engines keep larger integers on the heap:
 *
 *     hi: node (8) · thread (6) · generation, high part (7)      lo: generation, low part (10) · slot (20)
 */

/**
 * Names an actor. A safe integer, unique within its node. 0 is the host. Print it with {@link
 * formatPid}.
 */
export type Pid = number;

const WORD_BITS = 30;
const SLOT_BITS = 20;
const SLOT_MASK = (1 << SLOT_BITS) - 1;
const LOW_GENERATION_BITS = 10;
const LOW_GENERATION_MASK = (1 << LOW_GENERATION_BITS) - 1;
const HIGH_GENERATION_BITS = 7;
const HIGH_GENERATION_MASK = (1 << HIGH_GENERATION_BITS) - 1;
const GENERATIONS = 1 << (LOW_GENERATION_BITS + HIGH_GENERATION_BITS);
const THREAD_BITS = 6;
const THREAD_MASK = (1 << THREAD_BITS) - 1;
const NODE_MASK = 0xff;
/** The most threads of a node. */
export const MOST_THREADS = THREAD_MASK + 1;
const TWO_TO_32 = 2 ** 32;

/** The most actors that there can be at a time. */
export const MAX_SLOTS = SLOT_MASK + 1;

/** The slot of a pid, from its low word. */
export function slotOf(lo: number): number {
  return lo & SLOT_MASK;
}

/** The generation of a pid, from its words: which user of its slot it is. Never 0. */
export function generationOf(lo: number, hi: number): number {
  return ((hi & HIGH_GENERATION_MASK) << LOW_GENERATION_BITS) | ((lo >>> SLOT_BITS) & LOW_GENERATION_MASK);
}

/** The high word of the pids of a thread and a node, without a generation. */
export function placeOf(thread: number, node: number): number {
  return hiOf(0, thread, node);
}

/** Whether words are laid out as a pid of this place. */
export function isOfPlace(lo: number, hi: number, place: number): boolean {
  return lo >>> WORD_BITS === 0 && hi >> HIGH_GENERATION_BITS === place >> HIGH_GENERATION_BITS;
}

/** The thread of a pid, from its high word. */
export function threadOf(hi: number): number {
  return (hi >> HIGH_GENERATION_BITS) & THREAD_MASK;
}

/** The node of a pid, from its high word. */
export function nodeOf(hi: number): number {
  return (hi >> (HIGH_GENERATION_BITS + THREAD_BITS)) & NODE_MASK;
}

export function pidFromWords(lo: number, hi: number): Pid {
  return hi * TWO_TO_32 + (lo >>> 0);
}

export function lowWord(pid: Pid): number {
  return pid | 0;
}

export function highWord(pid: Pid): number {
  return Math.floor(pid / TWO_TO_32) | 0;
}

/**
 * Formats a pid as text: `<node.thread.slot.generation>`, for example `<0.0.7.1>`. Erlang prints
 * `<0.42.0>`. The two further parts say on which thread the actor lives and which user of its slot
 * it is. 0 is `<host>`.
 */
export function formatPid(pid: Pid): string {
  if (pid === 0) return "<host>";
  const lo = lowWord(pid);
  const hi = highWord(pid);
  return `<${nodeOf(hi)}.${threadOf(hi)}.${lo & SLOT_MASK}.${generationOf(lo, hi)}>`;
}

/** Reads a pid from the text of {@link formatPid}. Returns undefined where the text is not a pid. */
export function parsePid(text: string): Pid | undefined {
  const parts = /^<(\d+)\.(\d+)\.(\d+)\.(\d+)>$/.exec(text);
  if (parts === null) return undefined;
  const [node, thread, slot, generation] = parts.slice(1).map(Number) as [number, number, number, number];
  if (node > NODE_MASK || thread > THREAD_MASK || slot > SLOT_MASK || generation < 1 || generation >= GENERATIONS) {
    return undefined;
  }
  return pidFromWords(loOf(slot, generation), hiOf(generation, thread, node));
}

function loOf(slot: number, generation: number): number {
  return ((generation & LOW_GENERATION_MASK) << SLOT_BITS) | slot;
}

function hiOf(generation: number, thread: number, node: number): number {
  return (((node << THREAD_BITS) | thread) << HIGH_GENERATION_BITS) | (generation >> LOW_GENERATION_BITS);
}
