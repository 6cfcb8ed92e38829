/**
 * The worker that `build.ts` starts. It compiles the entries that it is posted, one after another.
 *
 * Guarantee: for each entry it posts a `Compiled`, or the worker ends.
 *
 * It listens before it loads the compiler, and posts `ready` then. In Deno, a message is lost that
 * comes before the worker listens. In Bun, a worker ends that waits for its imports and for nothing
 * else.
 */
import { parentPort } from "node:worker_threads";
import { hashOf, type Inputs } from "./cache.ts";
import type { Compiled } from "./compiled.ts";
import type { CompileOptions } from "./options.ts";

export interface CompileRequest {
  entry: string;
  options: CompileOptions;
}

/**
 * `ready` comes once, and then the worker listens.
 * `log` is what the compiler wrote while it crashed. It is posted because the streams of an ending
 * worker may be cut off.
 */
export type CompileReply = { ready: true } | { compiled: Compiled; inputs: Inputs } | { log: string };

const port = parentPort;
if (!port) throw new Error("compile-worker runs in a worker thread: call build()");

const reply = (message: CompileReply) => port.postMessage(message);

// asc and Binaryen write only here before they end the worker.
console.error = (...parts: unknown[]) => reply({ log: `${parts.join(" ")}\n` });

port.on("message", async ({ entry, options }: CompileRequest) => {
  const { compile } = await compiler;
  const inputs = new Map<string, string | null>();
  const compiled = await compile(entry, options, (file, content) => {
    inputs.set(file, content === null ? null : hashOf(content));
  });
  reply({ compiled, inputs: [...inputs] });
});

const compiler = import("./compiler.ts");
reply({ ready: true });
