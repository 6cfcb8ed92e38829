/**
 * How a runtime is simulated, and the first file of the room host/simulation/, which plays a program of
 * actors again and again in different orders. The room imports javascript/ and the rooms before it. It
 * guarantees that one list of small numbers decides everything that a run does.
 *
 * A simulation gives the runtime its clock and its random numbers, says who has the next turn, and keeps
 * all items until they shall arrive.
 */
import type { Actor, Services } from "../actor/actor.ts";
import type { Judge } from "../actor/reductions.ts";
import type { Transit } from "../actor/transit.ts";
import type { Calls } from "../javascript/calls.ts";
import type { Ends } from "../life/ends.ts";
import type { Actors } from "../mail/actors.ts";
import type { Inspection } from "../time/inspection.ts";
import type { Driver, Loop } from "../turns/loop.ts";

/** What a simulation uses of its runtime. */
export interface Inside {
  readonly services: Services;
  readonly actors: Actors<Actor>;
  readonly loop: Loop;
  readonly ends: Ends;
  readonly inspection: Inspection;
  /** Those of `runtime.call`. */
  readonly calls: Calls;
}

/** What a runtime uses of its simulation. Its clock and its random numbers are options of their own. */
export interface Simulation {
  readonly transit: Transit<Actor> | null;
  readonly judge: Judge;
  readonly driver: Driver;
  attach(inside: Inside): void;
}
