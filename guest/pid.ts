/**
 * Pids. A guest may compare pids, keep them and send them to others. Only the host knows what their
 * bits mean.
 */

/**
 * Names one actor, also after its end. 0 is no actor; as the sender of a message, it is the host.
 */
export type Pid = u64;
