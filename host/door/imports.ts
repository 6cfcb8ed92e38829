/**
 * The imports of `actor` as docs/abi.md describes them, and the first file of the room host/door/:
 * the functions that guests call, isopod's and the embedder's. The room imports turns/, between/,
 * actor/, mail/, time/ and wire/; what it needs of life/ is handed in. It guarantees that pointers
 * and texts are checked before they are used, that a grant or a limit refuses with a status, and
 * that a wrong call crashes its caller and no one else.
 *
 * One set of functions serves every guest of a runtime: `kernel.current` is the caller.
 */

import type { Actor, Services } from "../actor/actor.ts";
import { CALL_REDUCTIONS, charge } from "../actor/budget.ts";
import type { Registry } from "../between/names.ts";
import type { Actors } from "../mail/actors.ts";
import { needHeadroom } from "../mail/headroom.ts";
import type { CallOut } from "../time/call-out.ts";
import type { Import } from "../wire/abi.ts";
import { NOT_GRANTED } from "../wire/message.ts";
import type { Denied } from "./denials.ts";
import { failedImport } from "./failed-import.ts";
import { type AskedFunctions, askImports } from "./imports-ask.ts";
import { messageImports } from "./imports-messages.ts";
import { nameImports } from "./imports-names.ts";
import { refImports } from "./imports-refs.ts";
import { type Began, outputImports, selfImports } from "./imports-self.ts";
import { type SpawnByGuest, signalImports } from "./imports-signals.ts";
import type { Log } from "./log.ts";

/** What the imports use of their runtime. */
export interface ImportParts {
  readonly services: Services;
  readonly actors: Actors<Actor>;
  readonly registry: Registry;
  readonly spawn: SpawnByGuest;
  /** The embedder's functions that guests ask. */
  readonly asked: AskedFunctions;
  readonly callOut: CallOut;
  readonly log: Log;
  readonly denied: Denied;
  /** When the runtime began: the guests' `now` counts from here. */
  readonly began: Began;
}

/**
 * The functions of `actor`, by name. JSPI wraps `park`; a guest of another way that calls it
 * crashes.
 */
export function actorImports(parts: ImportParts): Record<string, Import> {
  const { services, actors, registry, spawn, asked, callOut, log, denied, began } = parts;
  return {
    ...messageImports(services, actors),
    ...selfImports(services, began, denied),
    ...withHeadroom(services, denied, {
      ...outputImports(services, log),
      ...signalImports(services, actors, spawn),
      ...nameImports(services, actors, registry),
      ...refImports(services, actors),
    }),
    // It reports the names of the embedder's functions itself.
    ...withHeadroom(services, () => {}, askImports(services, callOut, asked, log, denied)),
  };
}

/**
 * Wraps imports that change more than one thing: each makes sure of enough stack first, and else
 * does nothing.
 */
function withHeadroom(services: Services, denied: Denied, imports: Record<string, Import>): Record<string, Import> {
  return Object.fromEntries(
    Object.entries(imports).map(([name, run]) => {
      const wrapped: Import = (a, b, c, d, e, f, g, h) => {
        try {
          needHeadroom();
          if (services.kernel.current !== null) charge(services.kernel.current, CALL_REDUCTIONS);
          const answer = run(a, b, c, d, e, f, g, h);
          if (answer === NOT_GRANTED && services.kernel.current !== null) denied(services.kernel.current, name);
          return answer;
        } catch (error) {
          throw failedImport(services.kernel.current, error);
        }
      };
      return [name, wrapped];
    }),
  );
}
