/**
 * All scenarios, the most important first. The table in `bench/README.md` shows where the parts of
 * each one are.
 */
import type { Scenario } from "../harness/scenario.ts";
import { banking } from "./banking.ts";
import { big } from "./big.ts";
import { boundedBuffer } from "./bounded-buffer.ts";
import { call } from "./call.ts";
import { chameneos } from "./chameneos.ts";
import { counting } from "./counting.ts";
import { exitChain } from "./exit-chain.ts";
import { fairness } from "./fairness.ts";
import { fanIn } from "./fan-in.ts";
import { fanOut } from "./fan-out.ts";
import { faultRecovery } from "./fault-recovery.ts";
import { forkJoinCreate, forkJoinThroughput } from "./fork-join.ts";
import { hibernation, hibernationRandom } from "./hibernation.ts";
import { hostCall } from "./host-call.ts";
import { logMap } from "./log-map.ts";
import { memory } from "./memory.ts";
import { pingPong, pingPong64, pingPong400, pingPongLatency } from "./ping-pong.ts";
import { selectivePredicate, selectiveRef, selectiveTag } from "./selective.ts";
import { spawn, spawnStorm } from "./spawn.ts";
import { threadRing } from "./thread-ring.ts";
import { timers } from "./timers.ts";

export const scenarios: readonly Scenario[] = [
  pingPong,
  pingPong64,
  pingPong400,
  pingPongLatency,
  spawn,
  spawnStorm,
  exitChain,
  fanIn,
  selectivePredicate,
  selectiveTag,
  selectiveRef,
  memory,
  hibernation,
  hibernationRandom,
  threadRing,
  counting,
  forkJoinThroughput,
  forkJoinCreate,
  big,
  chameneos,
  boundedBuffer,
  banking,
  logMap,
  fanOut,
  timers,
  fairness,
  call,
  hostCall,
  faultRecovery,
];
