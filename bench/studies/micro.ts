/**
 * Micro benchmarks of single parts: the kernel's mailbox, calls between JavaScript and WebAssembly,
 * instantiation and spawn. Use them to compare two versions on one machine. The scenario ping-pong
 * measures a whole message.
 *
 *     npm run bench:micro
 */
import binaryen from "binaryen";
import { Bench } from "tinybench";
import { HI, LO } from "../../host/kernel/words.ts";
import { Actors } from "../../host/mail/actors.ts";
import { Kernel } from "../../host/mail/kernel.ts";
import { Mailbox } from "../../host/mail/mailbox.ts";
import { engineFlags, engineName } from "../../host/node/engine.ts";
import { createRuntime } from "../../host/node/index.ts";
import { MESSAGE } from "../../host/wire/message.ts";
import { compiledExamples } from "../harness/compiled.ts";

/**
 * Short operations are repeated between two readings of the clock, because reading it takes longer
 * than they do.
 */
const REPEATS = 1000;

const bench = new Bench({ time: 300, warmupTime: 100 });
/** The number of operations in one call of a task, by its name. */
const operations = new Map<string, number>();

function addRepeated(name: string, operation: () => void): void {
  operations.set(name, REPEATS);
  bench.add(name, () => {
    for (let i = 0; i < REPEATS; i++) operation();
  });
}

const kernel = new Kernel();
const actors = new Actors(kernel);
for (const bytes of [8, 1024]) {
  const source = new Uint8Array(bytes);
  const target = new Uint8Array(bytes);
  const owner = actors.add(record => ({ lo: kernel.word(record + LO), hi: kernel.word(record + HI), record }));
  const mailbox = new Mailbox(kernel, owner);
  addRepeated(`kernel deliver + take, ${bytes} bytes`, () => {
    kernel.deliver(owner.record, MESSAGE, 0, 1, 0, 0, 0, source);
    const at = mailbox.first();
    target.set(kernel.payload(at));
    mailbox.remove(at);
  });
}

const crossing = crossingModule((value: number) => value);
addRepeated("js → wasm call, i32", () => {
  crossing.identity(1);
});
operations.set("wasm → js call, i32", REPEATS);
bench.add("wasm → js call, i32", () => {
  crossing.callOften(REPEATS);
});

const [pong, hello] = await compiledExamples("pong", "hello");
const pongModule = new WebAssembly.Module(pong);
const imports = importsFor(pongModule);
bench.add("instantiate pong.ts with its memory", () => {
  imports.env.memory = new WebAssembly.Memory({ initial: 1, maximum: 256 });
  new WebAssembly.Instance(pongModule, imports);
});

const runtime = createRuntime({ grants: "all", onLog: () => {} });
const helloModule = await runtime.load(hello, { name: "hello.ts" });
bench.add("spawn hello.ts to its exit", () => runtime.exited(runtime.spawn(helloModule)), { async: true });

await bench.run();
await runtime.stop();

console.log(`${engineName()} ${engineFlags().join(" ")}`);
console.table(
  bench.tasks.map(({ name, result }) => {
    if (!("latency" in result)) throw new Error(`${name}: ${"error" in result ? result.error : result.state}`);
    const { latency } = result;
    const nanoseconds = (ms: number) => Number(((ms * 1e6) / (operations.get(name) ?? 1)).toPrecision(3));
    return {
      operation: name,
      "ns, median": nanoseconds(latency.p50),
      "ns, p99": nanoseconds(latency.p99),
      "± %": Number(latency.rme.toFixed(1)),
      samples: latency.samplesCount,
    };
  }),
);

/** A module that does nothing but cross the border in both directions. */
function crossingModule(imported: (value: number) => number) {
  const module = binaryen.parseText(`(module
    (import "js" "identity" (func $imported (param i32) (result i32)))
    (func (export "identity") (param i32) (result i32) (local.get 0))
    (func (export "callOften") (param $n i32) (result i32) (local $sum i32)
      (loop $again
        (local.set $sum (i32.add (local.get $sum) (call $imported (local.get $n))))
        (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $sum)))`);
  const wasm = module.emitBinary() as Uint8Array<ArrayBuffer>;
  module.dispose();
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm), { js: { identity: imported } });
  return exports as { identity(value: number): number; callOften(times: number): number };
}

/** Functions that do nothing, for all imports of the module. */
function importsFor(module: WebAssembly.Module): Record<string, Record<string, WebAssembly.ImportValue>> {
  const all: Record<string, Record<string, WebAssembly.ImportValue>> = { actor: {}, env: {} };
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    if (kind === "function") all[from][name] = () => 0;
  }
  return all;
}
