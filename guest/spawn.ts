/**
 * Starting other actors. A guest may start what the host has defined under a name and has granted to it; its children may
 * start the same. None of these crashes the caller where there is no child: the answer says so, and its pid is 0, to which
 * every send is `Sent.NoActor`.
 *
 * ```ts
 * const worker = spawnLink("worker").pid;
 * ```
 *
 * The child runs first after the caller's turn is over: a link or a monitor made here misses nothing.
 */

import * as actor from "./actor";
import { Pid } from "./pid";
import { Ref } from "./ref";
import * as utf8 from "./utf8";

/** Whether there is a child, and why there is none. */
export enum SpawnStatus {
  Started = 1,
  /** The host has defined no module under that name. */
  NoModule = 0,
  /** The host has not granted it to the caller. */
  NotGranted = -100,
  /** The module has no such entry. */
  NoEntry = -2,
  /** The family has as many actors, or has spawned as many in this second, as the host permits. */
  Limit = -101,
  /** The module could not be instantiated; the host has logged why. */
  Failed = -4,
}

/** What `flags` asks for, besides the child. */
const LINK: i32 = 1;
const MONITOR: i32 = 2;

/** The answer to a spawn. */
export class Spawned {
  constructor(
    readonly status: SpawnStatus,
    /** The child, or 0. */
    readonly pid: Pid,
    /** The ref that the child's Down will bear; 0 without a monitor. */
    readonly ref: Ref,
  ) {}

  get ok(): bool {
    return this.status === SpawnStatus.Started;
  }

  /** The status in words. */
  toString(): string {
    switch (this.status) {
      case SpawnStatus.Started:
        return "started";
      case SpawnStatus.NoModule:
        return "no such module";
      case SpawnStatus.NotGranted:
        return "not granted";
      case SpawnStatus.NoEntry:
        return "no such entry";
      case SpawnStatus.Limit:
        return "too many actors";
      default:
        return "not instantiated";
    }
  }
}

/**
 * Starts an actor of the module that the host has defined as `name`. `args`: what the child's `args()` gives. `entry`: the
 * export to run, unless the usual one.
 */
export function spawn(name: string, args: Uint8Array | null = null, entry: string = ""): Spawned {
  return spawnWith(0, name, args, entry);
}

/** As `spawn`, and links the child to the caller: the end of either is told to the other (links.ts). */
export function spawnLink(name: string, args: Uint8Array | null = null, entry: string = ""): Spawned {
  return spawnWith(LINK, name, args, entry);
}

/** As `spawn`, and monitors the child: one Down comes when it ends, and bears the `ref` of the answer. */
export function spawnMonitor(name: string, args: Uint8Array | null = null, entry: string = ""): Spawned {
  return spawnWith(MONITOR, name, args, entry);
}

/** As `spawn`, and links and monitors the child: where the caller traps exits, an Exit and a Down come when it ends. */
export function spawnLinkMonitor(name: string, args: Uint8Array | null = null, entry: string = ""): Spawned {
  return spawnWith(LINK | MONITOR, name, args, entry);
}

function spawnWith(flags: i32, name: string, args: Uint8Array | null, entry: string): Spawned {
  const result = memory.data(16, 8);
  // The name has the one buffer of utf8.ts, so the entry has one of its own.
  const export_ = String.UTF8.encode(entry);
  const nameLength = utf8.encode(name);
  const status = actor.spawn(
    utf8.ptr,
    nameLength,
    changetype<usize>(export_),
    export_.byteLength,
    args === null ? 0 : args.dataStart,
    args === null ? 0 : args.length,
    flags,
    result,
  );
  if (status !== SpawnStatus.Started) return new Spawned(status, 0, 0);
  return new Spawned(status, load<u64>(result), load<i32>(result, 8));
}
