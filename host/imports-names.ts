/** The imports of the registry: names for one actor, groups of many. */
import type { Services } from "./actor.ts";
import { callerOf, checkRange, type Import, textOf, writeWords } from "./caller.ts";
import { type ImportHooks, sendMessage } from "./imports.ts";

const PID_BYTES = 8;

export function nameImports(services: Services, hooks: ImportHooks): Record<string, Import> {
  const { actors, registry } = hooks;

  return {
    register(name, nameLength, lo, hi) {
      const actor = callerOf(services, "register");
      const text = textOf(actor, "register", "the name", name, nameLength);
      const named = actors.get(lo, hi);
      if (named === undefined) return 0;
      return registry.register(text, named) ? 1 : -1;
    },

    unregister(name, nameLength) {
      const actor = callerOf(services, "unregister");
      return registry.unregister(textOf(actor, "unregister", "the name", name, nameLength)) ? 1 : 0;
    },

    whereis(name, nameLength, result) {
      const actor = callerOf(services, "whereis");
      const found = registry.whereis(textOf(actor, "whereis", "the name", name, nameLength));
      checkRange(actor, "whereis", "the result", result, PID_BYTES);
      if (found === undefined) return 0;
      writeWords(actor, result, [found.lo, found.hi]);
      return 1;
    },

    send_named(name, nameLength, tag, pointer, length) {
      const actor = callerOf(services, "send_named");
      const to = registry.whereis(textOf(actor, "send_named", "the name", name, nameLength));
      checkRange(actor, "send_named", "the payload", pointer, length);
      return sendMessage(actor, to, to?.lo ?? 0, to?.hi ?? 0, tag, 0, pointer, length);
    },

    join(group, groupLength) {
      const actor = callerOf(services, "join");
      registry.join(textOf(actor, "join", "the group", group, groupLength), actor);
      return undefined;
    },

    leave(group, groupLength) {
      const actor = callerOf(services, "leave");
      return registry.leave(textOf(actor, "leave", "the group", group, groupLength), actor) ? 1 : 0;
    },

    members(group, groupLength, result, capacity) {
      const actor = callerOf(services, "members");
      const found = registry.members(textOf(actor, "members", "the group", group, groupLength));
      const room = Math.min(found.size, capacity >>> 0);
      checkRange(actor, "members", "the result", result, room * PID_BYTES);
      let at = result >>> 0;
      let left = room;
      for (const { lo, hi } of found) {
        if (left-- === 0) break;
        writeWords(actor, at, [lo, hi]);
        at += PID_BYTES;
      }
      return found.size;
    },

    broadcast(group, groupLength, tag, pointer, length) {
      const actor = callerOf(services, "broadcast");
      const found = registry.members(textOf(actor, "broadcast", "the group", group, groupLength));
      checkRange(actor, "broadcast", "the payload", pointer, length);
      let accepted = 0;
      for (const to of found) {
        if (to !== actor && sendMessage(actor, to, to.lo, to.hi, tag, 0, pointer, length) === 1) accepted++;
      }
      return accepted;
    },
  };
}
