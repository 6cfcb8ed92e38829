/**
 * The worker that `build.ts` starts. It compiles the entries that it is posted, one after another.
 *
 * Guarantee: for each entry it posts a `Compiled`, or the worker ends.
 */
import { parentPort } from "node:worker_threads";
import type { Compiled } from "./compiled.ts";
import { compile } from "./compiler.ts";
import type { CompileOptions } from "./options.ts";

export interface CompileRequest {
  entry: string;
  options: CompileOptions;
}

/**
 * `log` is what the compiler wrote while it crashed. It is posted because the streams of an ending
 * worker may be cut off.
 */
export type CompileReply = { compiled: Compiled } | { log: string };

const port = parentPort;
if (!port) throw new Error("compile-worker runs in a worker thread: call build()");

const reply = (message: CompileReply) => port.postMessage(message);

// asc and Binaryen write only here before they end the worker.
console.error = (...parts: unknown[]) => reply({ log: `${parts.join(" ")}\n` });

port.on("message", async ({ entry, options }: CompileRequest) => {
  reply({ compiled: await compile(entry, options) });
});
