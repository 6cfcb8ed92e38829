/**
 * Tells the embedder what its guests were denied (`onDenied`). An import without its grant answers
 * -100. A guest that ignores the answer seems to do nothing, and this tells why.
 */

import type { Actor } from "../actor/actor.ts";
import { moduleNameOf } from "../actor/spec.ts";
import type { Notices } from "../time/notices.ts";
import type { Denial } from "../wire/events.ts";
import type { Grants } from "../wire/grants.ts";

/** The grant of each import. Imports that are not here are functions of the embedder. */
const grantOf: Readonly<Record<string, keyof Grants>> = {
  ...{ log: "log", now: "clock", epoch: "clock", spawn: "spawn", link: "kill", exit_to: "kill" },
  ...{ register: "register", unregister: "register", join: "register" },
  ...{ whereis: "lookup", send_named: "lookup", members: "lookup", broadcast: "lookup" },
};

export class Denials {
  readonly #notices: Notices;
  readonly #onDenied: ((denial: Denial) => void) | undefined;
  /**
   * The imports that were told. Each is told once, because a guest may repeat the call without end.
   */
  readonly #told = new Set<string>();

  constructor(notices: Notices, onDenied: ((denial: Denial) => void) | undefined) {
    this.#notices = notices;
    this.#onDenied = onDenied;
  }

  tell(actor: Actor, call: string): void {
    actor.services.counters.denied++;
    const onDenied = this.#onDenied;
    if (onDenied === undefined || this.#told.has(call)) return;
    const grant = grantOf[call] ?? "imports";
    // It has the grant and was refused for another reason, for example to name an actor that is not
    // its own.
    if (actor.granted?.[grant] === true) return;
    this.#told.add(call);
    const denial = { pid: actor.pid, module: moduleNameOf(actor.spec) ?? "", call, grant };
    this.#notices.add(() => this.#notices.callOut.run("onDenied", () => onDenied(denial)));
  }
}

/** Reports that an import answered an actor -100. */
export type Denied = (actor: Actor, call: string) => void;
