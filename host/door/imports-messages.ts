/**
 * The imports that send and receive messages. Each changes one thing, so none needs headroom. If
 * the stack is exhausted in one, its caller ends.
 */

import type { Actor, Services } from "../actor/actor.ts";
import { charge } from "../actor/budget.ts";
import { fault } from "../actor/fault.ts";
import { accepted, statusFor } from "../actor/give-way.ts";
import { checkRange, checkWindow, setWindow } from "../actor/ranges.ts";
import { COPIED_SHIFT, handOver, receive } from "../actor/receive.ts";
import { lookUp } from "../between/guesses.ts";
import { WANT_ANY, WANT_MATCH, WANT_REF, WANT_TAG } from "../mail/states.ts";
import type { Import } from "../wire/abi.ts";
import type { PidTable } from "../wire/pid.ts";
import { callerOf } from "./caller.ts";
import { failedImport } from "./failed-import.ts";
import { sendMessage } from "./send.ts";

export function messageImports(services: Services, actors: PidTable<Actor>): Record<string, Import> {
  return {
    send(lo, hi, tag, pointer, length) {
      try {
        const from = callerOf(services, "send");
        checkRange(from, "send", "the payload", pointer, length);
        const to = lookUp(from, actors, lo, hi);
        const bytes = length >>> 0;
        if (to !== undefined && handOver(from, to, tag, bytes === 0 ? 0 : pointer >>> 0, bytes)) {
          if (from.reductions !== null) charge(from, bytes >>> COPIED_SHIFT);
          return accepted(from);
        }
        return statusFor(from, sendMessage(from, to, lo, hi, tag, 0, pointer, length), tag);
      } catch (error) {
        throw failedImport(services.slots.current, error);
      }
    },

    recv(info, pointer, capacity, timeoutMs) {
      try {
        const actor = callerOf(services, "recv");
        setWindow(actor, "recv", info, pointer, capacity);
        return receive(actor, WANT_ANY, 0, timeoutMs);
      } catch (error) {
        throw failedImport(services.slots.current, error);
      }
    },

    recv_tag(info, pointer, capacity, timeoutMs, tag) {
      try {
        const actor = callerOf(services, "recv_tag");
        setWindow(actor, "recv_tag", info, pointer, capacity);
        return receive(actor, tag < 0 ? WANT_REF : WANT_TAG, tag, timeoutMs);
      } catch (error) {
        throw failedImport(services.slots.current, error);
      }
    },

    recv_match(info, pointer, capacity, timeoutMs, predicate) {
      try {
        const actor = callerOf(services, "recv_match");
        setWindow(actor, "recv_match", info, pointer, capacity);
        if (actor.guest?.match == null) {
          return fault(actor, "recv_match needs the module to export match(predicate, ptr, len) -> i32");
        }
        return receive(actor, WANT_MATCH, predicate, timeoutMs);
      } catch (error) {
        throw failedImport(services.slots.current, error);
      }
    },

    park() {
      const actor = callerOf(services, "park");
      return fault(actor, "park: handlers, predicates and start functions cannot wait; poll with recv(…, 0) instead");
    },

    window(info, pointer, capacity) {
      const actor = callerOf(services, "window");
      checkWindow(actor, "window", info, pointer, capacity);
      actor.handlerInfo = info >>> 0;
      actor.handlerPointer = pointer >>> 0;
      actor.handlerCapacity = capacity >>> 0;
      return undefined;
    },
  };
}
