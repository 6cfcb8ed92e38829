/**
 * Tells the embedder of ends: `onExit`, and the listeners of `inspect`. The kernel ends most actors by
 * itself, and keeps a list of them for this.
 */

import type { Services } from "../actor/actor.ts";
import { moduleNameOf } from "../actor/spec.ts";
import { END_BYTES, ENDS_LENGTH, ENDS_LIST } from "../kernel/words.ts";
import type { Inspection } from "../time/inspection.ts";
import type { ActorExit } from "../wire/events.ts";
import { pidFromWords } from "../wire/pid.ts";

export class Exits {
  readonly #services: Services;
  readonly #inspection: Inspection;
  readonly #onExit: ((exit: ActorExit) => void) | undefined;
  /** How many of the ends in the kernel's list are told. */
  #told = 0;
  #isTelling = false;

  constructor(services: Services, inspection: Inspection, onExit: ((exit: ActorExit) => void) | undefined) {
    this.#services = services;
    this.#inspection = inspection;
    this.#onExit = onExit;
  }

  /** Whether anyone wants to hear of ends. */
  get areWanted(): boolean {
    return this.#onExit !== undefined || this.#inspection.wants("exit");
  }

  /** Tells of the ends in the kernel's list. Each is a notice, and before a notice this is called. */
  tellOfKernel(): void {
    const { kernel, specs } = this.#services;
    if (kernel.word(ENDS_LENGTH) === 0 || this.#isTelling) return;
    this.#isTelling = true;
    try {
      while (this.#told < kernel.word(ENDS_LENGTH)) {
        // A guest's stack may end in here: the others are told later.
        const entry = ENDS_LIST + this.#told++ * END_BYTES;
        const pid = pidFromWords(kernel.word(entry), kernel.word(entry + 4));
        this.tell({ pid, module: moduleNameOf(specs.at(kernel.word(entry + 8))), reason: { kind: "normal" } }, []);
      }
      kernel.setWord(ENDS_LENGTH, 0);
      this.#told = 0;
    } finally {
      this.#isTelling = false;
    }
  }

  /** Tells of one end. `names`: those that the actor had, the oldest first. */
  tell(exit: ActorExit, names: readonly string[]): void {
    const inspection = this.#inspection;
    const onExit = this.#onExit;
    if (!this.areWanted) return;
    const callback = onExit && (() => onExit(names.length === 0 ? exit : { ...exit, name: names[0] }));
    inspection.tell({ kind: "exit", names, ...exit }, "onExit", callback);
  }
}
