/**
 * What a supervisor knows of a child: how to start it, when to start it again, how to stop it (Erlang: a child specification).
 */

import { Pid } from "./pid";

/** When a child that has ended is started again. */
export enum Restart {
  /** Always. */
  Permanent,
  /** Where it ended abnormally: neither normal nor shutdown. */
  Transient,
  /** Never; the supervisor forgets it. */
  Temporary,
}

/** One child. Its fields hold from the next time on that they are asked for. */
export class Child {
  /** The export to run, unless the module's usual one. */
  entry: string = "";

  /** The name under which it is registered, before its first turn; none where empty. */
  name: string = "";

  restart: Restart = Restart.Permanent;

  /** How long it may take to stop once it was asked to, before it is killed. 0: it is killed at once; negative: for ever. */
  shutdownMs: i32 = 5000;

  /** 0 while it does not run. For the supervisor to set. */
  pid: Pid = 0;

  /** Why its last start failed; it waits to be tried again. Empty otherwise. For the supervisor to set. */
  failure: string = "";

  /** `module`: the name under which the host has defined it. `args`: what its `args()` gives, each time. */
  constructor(
    readonly module: string,
    readonly args: Uint8Array | null = null,
  ) {}
}
