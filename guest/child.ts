/**
 * A child of a supervisor: how to start it, when to restart it, and how to stop it (Erlang: a child
 * specification).
 */

import { Pid } from "./pid";

/** When a child that has ended is restarted. */
export enum Restart {
  /** Always. */
  Permanent,
  /** After an abnormal exit: for a reason other than normal and shutdown. */
  Transient,
  /** Never. The supervisor forgets the child. */
  Temporary,
}

/** One child. A changed field takes effect the next time that the supervisor reads it. */
export class Child {
  /** The export to run. Empty: the module's usual entry. */
  entry: string = "";

  /** The name under which it is registered, before its first turn. Empty: none. */
  name: string = "";

  restart: Restart = Restart.Permanent;

  /**
   * Milliseconds that it may take to stop before it is killed. 0 kills it at once; negative waits
   * for ever.
   */
  shutdownMs: i32 = 5000;

  /** 0 while it is not alive. Only the supervisor sets it. */
  pid: Pid = 0;

  /**
   * Why its last start failed, while it waits for another attempt. Otherwise empty. Only the
   * supervisor sets it.
   */
  failure: string = "";

  /**
   * @param module the name under which the host has defined it
   * @param args what its `args()` returns, after every start
   */
  constructor(
    readonly module: string,
    readonly args: Uint8Array | null = null,
  ) {}
}
