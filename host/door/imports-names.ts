/**
 * The imports of the registry: names for one actor, groups for many. Each checks its arguments
 * first, then the grant, and only then looks at other actors. So neither an answer nor a crash
 * tells a caller what it may not know.
 */

import type { Actor, Services } from "../actor/actor.ts";
import { charge } from "../actor/budget.ts";
import { checkRange, PID_BYTES, writeWords } from "../actor/ranges.ts";
import { lookUp } from "../between/guesses.ts";
import type { Registry } from "../between/names.ts";
import { mayBeNamed } from "../between/tie-limits.ts";
import type { Actors } from "../mail/actors.ts";
import type { Import } from "../wire/abi.ts";
import { NOT_GRANTED, OVER_LIMIT } from "../wire/message.ts";
import { callerOf, isOwn, textOf } from "./caller.ts";
import { countSent, sendMessage } from "./send.ts";

/** The most pids whose bytes fit into a 32-bit length. */
const MAX_PIDS = 2 ** 29 - 1;
/** What each message of a broadcast costs beside its bytes. */
const SEND_REDUCTIONS = 10;
const noMembers: ReturnType<Registry["members"]> = new Map();
/** The longest name or group, as of Erlang's atoms. */
const MAX_REGISTERED_NAME_BYTES = 255;

export function nameImports(services: Services, actors: Actors<Actor>, registry: Registry): Record<string, Import> {
  return {
    register(name, nameLength, lo, hi) {
      const actor = callerOf(services, "register");
      checkRange(actor, "register", "the name", name, nameLength);
      if (actor.granted?.register === false) return NOT_GRANTED;
      const named = lookUp(actor, actors, lo, hi);
      if (named === undefined) return 0;
      if (!isOwn(actor, named)) return NOT_GRANTED;
      if (nameLength >>> 0 > MAX_REGISTERED_NAME_BYTES || !mayBeNamed(named)) return OVER_LIMIT;
      return registry.register(textOf(actor, "register", "the name", name, nameLength), named) ? 1 : -1;
    },

    unregister(name, nameLength) {
      const actor = callerOf(services, "unregister");
      checkRange(actor, "unregister", "the name", name, nameLength);
      if (actor.granted?.register === false) return NOT_GRANTED;
      const named = find(actor, "unregister", name, nameLength);
      if (named === undefined) return 0;
      if (!isOwn(actor, named)) return NOT_GRANTED;
      return registry.unregister(textOf(actor, "unregister", "the name", name, nameLength)) ? 1 : 0;
    },

    whereis(name, nameLength, result) {
      const actor = callerOf(services, "whereis");
      checkRange(actor, "whereis", "the name", name, nameLength);
      checkRange(actor, "whereis", "the result", result, PID_BYTES);
      if (actor.granted?.lookup === false) return NOT_GRANTED;
      const found = find(actor, "whereis", name, nameLength);
      if (found === undefined) return 0;
      writeWords(actor, result, [found.lo, found.hi]);
      return 1;
    },

    send_named(name, nameLength, tag, pointer, length) {
      const actor = callerOf(services, "send_named");
      checkRange(actor, "send_named", "the name", name, nameLength);
      checkRange(actor, "send_named", "the payload", pointer, length);
      if (actor.granted?.lookup === false) return NOT_GRANTED;
      const to = find(actor, "send_named", name, nameLength);
      return countSent(actor, sendMessage(actor, to, to?.lo ?? 0, to?.hi ?? 0, tag, 0, pointer, length), tag);
    },

    join(group, groupLength) {
      const actor = callerOf(services, "join");
      checkRange(actor, "join", "the group", group, groupLength);
      if (actor.granted?.register === false) return NOT_GRANTED;
      if (groupLength >>> 0 > MAX_REGISTERED_NAME_BYTES) return OVER_LIMIT;
      const name = textOf(actor, "join", "the group", group, groupLength);
      if (!registry.members(name).has(actor.pid) && !mayBeNamed(actor)) return OVER_LIMIT;
      registry.join(name, actor);
      return 1;
    },

    leave(group, groupLength) {
      const actor = callerOf(services, "leave");
      const name = nameOf(actor, "leave", group, groupLength);
      return name !== undefined && registry.leave(name, actor) ? 1 : 0;
    },

    members(group, groupLength, result, capacity) {
      const actor = callerOf(services, "members");
      checkRange(actor, "members", "the group", group, groupLength);
      checkRange(actor, "members", "the result", result, Math.min(capacity >>> 0, MAX_PIDS) * PID_BYTES);
      if (actor.granted?.lookup === false) return NOT_GRANTED;
      const found = membersOf(actor, "members", group, groupLength);
      const room = Math.min(found.size, capacity >>> 0);
      charge(actor, room);
      let at = result >>> 0;
      let left = room;
      for (const { lo, hi } of found.values()) {
        if (left-- === 0) break;
        writeWords(actor, at, [lo, hi]);
        at += PID_BYTES;
      }
      return found.size;
    },

    broadcast(group, groupLength, tag, pointer, length) {
      const actor = callerOf(services, "broadcast");
      checkRange(actor, "broadcast", "the group", group, groupLength);
      checkRange(actor, "broadcast", "the payload", pointer, length);
      if (actor.granted?.lookup === false) return NOT_GRANTED;
      const found = membersOf(actor, "broadcast", group, groupLength);
      // All copies together are bounded as one message is: large copies to thousands would block
      // the thread.
      if ((length >>> 0) * found.size > actor.limits.messageBytes) return OVER_LIMIT;
      charge(actor, found.size * SEND_REDUCTIONS);
      let accepted = 0;
      for (const to of found.values()) {
        if (!to.is(actor) && sendMessage(actor, to, to.lo, to.hi, tag, 0, pointer, length) === 1) accepted++;
      }
      return accepted;
    },
  };

  /** The actor that has a name. */
  function find(actor: Actor, name: string, pointer: number, length: number): Actor | undefined {
    const text = nameOf(actor, name, pointer, length);
    return text === undefined ? undefined : registry.whereis(text);
  }

  function membersOf(actor: Actor, name: string, pointer: number, length: number): ReturnType<Registry["members"]> {
    const group = nameOf(actor, name, pointer, length);
    return group === undefined ? noMembers : registry.members(group);
  }
}

/** The text of a name; undefined if it is longer than any name. */
function nameOf(actor: Actor, name: string, pointer: number, length: number): string | undefined {
  checkRange(actor, name, "the name", pointer, length);
  return length >>> 0 > MAX_REGISTERED_NAME_BYTES ? undefined : textOf(actor, name, "the name", pointer, length);
}
