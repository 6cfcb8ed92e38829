/**
 * How actors are recorded and replayed, and the first file of the room host/recording/. The room imports life/,
 * door/ and the rooms before them. It guarantees that a replay is the same code with the same inputs: what a
 * recorded actor does depends on the items in its mailbox, on when its turns began, and on what its imports have
 * answered, and a log has all of these. What only depends on these is not in the log: receives, predicates, the
 * save pointer, preemption.
 *
 * The core knows `Taping` (actor/taping.ts) alone. All else is loaded by programs that import `isopod/replay`.
 */
import type { Actor, Services } from "../actor/actor.ts";
import type { Taping } from "../actor/taping.ts";
import type { Images } from "../life/images.ts";
import type { Loop } from "../turns/loop.ts";

/** What a recorder uses of its runtime. */
export interface Inside {
  readonly services: Services;
  readonly images: Images;
  readonly loop: Loop;
}

/** What records the actors of one runtime, or plays the recording of one. */
export interface Recorder extends Taping<Actor> {
  attach(inside: Inside): void;
}
