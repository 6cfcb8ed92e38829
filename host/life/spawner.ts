/**
 * Makes actors, and is the first file of the room host/life/: how actors begin and end. The room
 * imports turns/ and everything before it, but not door/: the imports of guests are handed in. It
 * guarantees that a spawn makes a whole actor or none, that limits and grants are checked before
 * anything is made, and that each end is told once, in the order of the ends.
 *
 * The host gets an error if an actor cannot be made. A guest gets a status, and its child gets no
 * more grants and limits than the guest has.
 */

import { Actor, type Services } from "../actor/actor.ts";
import { Family } from "../actor/family.ts";
import { countSpawn, mustAdmit } from "../actor/memory.ts";
import type { Spec } from "../actor/spec.ts";
import { ENDING, SIZE, SPAWNS } from "../kernel/life-words.ts";
import { ACTOR_BYTES, ARGS, FAMILY, SPEC, TAKES_MESSAGES } from "../kernel/words.ts";
import type { Actors } from "../mail/actors.ts";
import { keep } from "../mail/kept.ts";
import { GuestModule } from "../module/guest-module.ts";
import type { Inspection } from "../time/inspection.ts";
import type { Notices } from "../time/notices.ts";
import type { JspiWay } from "../turns/jspi.ts";
import { reductionChecks, reductionsFor } from "../turns/reduction-policy.ts";
import { checkOptions, checksOf, oneOf, options, text } from "../wire/checks.ts";
import { ClosedError, LimitError, SpawnError } from "../wire/errors.ts";
import { type Granted, type Grants, grantedBy, inBoth } from "../wire/grants.ts";
import type { ImportObject } from "../wire/host-functions.ts";
import {
  type Limits,
  lesserOf,
  limitsFrom,
  type ReductionOptions,
  type RuntimeLimits,
  type WayName,
} from "../wire/limits.ts";
import { NOT_GRANTED, OVER_LIMIT } from "../wire/message.ts";
import { payloadFrom } from "../wire/payload.ts";
import { formatReason, reasonOfThrown } from "../wire/reason.ts";
import type { Ends } from "./ends.ts";
import type { Images, Opened } from "./images.ts";
import type { Instances } from "./instances.ts";

export interface SpawnOptions {
  /** The export to run. Default: `run` if there is one, else `handle`, else `_start`. */
  readonly entry?: string;
  /** What the guest's import `args` gives it; a string becomes UTF-8. */
  readonly args?: Uint8Array | string;
  /** How the guest waits. Default: the way that the module was built for. */
  readonly way?: WayName;
  /** Limits of this actor that differ from the runtime's. */
  readonly limits?: Partial<Limits>;
  /**
   * What happens when it computes for long. Only a module that counts its reductions can be
   * stopped: `load` with `reductions`, or `isopod build --reductions`.
   */
  readonly reductions?: ReductionOptions;
  /**
   * What the guest may do beyond sending and receiving. Its children get no more. Default: the
   * runtime's `grants`.
   */
  readonly grants?: Grants | "all";
}

/**
 * How a defined module is spawned, unless the spawn says otherwise. A guest that spawns it chooses
 * the entry and the arguments only, and its child gets only those of these grants that the guest
 * has.
 */
export type ModuleDefaults = Omit<SpawnOptions, "args">;

export const spawnChecks = checksOf<SpawnOptions>({
  entry: text,
  args: null,
  way: oneOf("handler", "asyncify", "jspi"),
  limits: null,
  reductions: options(reductionChecks),
  grants: null,
});
const { args: _, ...checksOfDefaults } = spawnChecks;
const defaultsChecks = checksOf<ModuleDefaults>(checksOfDefaults);

/** A module that can be spawned by a name. */
interface Definition {
  readonly module: GuestModule;
  readonly defaults: ModuleDefaults;
}

/** What the import `spawn` answers if there is no child. */
const SpawnStatus = { noSuchModule: 0, noSuchEntry: -2, failed: -4 } as const;

/** What the warning about a failed spawn counts against its parent's log. */
const WARNING_BYTES = 100;

const noArgs = new Uint8Array(0);

export class Spawner {
  readonly #services: Services;
  readonly #limits: RuntimeLimits;
  readonly #notices: Notices;
  readonly #inspection: Inspection;
  readonly #actors: Actors<Actor>;
  readonly #instances: Instances;
  readonly #images: Images;
  readonly #ends: Ends;
  readonly #granted: Granted;
  readonly #definitions = new Map<string, Definition>();
  readonly #jspi: JspiWay;
  #stopped = false;

