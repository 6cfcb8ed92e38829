/**
 * What can be spawned: modules, modules by a name, and derived modules. A derived module has a *template*
 * in the runtime that derived it: the first state of its actors, and how they wait at first. A module that
 * was unloaded can be spawned no more. What the kernel has for it is freed when its last actor has ended.
 */
import type { Services } from "../actor/actor.ts";
import type { Spec, Template } from "../actor/spec.ts";
import { DerivedModule } from "../module/derived-module.ts";
import { GuestModule } from "../module/guest-module.ts";
import { SpawnError } from "../wire/errors.ts";
import type { Instances } from "./instances.ts";
import type { ModuleDefaults } from "./spawn-options.ts";

/** What `spawn` takes. */
export type AnyModule = GuestModule | DerivedModule;

/** A module as it is spawned. */
export interface Spawned {
  readonly module: GuestModule;
  readonly template: Template | null;
  /** The recorder wants the actors of its name. */
  readonly isWanted?: boolean;
}

/** A module, or one that can be spawned by a name, as it was given. */
export interface Definition extends Spawned {
  readonly given: AnyModule;
  readonly defaults: ModuleDefaults;
}

export class Modules {
  readonly #services: Services;
  readonly #instances: Instances;
  readonly #definitions = new Map<string, Definition>();
  readonly #templates = new WeakMap<DerivedModule, Template>();
  readonly #unloaded = new WeakSet<AnyModule>();
  /** Modules that were unloaded and still have actors, each with the module that has its code. */
  readonly #leaving = new Map<GuestModule | Template, GuestModule>();
  /** Derived modules that the embedder has forgotten are unloaded. */
  readonly #onGone: FinalizationRegistry<Spawned>;

  constructor(services: Services, instances: Instances) {
    this.#services = services;
    this.#instances = instances;
    this.#onGone = new FinalizationRegistry(spawned => this.#leave(spawned));
    services.specs.onDropped = () => this.#free();
  }

  /** Throws a TypeError unless it is a module. Node runs TypeScript without checking types. */
  check(module: unknown, where: string): asserts module is AnyModule {
    if (module instanceof GuestModule || module instanceof DerivedModule) return;
    const isPromise = typeof module === "object" && module !== null && "then" in module;
    const what = isPromise ? "a promise: await it" : "loaded: load it first, await runtime.load(…)";
    throw new TypeError(`${where} takes what load() resolves to; this is ${isPromise ? "" : "not "}${what}`);
  }

  /** Throws a SpawnError where the module was unloaded, or derived by another runtime. */
  resolve(module: AnyModule): Spawned {
    if (this.#unloaded.has(module)) throw new SpawnError(`${module.name} was unloaded: load or derive it again`);
    if (module instanceof GuestModule) return { module, template: null };
    const template = this.#templates.get(module);
    if (template === undefined) throw new SpawnError(`${module.name} was derived by another runtime: derive it here`);
    return { module: module.base, template };
  }

  define(name: string, definition: Definition): void {
    this.#definitions.set(name, definition);
    this.#services.specs.forgetChildren();
  }

  definition(name: string): Definition | undefined {
    return this.#definitions.get(name);
  }

  /** A module, or what is defined by a name. Throws a TypeError or a SpawnError where there is none. */
  find(module: AnyModule | string, where: string): Definition {
    if (typeof module !== "string") {
      this.check(module, where);
      return { given: module, ...this.resolve(module), defaults: {} };
    }
    const definition = this.definition(module);
    if (definition !== undefined) return definition;
    const known = [...this.#definitions.keys()].join(", ") || "none yet";
    const isPath = /\.(ts|m?js|wasm)$/.test(module) ? "; to spawn a file, load it first" : "";
    throw new SpawnError(`no module is defined as ${module}; defined are: ${known}${isPath}`);
  }

  /** A derived module with this template. */
  add(module: GuestModule, template: Template): DerivedModule {
    const derived = new DerivedModule(module, template.parked.entry, template.name);
    this.#templates.set(derived, template);
    this.#onGone.register(derived, { module, template }, derived);
    return derived;
  }

  /** A module can be spawned no more, nor can the names that are defined as it. False: it was unloaded before. */
  unload(module: AnyModule): boolean {
    this.check(module, "unload");
    if (this.#unloaded.has(module)) return false;
    const spawned = this.resolve(module);
    this.#unloaded.add(module);
    for (const [name, { given }] of this.#definitions) if (given === module) this.#definitions.delete(name);
    this.#services.specs.forgetChildren();
    if (spawned.template !== null) this.#onGone.unregister(module);
    this.#leave(spawned);
    return true;
  }

  #leave({ module, template }: Spawned): void {
    this.#leaving.set(template ?? module, module);
    this.#free();
  }

  /** Frees what no actor has any more. */
  #free(): void {
    const { specs } = this.#services;
    for (const [leaving, base] of this.#leaving) {
      const hasActors = (of: GuestModule | Template) =>
        specs.some(({ module, template }: Spec) => module === of || template === of);
      if (hasActors(leaving)) continue;
      this.#leaving.delete(leaving);
      if (!(leaving instanceof GuestModule)) this.#instances.dropState(leaving.state);
      // Actors of derived modules may have needed instances after their base was unloaded.
      if (leaving === base || (this.#unloaded.has(base) && !hasActors(base))) this.#instances.dropPools(base);
    }
  }
}
