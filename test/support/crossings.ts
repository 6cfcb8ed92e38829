/**
 * Counts calls across the border of WebAssembly, at the runtime's own seam: where it makes an
 * instance of a guest. What the guest calls of the host (`send`, `recv`) and what the host calls of
 * the guest (`handle`, `resume:run`) are counted by their names.
 */
import { vi } from "vitest";

/** How often each was called. */
export type Crossings = Readonly<Record<string, number>>;

export class CrossingCounter {
  #counted = new Map<string, number>();

  /**
   * From now on every guest is counted; `vi.unstubAllGlobals` ends that. Guests that wait by JSPI
   * are not: engines refuse wrapped imports there.
   */
  static install(): CrossingCounter {
    const counter = new CrossingCounter();
    const Instance = new Proxy(WebAssembly.Instance, {
      construct(target, [module, imports]: [WebAssembly.Module, Record<string, Functions> | undefined]) {
        // The switch's gate: what guests and their ports ask the host for.
        if (imports?.host?.call !== undefined) {
          const counted = Object.entries(imports).map(([name, functions]) => [name, counter.#wrap(functions)]);
          return new target(module, Object.fromEntries(counted) as WebAssembly.Imports);
        }
        if (imports?.actor !== undefined) {
          const { exports } = new target(module, {
            ...imports,
            actor: counter.#wrap(imports.actor),
          } as WebAssembly.Imports);
          // What the switch calls must be the engine's own; it gives the turns, and the host calls
          // nothing but `run` below.
          return { exports: isNative(imports.actor.send) ? exports : counter.#wrap(exports as Functions) };
        }
        const instance = new target(module, imports as WebAssembly.Imports | undefined);
        // The switch: what the host calls of its loop.
        if (imports?.switch === undefined || imports.gate !== undefined) return instance;
        const { turns, run } = instance.exports;
        return { exports: { turns, ...counter.#wrap({ run }) } };
      },
    });
    vi.stubGlobal("WebAssembly", Object.create(WebAssembly, { Instance: { value: Instance } }));
    return counter;
  }

  /** What is called while that goes on. */
  async during(act: () => Promise<void>): Promise<Crossings> {
    this.#counted = new Map();
    await act();
    return Object.fromEntries(this.#counted);
  }

  #wrap(functions: Functions): Functions {
    return Object.fromEntries(
      Object.entries(functions).map(([name, original]) => {
        // From WebAssembly to WebAssembly crosses no border.
        if (
          typeof original !== "function" ||
          (isNative(original) && !["run", "handle"].includes(name) && !name.startsWith("resume:"))
        ) {
          return [name, original];
        }
        const counted = (...args: unknown[]) => {
          this.#counted.set(name, (this.#counted.get(name) ?? 0) + 1);
          return original(...args);
        };
        return [name, counted];
      }),
    );
  }
}

type Functions = Record<string, unknown>;

/** Whether a function is an instance's export. */
function isNative(original: unknown): boolean {
  return typeof original === "function" && String(original).includes("[native code]");
}

/**
 * What so many more messages add to the crossings, for each of them: what begins and ends a game is
 * in both. Zeros are left out.
 */
export function perMessage(few: Crossings, many: Crossings, messages: number): Crossings {
  const names = [...new Set([...Object.keys(few), ...Object.keys(many)])].sort();
  const added = names.map(name => [name, ((many[name] ?? 0) - (few[name] ?? 0)) / messages] as const);
  return Object.fromEntries(added.filter(([, crossings]) => crossings !== 0));
}
