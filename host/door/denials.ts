/** Tells the embedder what its guests were denied: who is not granted something is answered -100, and a guest that does not look seems to do nothing. */

import type { Actor } from "../actor/actor.ts";
import type { Notices } from "../time/notices.ts";
import type { Denial } from "../wire/events.ts";
import type { Grants } from "../wire/grants.ts";

/** By import; what is none is the embedder's. */
const grantOf: Readonly<Record<string, keyof Grants>> = {
  ...{ log: "log", now: "clock", spawn: "spawn", link: "kill", exit_to: "kill" },
  ...{ register: "register", unregister: "register", join: "register" },
  ...{ whereis: "lookup", send_named: "lookup", members: "lookup", broadcast: "lookup" },
};

export class Denials {
  readonly #notices: Notices;
  readonly #onDenied: ((denial: Denial) => void) | undefined;
  /** What was told: each call once, because a guest may repeat it without end. */
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
    // With the grant it was refused for another reason, for example a name for a stranger.
    if (actor.allowance?.granted[grant] === true) return;
    this.#told.add(call);
    const denial = { pid: actor.pid, module: actor.module?.name ?? "", call, grant };
    this.#notices.add(() => this.#notices.callOut.run("onDenied", () => onDenied(denial)));
  }
}

/** Tells that an actor was answered -100 for its call of an import. */
export type Denied = (actor: Actor, call: string) => void;
