/**
 * Ports: what guests call of the kernel. Each guest has an instance of the kernel's module, whose second
 * memory is the guest's. It sends, receives and gives turns, and asks the host, before it has changed
 * anything, for what the host decides.
 */

import type { Actor } from "../actor/actor.ts";
import { NOBODY, type Port } from "../actor/body.ts";
import { charge } from "../actor/budget.ts";
import { fault } from "../actor/fault.ts";
import { gate as gateBase64 } from "../kernel/binary.ts";
import { HAS_MATCH, HAS_MATCH_FIRST, IS_HANDLER, KNOWS_PARK, PAYS, RECEIVE_PARK, TAKES_TURNS } from "../kernel/words.ts";
import { type Kernel, kernelBytes, kernelModule } from "../mail/kernel.ts";
import { withExports } from "../module/exports.ts";
import type { Import } from "../wire/abi.ts";
import { slotOf } from "../wire/pid.ts";
import { startGuest } from "./plain.ts";
import { resumePreempted } from "./preempt.ts";

/** The functions of `actor` that a port has, and their names there. */
const PORT_NAMES: Readonly<Record<string, string>> = {
  send: "send",
  request: "request",
  demonitor: "demonitor",
  recv: "recv",
  recv_tag: "recvTag",
  recv_match: "recvMatch",
};

/** What the host itself uses of each port. An export takes the engine some 300 bytes. */
const OF_TURNS = ["me", "guest", "turn"];
const OF_FIBERS = [...OF_TURNS, "begin", "proceed", "park"];
