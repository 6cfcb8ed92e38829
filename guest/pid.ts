/**
 * The name of an actor. A guest may compare pids, keep them and send them on; what their bits mean is the host's business.
 */

/** Names an actor for ever. 0 is nobody: as the sender of a message, the host. */
export type Pid = u64;
