/**
 * Counts calls across the border of WebAssembly, at the runtime's own seam: where it makes an
 * instance. Counted by their names are what the host calls of the kernel (`run`, `deliver`), and
 * what guests, ports and the kernel call of the host (`send`, `charge`, `host.call`). What a guest
 * calls of its port, and what a port calls of its guest, crosses no border.
 */
import { vi } from "vitest";

/** How often each was called. */
export type Crossings = Readonly<Record<string, number>>;

type Functions = Readonly<Record<string, unknown>>;
/** What an instance imports, by module. */
type Imports = Readonly<Record<string, Functions>>;

export class CrossingCounter {
  #counted = new Map<string, number>();

  /**
   * From now on every runtime that is made is counted; `vi.unstubAllGlobals` ends that. What guests
   * that wait by JSPI call of the host is not: engines refuse wrapped imports there.
   */
  static install(): CrossingCounter {
    const counter = new CrossingCounter();
    const Instance = new Proxy(WebAssembly.Instance, {
      construct(target, [module, imports = {}]: [WebAssembly.Module, Imports?]) {
        const make = (given: Imports) => new target(module, given as WebAssembly.Imports);
        // The gate: what guests and ports ask the host for.
        if (imports.host?.call !== undefined) {
          return make(
            Object.fromEntries(Object.entries(imports).map(([name, functions]) => [name, counter.#wrap(functions)])),
          );
        }
        // The kernel: the host calls its exports. A port's memory of the guest is another one.
        if (imports.kernel !== undefined && imports.kernel.memory === imports.guest?.memory) {
          const { exports } = make({ ...imports, gate: counter.#wrap(imports.gate) });
          return { exports: counter.#wrap(exports) };
        }
        // A guest whose types the host does not know imports functions of JavaScript.
        if (imports.actor !== undefined && !isOfWebAssembly(imports.actor.send)) {
          return make({ ...imports, actor: counter.#wrap(imports.actor) });
        }
        return make(imports);
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
        if (typeof original !== "function") return [name, original];
        const counted = (...args: unknown[]) => {
          this.#counted.set(name, (this.#counted.get(name) ?? 0) + 1);
          return original(...args);
        };
        return [name, counted];
      }),
    );
  }
}

/** Whether a function is an instance's export. */
function isOfWebAssembly(original: unknown): boolean {
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
