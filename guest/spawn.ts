/**
 * Spawning actors. A guest can spawn modules that the host has defined under a name and granted to
 * it. Its children have the same grants. A failed spawn does not crash the caller. The result says
 * why it failed, and its pid is 0, to which every send returns `Sent.NoActor`.
 *
 * ```ts
 * const worker = spawnLink("worker").pid;
 * ```
 *
 * The child has its first turn after the caller's turn, so a link or a monitor that is made before
 * misses nothing.
 */

import * as actor from "./actor";
import { lengthOf, ptrOf } from "./bytes";
import { Pid } from "./pid";
import { Ref } from "./ref";
import * as utf8 from "./utf8";

/** The result of a spawn. */
export enum SpawnStatus {
  Started = 1,
  /** The host has defined no module under that name. */
  NoModule = 0,
  /** The caller is not granted to spawn this module. */
  NotGranted = -100,
  /** The module has no such entry. */
  NoEntry = -2,
  /** The family of the caller has reached its limit of actors, or of spawns in this second. */
  Limit = -101,
  /** The module could not be instantiated. The host has logged why. */
  Failed = -4,
}

/** Values of `flags`. */
const LINK: i32 = 1;
const MONITOR: i32 = 2;

/** The result of a spawn, with the child. */
export class Spawned {
  constructor(
    readonly status: SpawnStatus,
    /** The child. 0 where there is none. */
    readonly pid: Pid,
    /** The ref of the monitor, which the child's Down will have. 0 without a monitor. */
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
 * Spawns an actor (Erlang: `spawn/3`).
 *
 * @param name the name under which the host has defined the module
 * @param args what the child's `args()` returns
 * @param entry the export to run. Default: `run`, or else `handle`
 */
export function spawn(name: string, args: Uint8Array | null = null, entry: string = ""): Spawned {
  return spawnWith(0, name, args, entry);
}

/** As `spawn`, and links the child to the caller (links.ts). */
export function spawnLink(name: string, args: Uint8Array | null = null, entry: string = ""): Spawned {
  return spawnWith(LINK, name, args, entry);
}

/**
 * As `spawn`, and monitors the child. When it ends, one Down arrives, with the `ref` of the result.
 */
export function spawnMonitor(name: string, args: Uint8Array | null = null, entry: string = ""): Spawned {
  return spawnWith(MONITOR, name, args, entry);
}

/**
 * As `spawn`, and links and monitors the child. When it ends, a caller that traps exits gets an
 * Exit and a Down.
 */
export function spawnLinkMonitor(name: string, args: Uint8Array | null = null, entry: string = ""): Spawned {
  return spawnWith(LINK | MONITOR, name, args, entry);
}

function spawnWith(flags: i32, name: string, args: Uint8Array | null, entry: string): Spawned {
  const result = memory.data(16, 8);
  // The name is in the only buffer of utf8.ts, so the entry needs its own.
  const export_ = String.UTF8.encode(entry);
  const nameLength = utf8.encode(name);
  const status = actor.spawn(
    utf8.ptr,
    nameLength,
    changetype<usize>(export_),
    export_.byteLength,
    ptrOf(args),
    lengthOf(args),
    flags,
    result,
  );
  if (status !== SpawnStatus.Started) return new Spawned(status, 0, 0);
  return new Spawned(status, load<u64>(result), load<i32>(result, 8));
}
