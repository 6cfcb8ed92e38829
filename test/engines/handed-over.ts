/**
 * The smoke suite where WebAssembly may not be compiled at run time, and what isopod says there about what
 * cannot be done. Portable, like smoke.ts.
 */
import { Runtime } from "../../host/index.ts";
import { type Outcome, type SmokeOptions, smoke } from "./smoke.ts";

export interface HandedOver {
  readonly kernel: WebAssembly.Module;
  readonly handler: WebAssembly.Module;
  readonly asyncify: WebAssembly.Module;
  readonly jspi: WebAssembly.Module;
  readonly engine: WebAssembly.Module;
}

const TRUSTED = { trusted: true };
/** The beginning of every module. */
const BYTES = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

export async function handedOver(modules: HandedOver, options: SmokeOptions): Promise<Outcome[]> {
  const { kernel, handler, asyncify, jspi, engine } = modules;
  const outcomes = await smoke({ handler, asyncify, engine }, { ...options, runtime: { kernel }, load: TRUSTED });
  const runtime = new Runtime({ kernel });
  const refusals = {
    "a runtime without the compiled kernel is an EngineError that names isopod/kernel.wasm": await refusal(
      () => new Runtime(),
      /^EngineError: this engine compiles no WebAssembly at run time .*isopod\/kernel\.wasm/,
    ),
    "loading bytes is a LoadError that names isopod build --trusted": await refusal(
      () => runtime.load(BYTES),
      /^LoadError: guest cannot be compiled, because .*isopod build --trusted/,
    ),
    "loading bytes as trusted is one, too": await refusal(
      () => runtime.load(BYTES, TRUSTED),
      /^LoadError: guest cannot be compiled, because .*isopod build --trusted/,
    ),
    "spawning a guest that parks by JSPI is a SpawnError that says how to build it": await refusal(
      async () => runtime.spawn(await runtime.load(jspi, TRUSTED)),
      /^SpawnError: guest waits by JSPI, .*without --park jspi/,
    ),
  };
  await runtime.stop();
  return [...outcomes, ...Object.entries(refusals).map(([name, error]) => ({ name, ms: 0, error }))];
}

/** What is wrong with how it is refused; undefined: nothing. */
async function refusal(run: () => unknown, words: RegExp): Promise<string | undefined> {
  try {
    await run();
  } catch (error) {
    const said = String(error);
    return words.test(said) ? undefined : said;
  }
  return "it is not refused";
}
