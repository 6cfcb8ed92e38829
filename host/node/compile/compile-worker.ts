/**
 * Runs in the thread that `build.ts` starts: compiles one entry after another, as they are posted.
 *
 * Guarantee: for each entry it posts a `Compiled`, or the thread ends.
 */
import { parentPort } from "node:worker_threads";
import type { Compiled } from "./compiled.ts";
import { compile } from "./compiler.ts";
import type { CompileOptions } from "./options.ts";

export interface CompileRequest {
  entry: string;
  options: CompileOptions;
}

/** `log`: what the compiler wrote while it crashed, which is posted because a stream of an ending thread may be cut off. */
export type CompileReply = { compiled: Compiled } | { log: string };

const port = parentPort;
if (!port) throw new Error("compile-worker runs in a worker thread: call build()");

const reply = (message: CompileReply) => port.postMessage(message);

// asc and Binaryen write here, and only here, before they end the thread.
console.error = (...parts: unknown[]) => reply({ log: `${parts.join(" ")}\n` });

port.on("message", async ({ entry, options }: CompileRequest) => {
  reply({ compiled: await compile(entry, options) });
});
