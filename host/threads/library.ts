/** The modules that all threads of a runtime have, by number. Thread 0 loads them and gives out the numbers. */
import type { AnyModule } from "../life/modules.ts";
import { SpawnError } from "../wire/errors.ts";

export class Library {
  readonly #modules = new Map<number, AnyModule>();
  readonly #numbers = new WeakMap<AnyModule, number>();
  #last = 0;

  /** Thread 0 has a new module. Answers its number. */
  add(module: AnyModule): number {
    this.#last++;
    this.put(this.#last, module);
    return this.#last;
  }

  put(number: number, module: AnyModule): void {
    this.#modules.set(number, module);
    this.#numbers.set(module, number);
  }

  at(number: number): AnyModule {
    const module = this.#modules.get(number);
    if (module === undefined) throw new SpawnError("the module was unloaded, or this thread never had it");
    return module;
  }

  /** The number of a module. Throws a SpawnError where this runtime has not loaded it. */
  numberOf(module: AnyModule): number {
    const number = this.#numbers.get(module);
    if (number === undefined)
      throw new SpawnError(`${module.name} was loaded by another runtime: load it with this one`);
    return number;
  }

  /** The module that was loaded last with this name. */
  named(name: string | undefined): AnyModule | undefined {
    return [...this.#modules.values()].findLast(module => module.name === name);
  }

  remove(number: number): void {
    this.#modules.delete(number);
  }
}
