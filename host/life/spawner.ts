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
import { moduleNameOf, type Spec } from "../actor/spec.ts";
import type { Registry } from "../between/names.ts";
import { ENDING, SIZE, SPAWNS } from "../kernel/life-words.ts";
import { ACTOR_BYTES, ARGS, FAMILY, SPEC, TAKES_MESSAGES } from "../kernel/words.ts";
import type { Actors } from "../mail/actors.ts";
import type { Parked } from "../mail/image-parked.ts";
import { keep } from "../mail/kept.ts";
import type { DerivedModule } from "../module/derived-module.ts";
import type { GuestModule } from "../module/guest-module.ts";
import type { Inspection } from "../time/inspection.ts";
import type { Notices } from "../time/notices.ts";
import type { JspiWay } from "../turns/jspi.ts";
import { reductionsFor } from "../turns/reduction-policy.ts";
import { checkOptions } from "../wire/checks.ts";
import { ClosedError, LimitError, SpawnError } from "../wire/errors.ts";
import { type Granted, type Grants, grantedBy, inBoth } from "../wire/grants.ts";
import { isHelper } from "../wire/helpers.ts";
import type { ImportObject } from "../wire/host-functions.ts";
import { type Limits, lesserOf, limitsFrom, type RuntimeLimits } from "../wire/limits.ts";
import { NOT_GRANTED, OVER_LIMIT } from "../wire/message.ts";
import { payloadFrom } from "../wire/payload.ts";
import { formatPid } from "../wire/pid.ts";
import { formatReason, reasonOfThrown } from "../wire/reason.ts";
import { defaultsFor, entryOf, firstWaitOf, waitsForGood } from "./beginning.ts";
import type { Elsewhere, Kin } from "./elsewhere.ts";
import type { Ends } from "./ends.ts";
import type { Images, Opened } from "./images.ts";
import type { Instances } from "./instances.ts";
import { isRecorded } from "./is-recorded.ts";
import type { AnyModule, Modules, Spawned } from "./modules.ts";
import {
  type DeriveOptions,
  defaultsChecks,
  deriveChecks,
  type ModuleDefaults,
  type SpawnOptions,
  spawnChecks,
} from "./spawn-options.ts";

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
  readonly #registry: Registry;
  readonly #instances: Instances;
  readonly #modules: Modules;
  readonly #images: Images;
  readonly #ends: Ends;
  readonly #granted: Granted;
  readonly #jspi: JspiWay;
  /** Null: there are no other threads. */
  elsewhere: Elsewhere | null = null;
  #stopped = false;

  /** `grants`: for the host's spawns that name none. */
  constructor(
    services: Services,
    limits: RuntimeLimits,
    notices: Notices,
    inspection: Inspection,
    actors: Actors<Actor>,
    registry: Registry,
    instances: Instances,
    modules: Modules,
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
    this.#registry = registry;
    this.#instances = instances;
    this.#modules = modules;
    this.#images = images;
    this.#ends = ends;
    this.#granted = grantedBy(grants);
    this.#jspi = jspi;
    services.account.reclaim = () => {
      instances.drop();
      this.#jspi.drop();
    };
  }

  define(name: string, given: AnyModule, defaults: ModuleDefaults): void {
    // A module without `run` and `handle` has no default entry: each spawn must name one.
    this.#modules.check(given, "define");
    const { module, template } = this.#modules.resolve(given);
    checkOptions("define", defaults, defaultsChecks);
    const limits = limitsFrom(this.#limits, defaults.limits);
    grantedBy(defaults.grants);
    const entry = entryOf(module, template, defaults.entry);
    if (defaults.entry !== undefined || module.hasEntry(entry)) {
      const way = module.wayOf(entry, defaults.way, defaults.reductions?.policy);
      reductionsFor(module, way, limits.handlerReductions, defaults.reductions);
    }
    const isWanted = this.#services.taping?.wants(name) ?? false;
    this.#modules.define(name, { given, module, template, isWanted, defaults });
  }

  /** Spawns for the host. */
  spawn(given: AnyModule | string, options: SpawnOptions, imports: ImportObject): Actor {
    checkOptions("spawn", options, spawnChecks);
    return this.spawnFor(null, given, options, imports);
  }

  /** Spawns for the host, or for the parent that lives on another thread. */
  spawnFor(kin: Kin | null, given: AnyModule | string, options: SpawnOptions, imports: ImportObject): Actor {
    const definition = this.#modules.find(given, "spawn");
    const { module, template, defaults } = definition;
    const entry = entryOf(module, template, options.entry ?? defaults.entry);
    return this.#spawnByHost(definition, { ...defaultsFor(definition, entry), ...options }, imports, undefined, kin);
  }

  /** Spawns an actor for the host that goes on with an image. */
  spawnImage(given: AnyModule | string, image: Uint8Array, options: SpawnOptions, imports: ImportObject): Actor {
    checkOptions("spawnImage", options, spawnChecks);
    const definition = this.#modules.find(given, "spawnImage");
    const opened = this.#images.open(definition.module, image, options.entry, "spawnImage");
    const { entry } = opened.parked;
    return this.#spawnByHost(definition, { ...defaultsFor(definition, entry), ...options, entry }, imports, opened);
  }

  /** A module whose actors begin as the actor of an image. One is made of the image, and never lives. */
  derive(given: AnyModule, image: Uint8Array, options: DeriveOptions, imports: ImportObject): DerivedModule {
    checkOptions("derive", options, deriveChecks);
    const definition = this.#modules.find(given, "derive");
    const { module } = definition;
    const opened = this.#images.open(module, image, undefined, "derive", options.begin);
    const { entry } = opened.parked;
    const actor = this.#makeByHost(definition, { entry, record: false }, imports, opened);
    try {
      const { name = given.name, language, inSources } = options;
      const template = this.#images.template(actor, module, opened, { name, language, inSources });
      this.#services.taping?.derived(template, definition.template, opened.bytes, options.begin ?? "parked");
      return this.#modules.add(module, template);
    } finally {
      this.#ends.endFailedSpawn(actor, { kind: "normal" });
    }
  }

  #spawnByHost(
    spawned: Spawned,
    options: SpawnOptions,
    imports: ImportObject,
    image?: Opened,
    kin: Kin | null = null,
  ): Actor {
    const { name } = options;
    const actor = this.#makeByHost(spawned, options, imports, image, kin);
    const owner = name === undefined ? undefined : this.#registry.whereis(name);
    if (owner !== undefined) {
      this.#ends.endFailedSpawn(actor, { kind: "normal" });
      throw new SpawnError(`${spawned.module.name} cannot be called ${name}: ${formatPid(owner.pid)} has that name`);
    }
    this.#begin(actor, image?.parked ?? firstWaitOf(spawned.template));
    if (name !== undefined) this.#registry.register(name, actor);
    return actor;
  }

  #makeByHost(
    spawned: Spawned,
    options: SpawnOptions,
    imports: ImportObject,
    image?: Opened,
    kin: Kin | null = null,
  ): Actor {
    const granted = options.grants === undefined ? this.#granted : grantedBy(options.grants);
    const limits = options.limits === undefined ? this.#limits : limitsFrom(this.#limits, options.limits);
    if (limits.familyActors < 1) throw new SpawnError(`${spawned.module.name}: its limit familyActors is 0`);
    const { args } = options;
    const bytes = args === undefined ? noArgs : payloadFrom(args).slice();
    return this.#make(spawned, options, bytes, limits, granted, kin, imports, image);
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
    const definition = this.#modules.definition(name);
    if (granted.spawn !== "any" && !granted.spawn.has(name)) return NOT_GRANTED;
    if (definition === undefined) return SpawnStatus.noSuchModule;
    const { module, template, defaults } = definition;
    const wanted = entry === "" ? (template?.parked.entry ?? defaults.entry ?? module.defaultEntry) : entry;
    if (!module.hasEntry(wanted) || (template !== null && wanted !== template.parked.entry))
      return SpawnStatus.noSuchEntry;
    const { limits } = family;
    if (family.count(SIZE) >= limits.familyActors || this.#actors.size >= this.#limits.actors) return OVER_LIMIT;
    // A guest that spawns and kills in one turn keeps instances whose ends are not told: at most as
    // many again.
    if (family.count(SIZE) + family.count(ENDING) >= 2 * limits.familyActors) return OVER_LIMIT;
    if (!family.take(SPAWNS, this.#services.clock.now(), 1, limits.spawnsPerSecond)) return OVER_LIMIT;
    const given = defaults.grants === undefined ? granted : inBoth(granted, grantedBy(defaults.grants));
    const { placement = "here" } = defaults;
    try {
      const childLimits = lesserOf(parent.limits, limitsFrom(this.#limits, defaults.limits));
      const options = { ...defaultsFor(definition, wanted), entry: wanted };
      const elsewhere = this.elsewhere?.child(parent, name, placement, wanted, args, childLimits, given);
      if (elsewhere !== undefined) return elsewhere;
      const child = this.#make(definition, options, args, childLimits, given, parent, imports);
      const wait = firstWaitOf(template);
      this.#begin(child, wait);
      // What the kernel has adopted, it spawns here.
      if (placement === "here" && (wait === undefined || waitsForGood(wait))) {
        this.#services.specs.adopt(parent.word(SPEC), name, entry, child.word(SPEC));
      }
      return child;
    } catch (error) {
      if (error instanceof LimitError) return OVER_LIMIT;
      warn(`spawn of ${name}: ${error instanceof Error ? error.message : error}`, WARNING_BYTES);
      return SpawnStatus.failed;
    }
  }

  /** Makes an actor, whose life `#begin` begins. `args` belongs to the actor from now on. */
  #make(
    { module, template, isWanted = false }: Spawned,
    options: ModuleDefaults,
    args: Uint8Array,
    limits: Limits,
    granted: Granted,
    parent: Kin | null,
    imports: ImportObject,
    image?: Opened,
  ): Actor {
    if (this.#stopped) throw new ClosedError("the runtime is stopped: make another to spawn actors");
    const services = this.#services;
    const entry = entryOf(module, template, options.entry);
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
    const wanted: Spec = { module, template, entry, way, limits, granted, reductions, isRecorded: false };
    const spec: Spec = { ...wanted, isRecorded: isRecorded(wanted, options.record, isWanted, services) };
    const actor = this.#actors.add(record => Actor.begin(record, spec, services));
    if (parent !== null) actor.setParent(parent.lo, parent.hi);
    const family = parent?.family ?? Family.found(spec, services.kernel, services.specs);
    actor.setColdWord(FAMILY, family.address);
    family.add(SIZE, 1);
    actor.setColdWord(ARGS, keep(services.kernel, args));
    countSpawn(actor);
    this.#instantiate(actor, module, isFiber ? this.#jspi.bind(actor, imports) : undefined, image);
    return actor;
  }

  /** An actor is alive. It waits like this, or else begins with its first turn. */
  #begin(actor: Actor, parked: Parked | undefined): void {
    this.#ends.begin(actor);
    // In a simulation nothing that an actor does to another one passes by the host.
    actor.setFlag(TAKES_MESSAGES, this.#services.transit?.takesAll !== true);
    tellSpawn(this.#inspection, actor);
    if (parked === undefined) actor.wake();
    else this.#images.park(actor, parked);
  }

  #instantiate(actor: Actor, module: GuestModule, bound: ImportObject | undefined, image: Opened | undefined): void {
    const { kernel } = this.#services;
    const before = kernel.current;
    this.#notices.hold();
    try {
      // A start function may call imports.
      kernel.current = actor;
      this.#instances.prepare(actor, module, bound);
      if (actor.spec.template !== null) this.#images.check(actor, module);
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

/** Tells listeners that an actor is alive: a guest or a host mailbox. */
export function tellSpawn(inspection: Inspection, { pid, module, spec, entry, parent }: Actor): void {
  if (!inspection.wants("spawn") || isHelper(spec)) return;
  inspection.tell({
    kind: "spawn",
    pid,
    module: moduleNameOf(spec),
    entry: module === null ? undefined : entry,
    parent,
  });
}
