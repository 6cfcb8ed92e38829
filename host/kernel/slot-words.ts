/** The layout of pids, as wire/pid.ts says, and when slots are used again. */

export const SLOT_BITS = 20;
export const MAX_SLOTS = 1_048_576;
export const SLOT_MASK = 1_048_575;
/** The bits of a generation that the first word of a pid has. */
export const LOW_GENERATION_BITS = 10;
export const LOW_GENERATION_MASK = 1023;
export const GENERATION_BITS = 17;
/** The lowest bits of the second word: the rest of the generation. */
export const HIGH_GENERATION_BITS = 7;
/** All bits of a pid's first word; all of its second word, those of its thread, and those of its node. */
export const LO_BITS = 0x3fffffff;
export const HI_BITS = 0x1fffff;
export const THREAD_BITS = 0x1f80;
export const NODE_BITS = 0x1fe000;
/** The last generation. After it comes 1, because no pid has 0. */
export const LAST_GENERATION = 131_071;
/**
 * How many other slots are freed before a slot is used again. With the generations, a pid returns
 * after 134 million spawns at the earliest.
 */
export const SLOTS_AT_REST = 1024;
/**
 * How many of a slot's last actors are told from pids that never were. They are few beside all
 * generations, so a guess rarely looks like one of them.
 */
export const USERS_REMEMBERED = 1024;
