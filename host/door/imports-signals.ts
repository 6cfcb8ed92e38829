/** The imports by which an actor spawns others, links to them, monitors them, and ends them. */

import type { Actor, Services } from "../actor/actor.ts";
import { charge } from "../actor/budget.ts";
import { exit, fault } from "../actor/fault.ts";
import { checkRange, copyOut, PID_BYTES, writeWords } from "../actor/ranges.ts";
import { lookUp } from "../between/guesses.ts";
import { areLinked, link, unlink, unlinkEnded } from "../between/links.ts";
import { demonitor, monitor } from "../between/monitors.ts";
import { hasRoom, mayAsk } from "../between/post.ts";
import { dropQuestion } from "../between/questions.ts";
import { exitSignal, kill } from "../between/signals.ts";
import { mayTie } from "../between/tie-limits.ts";
import { COPIED_SHIFT, TRAPS_EXITS } from "../kernel/words.ts";
import { ARGUMENTS } from "../mail/account.ts";
import type { Actors } from "../mail/actors.ts";
import type { Import } from "../wire/abi.ts";
import { NOT_GRANTED, OVER_LIMIT, ReasonCode } from "../wire/message.ts";
import { callerOf, isOwn, shortTextOf, signalReason } from "./caller.ts";

/** The bits of the parameter `flags` of `spawn`. */
const SPAWN_LINK = 1;
const SPAWN_MONITOR = 2;
const SPAWN_RESULT_BYTES = 16;
/** What a spawn costs its caller. Measured: 60 to 100 µs of the host's time. */
const SPAWN_REDUCTIONS = 20_000;

/**
 * Spawns a defined module for a guest. Returns the child, or the status that the import `spawn`
 * answers.
 */
export type SpawnByGuest = (parent: Actor, name: string, entry: string, args: Uint8Array) => Actor | number;

export function signalImports(services: Services, actors: Actors<Actor>, spawn: SpawnByGuest): Record<string, Import> {
  return {
    spawn(name, nameLength, entry, entryLength, args, argsLength, flags, result) {
      const parent = callerOf(services, "spawn");
      checkRange(parent, "spawn", "the name", name, nameLength);
      checkRange(parent, "spawn", "the entry", entry, entryLength);
      checkRange(parent, "spawn", "the arguments", args, argsLength);
      checkRange(parent, "spawn", "the result", result, SPAWN_RESULT_BYTES);
      if ((flags & ~(SPAWN_LINK | SPAWN_MONITOR)) !== 0) {
        return fault(
          parent,
          `spawn: the flags are ${flags}; there are ${SPAWN_LINK} (link) and ${SPAWN_MONITOR} (monitor)`,
        );
      }
      charge(parent, SPAWN_REDUCTIONS + ((argsLength >>> 0) >>> COPIED_SHIFT));
      if (argsLength >>> 0 > parent.limits.messageBytes) return OVER_LIMIT;
      // Before the arguments are copied.
      if (!services.account.admits(ARGUMENTS, argsLength >>> 0)) return OVER_LIMIT;
      const ties = ((flags & SPAWN_LINK) === 0 ? 0 : 1) + ((flags & SPAWN_MONITOR) === 0 ? 0 : 1);
      if (ties > 0 && !(mayTie(parent, ties) && mayAsk(parent))) return OVER_LIMIT;
      const child = spawn(
        parent,
        shortTextOf(parent, "spawn", "the name", name, nameLength),
        shortTextOf(parent, "spawn", "the entry", entry, entryLength),
        copyOut(parent, args, argsLength),
      );
      if (typeof child === "number") return child;
      // The host has written the child's whole memory, or copied it.
      charge(parent, child.bytes.u8.length >>> COPIED_SHIFT);
      // The child's first turn is still to come, so these ties are made before anything can end it.
      if ((flags & SPAWN_LINK) !== 0) link(parent, child);
      const ref = (flags & SPAWN_MONITOR) !== 0 ? monitor(parent, child, child.lo, child.hi) : 0;
      writeWords(parent, result, [child.lo, child.hi, ref, 0]);
      return 1;
    },

    parent(result) {
      const actor = callerOf(services, "parent");
      checkRange(actor, "parent", "the result", result, PID_BYTES);
      if (actor.parent === 0) return 0;
      writeWords(actor, result, [actor.parentLo, actor.parentHi]);
      return 1;
    },

    link(lo, hi) {
      const actor = callerOf(services, "link");
      const other = lookUp(actor, actors, lo, hi);
      if (other === undefined) {
        if (!mayAsk(actor)) return OVER_LIMIT;
        exitSignal(actor, lo, hi, { kind: "noproc" });
        return unlessEnded(actor, 0);
      }
      if (!mayEnd(actor, other)) return NOT_GRANTED;
      if (other.is(actor) || areLinked(actor, other)) return 1;
      if (!mayTie(actor) || !mayTie(other)) return OVER_LIMIT;
      link(actor, other);
      return 1;
    },

    unlink(lo, hi) {
      const actor = callerOf(services, "unlink");
      const other = lookUp(actor, actors, lo, hi);
      if (other === undefined) {
        unlinkEnded(actor, lo, hi);
        return 0;
      }
      unlink(actor, other);
      return 1;
    },

    monitor(lo, hi) {
      const actor = callerOf(services, "monitor");
      if (!mayTie(actor) || !mayAsk(actor)) return OVER_LIMIT;
      return monitor(actor, lookUp(actor, actors, lo, hi), lo, hi);
    },

    demonitor(ref, flush) {
      const actor = callerOf(services, "demonitor");
      // A flush searches the items that came since the ref was made; at most all of them.
      if (flush !== 0) charge(actor, actor.mailbox.count);
      return demonitor(actor, ref, flush !== 0) || dropQuestion(actor, ref) ? 1 : 0;
    },

    trap_exit(on) {
      const actor = callerOf(services, "trap_exit");
      const before = actor.has(TRAPS_EXITS) ? 1 : 0;
      actor.setFlag(TRAPS_EXITS, on !== 0);
      return before;
    },

    exit_to(lo, hi, code, pointer, length) {
      const actor = callerOf(services, "exit_to");
      checkRange(actor, "exit_to", "the reason", pointer, length);
      const to = lookUp(actor, actors, lo, hi);
      const reason = code === ReasonCode.killed ? undefined : signalReason(actor, "exit_to", code, pointer, length);
      charge(actor, (length >>> 0) >>> COPIED_SHIFT);
      if (to === undefined) return 0;
      if (!mayEnd(actor, to)) return NOT_GRANTED;
      if (reason === undefined) {
        kill(to, actor.lo, actor.hi);
      } else {
        // The signal comes as an item. If there is no room for it, the caller is told.
        if (to.has(TRAPS_EXITS) && !hasRoom(to, length >>> 0)) return OVER_LIMIT;
        exitSignal(to, actor.lo, actor.hi, reason);
      }
      return unlessEnded(actor, 1);
    },
  };
}

/** Whether an actor may end another, by `exit_to` or along a link. */
function mayEnd(actor: Actor, other: Actor): boolean {
  return actor.granted?.kill !== false || isOwn(actor, other);
}

/** Returns the status, unless the call has ended its caller, directly or along a link. */
function unlessEnded(actor: Actor, status: number): number {
  return actor.exiting === null ? status : exit(actor, actor.exiting);
}
