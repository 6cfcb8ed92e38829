/** The memory that a runtime uses, by kind, and estimates of what the host cannot measure. */

/**
 * Memory in use, in bytes, by kind. `mailboxes` and `timers` count in the limit `allMailboxBytes`,
 * all others in `allMemoryBytes`.
 */
export interface MemoryUse {
  /** Memories of guests. */
  readonly memories: number;
  /**
   * Instances without their memories, tables included, and the host's objects for each actor.
   * Estimated.
   */
  readonly instances: number;
  /** Arguments of live actors. */
  readonly arguments: number;
  /**
   * Stacks of guests that wait by JSPI (1 MiB each, 28 where the guest has exceptions), and stacks
   * saved for guests that give way, or wait deep in a recursion.
   */
  readonly stacks: number;
  /**
   * Links, monitors, refs, names, groups, and pending calls of the embedder's functions. Links and
   * monitors are counted, the others estimated.
   */
  readonly ties: number;
  /**
   * Instances and stacks that wait for reuse. The host drops them when the limit would otherwise
   * refuse something.
   */
  readonly kept: number;
  /** Images of actors that have no instance, and first states of modules. */
  readonly images: number;
  /** Mailboxes, including headers and free room. */
  readonly mailboxes: number;
  /** Pending timers with their payloads. */
  readonly timers: number;
}

// Estimates. Measured on V8 14, x64: 6 KB for a handler's instance and actor, 5 KB more with JSPI,
// 140 bytes for a monitor, 640 for a name of 255 letters, 590 for a timer.
export const INSTANCE_BYTES = 8_192;
/** An element of a table. */
export const ELEMENT_BYTES = 48;
export const FIBER_BYTES = 8_192;
export const REF_BYTES = 192;
export const TIMER_BYTES = 640;
/** A name, a group, or a pending call of a function of the embedder. */
export const NAME_BYTES = 768;
/**
 * The stack of a guest that waits by JSPI. V8 reserves 984 KiB; the host cannot see how much of it
 * the guest has touched.
 */
export const STACK_BYTES = 2 ** 20;
/**
 * The stack of a guest that has exceptions counts this many times. Its frames hold at most 27 MiB
 * of exceptions (docs/security.md).
 */
export const STACKS_OF_EXCEPTIONS = 28;