  /** `grants`: for the host's spawns that name none. */
  constructor(
    services: Services,
    limits: RuntimeLimits,
    notices: Notices,
    inspection: Inspection,
    actors: Actors<Actor>,
    instances: Instances,
    images: Images,
    ends: Ends,
    jspi: JspiWay,
    grants: Grants | "all" | undefined,
  ) {
    this.#services = services;
    this.#limits = limits;
    this.#notices = notices;
    this.#inspection = inspection;
    this.#actors = actors;
    this.#instances = instances;
    this.#images = images;
    this.#ends = ends;
    this.#granted = grantedBy(grants);
    this.#jspi = jspi;
    services.account.reclaim = () => {
      instances.drop();
      this.#jspi.drop();
    };
  }

  define(name: string, module: GuestModule, defaults: ModuleDefaults): void {
    // A module without `run` and `handle` has no default entry: each spawn must name one.
    checkModule(module, "define");
    checkOptions("define", defaults, defaultsChecks);
    const limits = limitsFrom(this.#limits, defaults.limits);
    grantedBy(defaults.grants);
    const entry = defaults.entry ?? module.defaultEntry;
    if (defaults.entry !== undefined || module.hasEntry(entry)) {
      const way = module.wayOf(entry, defaults.way, defaults.reductions?.policy);
      reductionsFor(module, way, limits.handlerReductions, defaults.reductions);
    }
    this.#definitions.set(name, { module, defaults });
    this.#services.specs.forgetChildren();
  }

  /** Spawns for the host. */
  spawn(module: GuestModule | string, options: SpawnOptions, imports: ImportObject): Actor {
    checkOptions("spawn", options, spawnChecks);
    if (typeof module === "string") {
      const definition = this.#definition(module);
      const entry = options.entry ?? definition.defaults.entry ?? definition.module.defaultEntry;
      return this.#spawnByHost(definition.module, { ...defaultsFor(definition, entry), ...options }, imports);
    }
    checkModule(module, "spawn");
    return this.#spawnByHost(module, options, imports);
  }

  /** Spawns an actor for the host that goes on with an image. */
  spawnImage(module: GuestModule | string, image: Uint8Array, options: SpawnOptions, imports: ImportObject): Actor {
    checkOptions("spawnImage", options, spawnChecks);
    const definition = typeof module === "string" ? this.#definition(module) : { module, defaults: {} };
    checkModule(definition.module, "spawnImage");
    const opened = this.#images.open(definition.module, image, options.entry);
    const { entry } = opened.parked;
    const all = { ...defaultsFor(definition, entry), ...options, entry };
    return this.#spawnByHost(definition.module, all, imports, opened);
  }

  #definition(module: string): Definition {
    const definition = this.#definitions.get(module);
    if (definition === undefined) {
      const known = [...this.#definitions.keys()].join(", ") || "none yet";
      const isPath = /\.(ts|wasm)$/.test(module) ? "; to spawn a file, load it first" : "";
      throw new SpawnError(`no module is defined as ${module}; defined are: ${known}${isPath}`);
    }
    return definition;
  }

  #spawnByHost(module: GuestModule, options: SpawnOptions, imports: ImportObject, image?: Opened): Actor {
    const granted = options.grants === undefined ? this.#granted : grantedBy(options.grants);
    const limits = options.limits === undefined ? this.#limits : limitsFrom(this.#limits, options.limits);
    if (limits.familyActors < 1) throw new SpawnError(`${module.name}: its limit familyActors is 0`);
    const { args } = options;
    const bytes = args === undefined ? noArgs : payloadFrom(args).slice();
    return this.#spawn(module, options, bytes, limits, granted, null, imports, image);
  }

