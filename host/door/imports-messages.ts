/**
 * The imports that send and receive messages, for the cases that the kernel leaves to the host. Each
 * changes one thing, so none needs headroom. If the stack is exhausted in one, its caller ends.
 *
 * The kernel does every receive that is right. What it leaves to the host is to say what is wrong.
 */

import type { Actor, Services } from "../actor/actor.ts";
import { fault } from "../actor/fault.ts";
import { checkRange, checkWindow, noteWrite } from "../actor/ranges.ts";
import { lookUp } from "../between/guesses.ts";
import { HANDLER_CAPACITY, HANDLER_INFO, HANDLER_POINTER, HAS_MATCH, WINDOW_MOVED } from "../kernel/words.ts";
import type { Actors } from "../mail/actors.ts";
import type { Import } from "../wire/abi.ts";
import { callerOf } from "./caller.ts";
import { failedImport } from "./failed-import.ts";
import { countSent, sendMessage } from "./send.ts";

export function messageImports(services: Services, actors: Actors<Actor>): Record<string, Import> {
  /** Crashes the caller of a receive that the kernel has refused. */
  const isWrong = (name: string, info: number, pointer: number, capacity: number): never => {
    try {
      const actor = callerOf(services, name);
      checkWindow(actor, name, info, pointer, capacity);
      if (name === "recv_match" && !actor.has(HAS_MATCH)) {
        return fault(actor, "recv_match needs the module to export match(predicate, ptr, len) -> i32");
      }
      throw new Error(`${name}: the kernel has refused a receive that is right`);
    } catch (error) {
      throw failedImport(services.kernel.current, error);
    }
  };

  return {
    send(lo, hi, tag, pointer, length) {
      try {
        const from = callerOf(services, "send");
        checkRange(from, "send", "the payload", pointer, length);
        const status = sendMessage(from, lookUp(from, actors, lo, hi), lo, hi, tag, 0, pointer, length);
        return countSent(from, status, tag);
      } catch (error) {
        throw failedImport(services.kernel.current, error);
      }
    },

    recv: (info, pointer, capacity) => isWrong("recv", info, pointer, capacity),

    recv_tag: (info, pointer, capacity) => isWrong("recv_tag", info, pointer, capacity),

    recv_match: (info, pointer, capacity) => isWrong("recv_match", info, pointer, capacity),

    park() {
      const actor = callerOf(services, "park");
      return fault(actor, "park: handlers, predicates and start functions cannot wait; poll with recv(…, 0) instead");
    },

    window(info, pointer, capacity) {
      const actor = callerOf(services, "window");
      checkWindow(actor, "window", info, pointer, capacity);
      noteWrite(actor, Math.max((info >>> 0) + 32, (pointer >>> 0) + (capacity >>> 0)));
      actor.setColdWord(HANDLER_INFO, info);
      actor.setColdWord(HANDLER_POINTER, pointer);
      actor.setColdWord(HANDLER_CAPACITY, capacity);
      // The kernel looks at it before the next item.
      actor.setFlag(WINDOW_MOVED, true);
      return undefined;
    },
  };
}
