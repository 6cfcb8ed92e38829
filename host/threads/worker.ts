/**
 * What runs on each thread but the first: a runtime of its own, and the ways to the others. It listens before it does
 * anything else, and says so, because some engines lose a message that comes too early.
 */
import { readString } from "../adapters/assemblyscript.ts";
import type { Cbor } from "../adapters/codec.ts";
import type { RuntimeOptions } from "../options.ts";
import { partsOf, Runtime } from "../runtime.ts";
import { Crew } from "./crew.ts";
import type { Beginning, FromWorker, ToWorker, WorkerOptions } from "./protocol.ts";
import { runSetup, type ThreadSetup } from "./setup.ts";
import { SharedSpace } from "./shared.ts";
import { adopt } from "./shared-module.ts";
import { Thread } from "./thread.ts";

/** The port to thread 0: Node's, or that of a page's worker. */
interface ParentPort {
  postMessage(message: FromWorker): void;
  onmessage: ((event: { readonly data: ToWorker }) => void) | null;
}

const { process } = globalThis as { process?: { getBuiltinModule?(name: string): unknown } };
const node = process?.getBuiltinModule?.("node:worker_threads") as { parentPort: ParentPort | null } | undefined;
const port = node?.parentPort ?? (globalThis as unknown as ParentPort);
const ZERO = { thread: 0, node: 0 };

let crew: Crew | undefined;
let runtime: Runtime | undefined;

port.onmessage = ({ data }) => {
  if ("begin" in data) {
    begin(data.begin).then(
      () => port.postMessage({ ready: true }),
      error => port.postMessage({ failed: error instanceof Error ? error.message : String(error) }),
    );
  } else if ("lost" in data) {
    crew?.lose(data.lost);
  } else if ("stop" in data) {
    void stop();
  } else {
    port.postMessage({ has: data.id, error: take(data) });
  }
};
port.postMessage({ listens: true });

async function begin({ thread: number, threads, space, ports, setup, options }: Beginning): Promise<void> {
  const own = await runSetup(setup, number);
  const made = new Runtime(optionsOf(options, own));
  const shared = space === undefined ? undefined : new SharedSpace(space, threads);
  const thread = new Thread(partsOf(made), number, shared, shared !== undefined);
  runtime = made;
  crew = new Crew(thread, threads, shared);
  for (const [other, way] of ports) crew.open(other, way);
}

/** What the embedder wants to hear is told to thread 0. */
function optionsOf(options: WorkerOptions, { imports, onLog, readString: own }: ThreadSetup): RuntimeOptions {
  const { kernel, limits, grants, sliceMs, hibernateAfterMs, tells, isAssemblyScript } = options;
  const tell = (name: string) => (body: unknown) => crew?.thread.agent.tell(ZERO, name, body as Cbor);
  const log = tell("log");
  const failed = tell("failed");
  const given = {
    ...{ kernel, limits, grants, sliceMs, hibernateAfterMs, imports },
    readString: own ?? (isAssemblyScript ? readString : undefined),
    onLog: onLog ?? ((pid, level, text) => log([pid, level, text])),
    onError: (error, where) => failed([String(where), error instanceof Error ? error.message : String(error)]),
    onExit: tells.exits ? tell("exit") : undefined,
    onDeadLetter: tells.letters ? tell("letter") : undefined,
    onDenied: tells.denials ? tell("denial") : undefined,
  } satisfies { [K in keyof RuntimeOptions]?: RuntimeOptions[K] | undefined };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** Takes a module. Answers why it cannot, in words. */
function take({ id, module }: Extract<ToWorker, { id: number }>): string | undefined {
  try {
    if (crew === undefined) return "this thread has not begun";
    crew.library.put(id, adopt(module, crew.thread.parts.loader.rules.offers));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function stop(): Promise<void> {
  await runtime?.stop();
  crew?.thread.away.flush();
  crew?.thread.stop();
  port.postMessage({ stopped: true });
}
