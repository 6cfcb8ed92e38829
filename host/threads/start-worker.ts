/** Starts a worker: one of Node's worker threads, or one of a page's workers. */
import type { FromWorker, ToWorker } from "./protocol.ts";

/** A worker as thread 0 sees it. */
export interface Started {
  post(message: ToWorker, transfer?: readonly unknown[]): void;
  onMessage: (message: FromWorker) => void;
  /** The worker has ended, or has failed. Called once. */
  onEnd: (why: string) => void;
  terminate(): void;
}

/** Undefined in pages, and in engines without Node's modules. */
function nodeThreads(): typeof import("node:worker_threads") | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): unknown } };
  return process?.getBuiltinModule?.("node:worker_threads") as typeof import("node:worker_threads") | undefined;
}

export function startWorker(thread: number): Started {
  const node = nodeThreads();
  return node === undefined ? startInPage(thread) : startInNode(node, thread);
}

function startInNode({ Worker }: typeof import("node:worker_threads"), thread: number): Started {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { name: `isopod thread ${thread}` });
  const started: Started = {
    post: (message, transfer = []) => worker.postMessage(message, transfer as never),
    onMessage: () => undefined,
    onEnd: () => undefined,
    terminate: () => void worker.terminate(),
  };
  const end = once((why: string) => started.onEnd(why));
  worker.on("message", message => started.onMessage(message));
  worker.on("error", error => end(textOf(error)));
  worker.on("exit", code => end(`it has ended with code ${code}`));
  return started;
}

function startInPage(thread: number): Started {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), {
    type: "module",
    name: `isopod thread ${thread}`,
  });
  const started: Started = {
    post: (message, transfer = []) => worker.postMessage(message, transfer as Transferable[]),
    onMessage: () => undefined,
    onEnd: () => undefined,
    terminate: () => {
      worker.terminate();
      end("it was terminated");
    },
  };
  const end = once((why: string) => started.onEnd(why));
  let isReady = false;
  worker.onmessage = ({ data }) => {
    if ("ready" in data) isReady = true;
    started.onMessage(data);
  };
  worker.onerror = event => {
    // Later errors are those of the embedder's functions. The page reports them, and the worker goes on.
    if (isReady) return;
    event.preventDefault();
    worker.terminate();
    end(event.message || "its code could not be loaded");
  };
  return started;
}

function once(call: (why: string) => void): (why: string) => void {
  let isCalled = false;
  return why => {
    if (isCalled) return;
    isCalled = true;
    call(why);
  };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
