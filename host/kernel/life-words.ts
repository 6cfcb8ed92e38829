/** The words of what actors share: specs, families, pools and instances. */

// A spec: what actors that are spawned alike have in common.
export const SPEC_BYTES = 64;
/** How many actors, families, definitions and other specs have it. */
export const USERS = 0;
/** The limit `ties`. */
export const MAX_TIES = 4;
/** The FLAGS of a new actor. */
export const SPEC_FLAGS = 8;
/** The pool of its instances; 0: each actor has an instance of its own. */
export const POOL = 12;
/** What its actors have spawned: the first child. */
export const CHILDREN = 16;
/** Other limits. */
export const SPEC_MAX_MESSAGES = 20;
export const SPEC_MAX_BYTES = 24;
export const SPEC_MAX_MESSAGE_BYTES = 28;
export const SPEC_MAX_FAMILY = 32;
export const SPEC_MAX_SPAWNS = 36;
/** The first state of its actors, if they share instances: that of the pool, or of a derived module. */
export const SPEC_STATE = 40;
/** How the actor of a derived module has parked, if SPEC_FLAGS has STARTED: words of its record. */
export const SPEC_INFO = 44;
export const SPEC_POINTER = 48;
export const SPEC_CAPACITY = 52;
export const SPEC_WANT = 56;
export const SPEC_WANTED = 60;

// A child of a spec: what the spec's actors spawn by a name and an entry.
export const NEXT_CHILD = 0;
/** The child's spec. */
export const CHILD_SPEC = 4;
export const CHILD_NAME_LENGTH = 8;
export const CHILD_ENTRY_LENGTH = 12;
/** The bytes of the name begin here, and those of the entry behind them. */
export const CHILD_HEADER = 16;

// A pool of instances.
export const POOL_BYTES = 64;
/** The first instance that no actor has. */
export const FREE_INSTANCE = 0;
/** The instance that is looked at next when an actor has to leave. */
export const NEXT_TO_LEAVE = 4;
/** How many instances it has, and how many it may have. */
export const INSTANCES_MADE = 8;
export const MOST_INSTANCES = 12;
/** The first state of its module, in which its instances begin. */
export const FIRST_STATE = 16;
/** 1: its guests have a store limit, which is the first of their globals. */
export const HAS_LIMIT = 20;
/** What a guest may write behind its store limit, at most. */
export const LIMIT_SLACK = 64;

// A family: an actor that the host has spawned, and all its descendants.
export const FAMILY_BYTES = 64;
/** The spec of that actor, whose limits bound all of them. */
export const FOUNDER = 0;
/** Live actors. */
export const SIZE = 4;
/** Actors that have ended and still have their instance. */
export const ENDING = 8;
/** Uses of pids that no actor ever had. */
export const UNKNOWN_PIDS = 12;
/**
 * Timers to other actors whose setters have ended, and their payload bytes. Without a bound, each
 * actor of a chain could leave as many.
 */
export const ORPHAN_TIMERS = 16;
export const ORPHAN_TIMER_BYTES = 20;
/** Meters of what it may use in a second: spawns, bytes of the log, messages tagged with a ref that the sender may not answer. */
export const SPAWNS = 24;
export const LOGGED = 32;
export const WRONG_REFS = 40;

// A meter.
/** When its second began, in whole milliseconds of the runtime's clock. */
export const METER_BEGAN = 0;
/** What was used in that second. */
export const METER_USED = 4;

// What the kernel knows of an instance.
export const INSTANCE_BYTES = 64;
/** CLEAN, or DIRTY from before an actor's first byte is written to the last store of a reset. */
export const CONDITION = 0;
export const CLEAN = 0;
export const DIRTY = 1;
/** The first state that a clean instance is in. Modules that are derived from one share its instances. */
export const IN_STATE = 4;
/** Its place in the table of turns; the function by which its actor leaves is behind it. */
export const TABLE_INDEX = 8;
/** The record of the actor that has it; 0: none. */
export const OCCUPANT = 12;
/** Its pool; 0: it is the only actor's that it can have. */
export const OF_POOL = 16;
/** The next one that no actor has. */
export const NEXT_FREE = 20;
/** The next one of its pool, in a circle. */
export const NEXT_IN_POOL = 24;
/**
 * Its actor had a turn: USED_IN_POOL, since the pool looked for one that has to leave; USED_BY_CLOCK, since
 * the host looked for those that have not run for long.
 */
export const USED = 28;
export const USED_IN_POOL = 1;
export const USED_BY_CLOCK = 2;
/** The end of the part of its memory that the host and the kernel may have written to, for its actor. */
export const WRITTEN = 36;
/** The image of its actor, which the actor's turn loads; 0: none. */
export const PENDING = 32;
/** The pages of its memory, while no actor has it. */
export const PAGES = 40;
