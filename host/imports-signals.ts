/** The imports with which an actor starts others, ties itself to them, and ends them. */
import type { Actor, Services } from "./actor.ts";
import { callerOf, checkRange, copyOut, exitReason, type Import, textOf, writeWords } from "./caller.ts";
import { leave } from "./fault.ts";
import type { ImportHooks } from "./imports.ts";
import { ReasonCode } from "./message.ts";
import { demonitor, endFromOutside, exitSignal, link, monitor, tiesOf, unlink } from "./signals.ts";

/** Bits of the last parameter but one of `spawn`. */
const SPAWN_LINK = 1;
const SPAWN_MONITOR = 2;
const SPAWN_RESULT_BYTES = 16;

export function signalImports(services: Services, hooks: ImportHooks): Record<string, Import> {
  const { actors } = hooks;

  return {
    spawn(name, nameLength, entry, entryLength, args, argsLength, flags, result) {
      const parent = callerOf(services, "spawn");
      const moduleName = textOf(parent, "spawn", "the name", name, nameLength);
      const entryName = textOf(parent, "spawn", "the entry", entry, entryLength);
      checkRange(parent, "spawn", "the arguments", args, argsLength);
      checkRange(parent, "spawn", "the result", result, SPAWN_RESULT_BYTES);
      const given = copyOut(parent, args, argsLength);
      const child = hooks.spawn(parent, moduleName, entryName, given);
      if (typeof child === "number") return child;
      // The child's first turn is still to come: whatever ends it, these ties are there before.
      if ((flags & SPAWN_LINK) !== 0) link(parent, child);
      const ref = (flags & SPAWN_MONITOR) !== 0 ? monitor(parent, child, child.lo, child.hi) : 0;
      writeWords(parent, result, [child.lo, child.hi, ref, 0]);
      return 1;
    },

    link(lo, hi) {
      const actor = callerOf(services, "link");
      const other = actors.get(lo, hi);
      if (other === undefined) {
        exitSignal(actor, lo, hi, { kind: "noproc" });
        return goOn(actor, 0);
      }
      link(actor, other);
      return 1;
    },

    unlink(lo, hi) {
      const actor = callerOf(services, "unlink");
      const other = actors.get(lo, hi);
      if (other === undefined) return 0;
      unlink(actor, other);
      return 1;
    },

    monitor(lo, hi) {
      return monitor(callerOf(services, "monitor"), actors.get(lo, hi), lo, hi);
    },

    demonitor(ref, flush) {
      return demonitor(callerOf(services, "demonitor"), ref, flush !== 0) ? 1 : 0;
    },

    trap_exit(on) {
      const ties = tiesOf(callerOf(services, "trap_exit"));
      const before = ties.trapsExits ? 1 : 0;
      ties.trapsExits = on !== 0;
      return before;
    },

    exit_to(lo, hi, code, pointer, length) {
      const actor = callerOf(services, "exit_to");
      checkRange(actor, "exit_to", "the reason", pointer, length);
      const to = actors.get(lo, hi);
      const reason = code === ReasonCode.killed ? undefined : exitReason(actor, code, pointer, length);
      if (to === undefined) return 0;
      if (reason === undefined) endFromOutside(to, { kind: "killed" });
      else exitSignal(to, actor.lo, actor.hi, reason);
      return goOn(actor, 1);
    },
  };
}

/** What the caller did may have come back to it, straight or along a link: then it ends here. */
function goOn(actor: Actor, status: number): number {
  return actor.leaving === null ? status : leave(actor, actor.leaving);
}