  /** Spawns for the import `spawn`. Returns the child, or a status. */
  spawnByGuest(
    parent: Actor,
    name: string,
    entry: string,
    args: Uint8Array,
    imports: ImportObject,
    warn: (text: string, bytes: number) => void,
  ): Actor | number {
    const { granted, family } = parent;
    if (granted === null || family === null) throw new Error("only guests call the import spawn");
    const definition = this.#definitions.get(name);
    if (granted.spawn !== "any" && !granted.spawn.has(name)) return NOT_GRANTED;
    if (definition === undefined) return SpawnStatus.noSuchModule;
    const { module, defaults } = definition;
    const wanted = entry === "" ? (defaults.entry ?? module.defaultEntry) : entry;
    if (!module.hasEntry(wanted)) return SpawnStatus.noSuchEntry;
    const { limits } = family;
    if (family.count(SIZE) >= limits.familyActors || this.#actors.size >= this.#limits.actors) return OVER_LIMIT;
    // A guest that spawns and kills in one turn keeps instances whose ends are not told: at most as
    // many again.
    if (family.count(SIZE) + family.count(ENDING) >= 2 * limits.familyActors) return OVER_LIMIT;
    if (!family.take(SPAWNS, this.#services.clock.now(), 1, limits.spawnsPerSecond)) return OVER_LIMIT;
    const given = defaults.grants === undefined ? granted : inBoth(granted, grantedBy(defaults.grants));
    try {
      const child = this.#spawn(
        module,
        { ...defaultsFor(definition, wanted), entry: wanted },
        args,
        lesserOf(parent.limits, limitsFrom(this.#limits, defaults.limits)),
        given,
        parent,
        imports,
      );
      this.#services.specs.adopt(parent.word(SPEC), name, entry, child.word(SPEC));
      return child;
    } catch (error) {
      if (error instanceof LimitError) return OVER_LIMIT;
      warn(`spawn of ${name}: ${error instanceof Error ? error.message : error}`, WARNING_BYTES);
      return SpawnStatus.failed;
    }
  }

  /** Makes an actor. `args` belongs to the actor from now on. */
  #spawn(
    module: GuestModule,
    options: ModuleDefaults,
    args: Uint8Array,
    limits: Limits,
    granted: Granted,
    parent: Actor | null,
    imports: ImportObject,
    image?: Opened,
  ): Actor {
    if (this.#stopped) throw new ClosedError("the runtime is stopped: make another to spawn actors");
    const services = this.#services;
    const entry = options.entry ?? module.defaultEntry;
    const way = module.wayOf(entry, options.way, options.reductions?.policy ?? "yield");
    const reductions = reductionsFor(module, way, limits.handlerReductions, options.reductions);
    if (this.#actors.size >= this.#limits.actors) {
      throw new LimitError(
        `${this.#limits.actors} actors are alive already: end some first, or raise the limit actors`,
      );
    }
    const isFiber = way === "jspi";
    mustAdmit(services, module, ACTOR_BYTES, args.length + (isFiber ? module.stackBytes : 0));
    if (isFiber) this.#jspi.admit(module.name);
    const spec: Spec = { module, entry, way, limits, granted, reductions };
    const actor = this.#actors.add(record => Actor.begin(record, spec, services));
    if (parent !== null) actor.setParent(parent.lo, parent.hi);
    const family = parent?.family ?? Family.found(spec, services.kernel, services.specs);
    actor.setColdWord(FAMILY, family.address);
    family.add(SIZE, 1);
    actor.setColdWord(ARGS, keep(services.kernel, args));
    countSpawn(actor);
    this.#instantiate(actor, module, isFiber ? this.#jspi.bind(actor, imports) : undefined, image);
    this.#ends.begin(actor);
    actor.setFlag(TAKES_MESSAGES, true);
    tellSpawn(this.#inspection, actor);
    if (image === undefined) actor.wake();
    else this.#images.park(actor, image.parked);
    return actor;
  }

  #instantiate(actor: Actor, module: GuestModule, bound: ImportObject | undefined, image: Opened | undefined): void {
    const { kernel } = this.#services;
    const before = kernel.current;
    this.#notices.hold();
    try {
      // A start function may call imports.
      kernel.current = actor;
      this.#instances.prepare(actor, module, bound);
      if (image !== undefined) this.#images.load(actor, module, image);
      // The start function may have grown the memory.
      actor.bytes.refresh();
      if (actor.exiting !== null) {
        throw new SpawnError(`${module.name} ended in its start function: ${formatReason(actor.exiting)}`);
      }
    } catch (error) {
      this.#ends.endFailedSpawn(actor, actor.exiting ?? reasonOfThrown(error));
      throw error;
    } finally {
      kernel.current = before;
      this.#notices.release();
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#jspi.stop();
  }
}

/**
 * The defaults of a definition for one entry of its module. A handler neither waits nor gives way,
 * so `way` and the policy `yield` apply to the other entries only.
 */
function defaultsFor({ defaults }: Definition, entry: string): ModuleDefaults {
  if (entry !== "handle" || defaults.entry === "handle") return defaults;
  const { way: _, reductions, ...others } = defaults;
  if (reductions?.policy !== "yield") return reductions === undefined ? others : { ...others, reductions };
  return { ...others, reductions: { ...reductions, policy: "kill" } };
}

/** Throws a TypeError unless it is a loaded module. Node runs TypeScript without checking types. */
function checkModule(module: unknown, where: string): void {
  if (module instanceof GuestModule) return;
  const isPromise = typeof module === "object" && module !== null && "then" in module;
  const what = isPromise ? "a promise: await it" : "loaded: load it first, await runtime.load(…)";
  throw new TypeError(`${where} takes what load() resolves to; this is ${isPromise ? "" : "not "}${what}`);
}

/** Tells listeners that an actor is alive: a guest or a host mailbox. */
export function tellSpawn(inspection: Inspection, { pid, module, entry, parent }: Actor): void {
  if (!inspection.wants("spawn")) return;
  inspection.tell({
    kind: "spawn",
    pid,
    module: module?.name,
    entry: module === null ? undefined : entry,
    parent,
  });
}
