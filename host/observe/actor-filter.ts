/** Which actors a snapshot shows, or totals count. */

import type { Actor } from "../actor/actor.ts";
import { moduleNameOf } from "../actor/spec.ts";
import { checksOf, oneOf, pid, text } from "../wire/checks.ts";
import { formatPid, type Pid, pidFromWords } from "../wire/pid.ts";
import type { ActorInfo } from "./actor-info.ts";
import type { LiveActors } from "./live-actors.ts";
import type { Places, Supervision } from "./supervision.ts";

/** The actors that match everything given here. */
export interface ActorFilter {
  /** The name of their module. */
  readonly module?: string;
  readonly state?: ActorInfo["state"];
  /** A part of one of their registered names. The empty text: they have a name. */
  readonly name?: string;
  /**
   * A part of their pid, of a name, a group, the module, the entry, the language, the kind or the
   * state, in capital or small letters.
   */
  readonly text?: string;
  /**
   * The actor that they stand below: the host's supervisor whose children they are, or else the actor
   * that has spawned them. 0 finds those for which neither is alive.
   */
  readonly parent?: Pid;
}

export const filterChecks = checksOf<ActorFilter>({
  module: text,
  state: oneOf("ready", "running", "parked", "idle"),
  name: text,
  text,
  parent: pid,
});

/** Whether the actor of a record matches. */
export type Matches = (record: number) => boolean;

/** Undefined where all actors match. */
export function matcherOf(filter: ActorFilter, live: LiveActors, supervision: Supervision): Matches | undefined {
  const { module, state, name, parent } = filter;
  const words = filter.text === undefined || filter.text === "" ? undefined : new Words(filter.text, supervision);
  const places = parent === undefined ? undefined : supervision.places();
  const looksAtActor = module !== undefined || name !== undefined || words !== undefined || places !== undefined;
  if (!looksAtActor && state === undefined) return undefined;
  return record => {
    if (state !== undefined && live.stateAt(record) !== state) return false;
    if (!looksAtActor) return true;
    const actor = live.actorAt(record);
    if (actor === undefined) return false;
    if (module !== undefined && moduleNameOf(actor.spec) !== module) return false;
    if (name !== undefined && !someHas(actor.belongings?.names, name)) return false;
    if (places !== undefined && parentOf(actor, live, places) !== parent) return false;
    return words === undefined || words.match(actor, live.stateAt(record));
  };
}

/** The actor that another one stands below. 0 where neither its supervisor nor its parent is alive. */
export function parentOf(actor: Actor, live: LiveActors, places: Places): Pid {
  const supervisor = places.size === 0 ? undefined : places.get(actor.pid);
  if (supervisor !== undefined) return supervisor.pid;
  const { parentLo, parentHi } = actor;
  return live.isAlive(parentLo, parentHi) ? pidFromWords(parentLo, parentHi) : 0;
}

function someHas(words: ReadonlySet<string> | null | undefined, part: string): boolean {
  if (words != null) for (const word of words) if (word.includes(part)) return true;
  return false;
}

/** Looks for a text in what is known of an actor. */
class Words {
  readonly #part: string;
  readonly #supervision: Supervision;
  /** Whether the text can be a part of a pid. */
  readonly #mayBePid: boolean;
  /** By word: whether it has the text. Many actors share their modules, entries, kinds and states. */
  readonly #known = new Map<string, boolean>();

  constructor(part: string, supervision: Supervision) {
    this.#part = part.toLowerCase();
    this.#supervision = supervision;
    this.#mayBePid = /^[<\d.>]+$/.test(part);
  }

  match(actor: Actor, state: string): boolean {
    const { belongings, spec } = actor;
    const module = moduleNameOf(spec);
    const language = spec.template?.language;
    if (this.#isKnown(state) || this.#isKnown(this.#supervision.kindOf(actor))) return true;
    if (module !== undefined && (this.#isKnown(module) || this.#isKnown(actor.entry))) return true;
    if (language !== undefined && this.#isKnown(language)) return true;
    if (belongings !== null && (this.#isIn(belongings.names) || this.#isIn(belongings.groups))) return true;
    return this.#mayBePid && formatPid(actor.pid).includes(this.#part);
  }

  #isKnown(word: string): boolean {
    const known = this.#known.get(word);
    if (known !== undefined) return known;
    const has = word.toLowerCase().includes(this.#part);
    this.#known.set(word, has);
    return has;
  }

  #isIn(words: ReadonlySet<string> | null): boolean {
    if (words !== null) for (const word of words) if (word.toLowerCase().includes(this.#part)) return true;
    return false;
  }
}
