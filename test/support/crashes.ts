/**
 * Recordings of all examples and all guests of the benchmarks, each killed by a trap: code is added to them that traps
 * when they were called so many times, by a turn or for an item.
 */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import binaryen from "binaryen";
import { compiled } from "../../bench/harness/compiled.ts";
import { maker } from "../../bench/harness/scenario-runtime.ts";
import { type ActorExit, type Recording, Runtime } from "../../host/index.ts";
import { recorder } from "../../host/replay.ts";
import { GUEST_FOLDERS } from "./compile-guests.ts";
import { buildGuest, quiet } from "./guests.ts";
import { small, tiny } from "./scenario-sizes.ts";

/** After how many calls they trap. */
const LAST_CALLS = [6, 1, 0];
/** More recordings of one module are alike. */
const MOST_OF_A_MODULE = 3;
/** Of examples that have no usual entry. */
const ENTRIES: Readonly<Record<string, readonly string[]>> = { "table-tennis": ["pong", "ping"] };
const LIMITS = { familyActors: 2 ** 20, spawnsPerSecond: 1e7, timers: 1e6, ties: 100_000, mailboxMessages: 2 ** 21 };

export class Crashes {
  readonly #byModule = new Map<string, Recording[]>();

  /** Whether an actor of a module has crashed. */
  has(module: string): boolean {
    return (this.#byModule.get(module)?.length ?? 0) > 0;
  }

  /** One of each module. */
  get ofEach(): Recording[] {
    return [...this.#byModule.values()].flatMap(recordings => recordings[0] ?? []);
  }

  get all(): Recording[] {
    return [...this.#byModule.values()].flat();
  }

  readonly noted = ({ module = "", recording }: ActorExit): void => {
    const known = this.#byModule.get(module) ?? [];
    this.#byModule.set(module, known);
    if (recording !== undefined && known.length < MOST_OF_A_MODULE) known.push(recording);
  };

  runtime(): Runtime {
    return new Runtime({
      ...{ grants: "all", limits: LIMITS, onLog: () => {}, onExit: this.noted },
      record: recorder({ modules: "all", bytes: 16_384 }),
    });
  }
}

/**
 * Plays every scenario of the benchmarks, with each of its guests mortal in turn. Most rounds fail then.
 */
export async function crashesOfScenarios(): Promise<Crashes> {
  const crashes = new Crashes();
  const { make } = maker;
  for (const name of Object.keys(tiny)) {
    const scenario = small(name);
    for (const style of scenario.styles.filter(style => style !== "jspi")) {
      const files = new Set<string>();
      let victim = "";
      let lastCall = 0;
      maker.make = async guests => {
        const runtime = crashes.runtime();
        for (const [name, file] of Object.entries(guests)) {
          files.add(file);
          const wasm = await compiled(file, "asyncify");
          runtime.define(name, await runtime.load(file === victim ? mortal(wasm, lastCall) : wasm, { name: file }));
        }
        return runtime as Awaited<ReturnType<typeof maker.make>>;
      };
      const play = async () => {
        const prepared = await scenario.prepare(scenario.parameters, style);
        // A conductor whose partner has died may wait for ever.
        await Promise.race([prepared.round().catch(() => {}), patience()]);
        await prepared.stop();
      };
      // Finds out which guests the scenario has.
      await play();
      for (victim of files) {
        for (lastCall of LAST_CALLS) if (!crashes.has(victim)) await play();
      }
    }
  }
  maker.make = make;
  return crashes;
}

/** Enough for a tiny round. */
async function patience(): Promise<void> {
  for (let i = 0; i < 100; i++) await quiet();
}

/** The same guest, which traps when it was called so many times. */
function mortal(wasm: Uint8Array<ArrayBuffer>, lastCall: number): Uint8Array<ArrayBuffer> {
  const { i32, none } = binaryen;
  const module = binaryen.readBinary(wasm);
  try {
    module.setFeatures(binaryen.Features.All);
    module.addGlobal("lives", i32, true, module.i32.const(lastCall));
    const dies = module.block(null, [
      module.if(module.i32.eqz(module.global.get("lives", i32)), module.unreachable()),
      module.global.set("lives", module.i32.sub(module.global.get("lives", i32), module.i32.const(1))),
    ]);
    const exported = Array.from({ length: module.getNumExports() }, (_, i) =>
      binaryen.getExportInfo(module.getExportByIndex(i)),
    );
    const parks = exported.some(({ name }) => name.startsWith("resume:"));
    // A guest that waits for nothing has no other code that is called.
    const called = parks ? /^(resume:.*|handle)$/ : /^(run|handle)$/;
    for (const { name, value } of exported.filter(({ name }) => called.test(name))) {
      const { params, results } = binaryen.getFunctionInfo(module.getFunction(value));
      const call = module.call(value, params === none ? [] : [module.local.get(0, i32)], results);
      const body = module.block(null, [module.copyExpression(dies), call], results);
      module.addFunction(`mortal:${name}`, params, results, [], body);
      module.removeExport(name);
      module.addFunctionExport(`mortal:${name}`, name);
    }
    return new Uint8Array(module.emitBinary());
  } finally {
    module.dispose();
  }
}

/** Spawns every example, and sends it messages of all lengths. */
export async function crashesOfExamples(): Promise<Crashes> {
  const crashes = new Crashes();
  const files = readdirSync(fileURLToPath(GUEST_FOLDERS.examples)).filter(name => name.endsWith(".ts"));
  const names = files.map(name => name.slice(0, -".ts".length));
  const built = await Promise.all(names.map(name => buildGuest("examples", name, "asyncify")));
  for (const lastCall of LAST_CALLS) {
    const runtime = crashes.runtime();
    for (const [i, name] of names.entries()) {
      const wasm = mortal(built[i], lastCall);
      runtime.define(name, await runtime.load(wasm, { name, reductions: "count" }), {
        reductions: { policy: "kill", perTurn: 1_000_000 },
      });
    }
    for (const name of names) {
      for (const entry of ENTRIES[name] ?? [undefined]) {
        const pid = runtime.spawn(name, { args: new Uint8Array(32), ...(entry === undefined ? {} : { entry }) });
        for (let length = 0; length < 24; length++) {
          runtime.send(pid, new Uint8Array(length), { tag: length % 3 });
          if (length % 4 === 0) await quiet();
        }
      }
    }
    await quiet();
    await runtime.stop();
  }
  return crashes;
}
