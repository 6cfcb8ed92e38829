/**
 * Gets the page's guests: an unchanged example as it was compiled beforehand, and any other source
 * from the compiler, in a worker of this page. The worker is started when it is needed first, because
 * the compiler is large.
 */
import {
  COMPILER,
  type CompileReply,
  type CompileRequest,
  type Diagnostic,
  type GuestName,
  type ParkWay,
  type ScriptName,
  sourcePath,
  wasmPath,
} from "./protocol.ts";

/** The compiler is ended when it takes longer over a source. */
const TIMEOUT_MS = 30_000;

/** The source does not compile. */
export class CompileError extends Error {
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics[0]?.message ?? "it does not compile");
    this.diagnostics = diagnostics;
  }
}

const sources = new Map<GuestName | ScriptName, Promise<string>>();

/** The source of an example. */
export function sourceOf(guest: GuestName | ScriptName): Promise<string> {
  const found = sources.get(guest) ?? get(sourcePath(guest)).then(response => response.text());
  sources.set(guest, found);
  return found;
}

/**
 * Compiles a source. It must not be called again before the promise has settled.
 *
 * @param onLoad is called where the compiler has to be loaded first
 * @throws {CompileError} where the source has errors
 */
export async function compile(
  guest: GuestName,
  source: string,
  park: ParkWay,
  onLoad: () => void,
): Promise<ArrayBuffer> {
  if (source === (await sourceOf(guest))) return (await get(wasmPath(guest, park))).arrayBuffer();
  if (compiler === undefined) onLoad();
  const { wasm, diagnostics } = await ask({ guest, source, park });
  if (wasm === undefined) throw new CompileError(diagnostics);
  return wasm;
}

async function get(path: string): Promise<Response> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path} could not be loaded: ${response.status} ${response.statusText}`);
  return response;
}

/** Listens for requests. Undefined until the first one, and after a failure. */
let compiler: Worker | undefined;

function ask(request: CompileRequest): Promise<Exclude<CompileReply, { ready: true }>> {
  return new Promise((resolve, reject) => {
    const worker = compiler ?? new Worker(new URL(COMPILER, document.baseURI), { type: "module" });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const begin = () => {
      worker.postMessage(request);
      timer = setTimeout(() => fail("the compiler took too long, and was ended"), TIMEOUT_MS);
    };
    const fail = (why: string) => {
      clearTimeout(timer);
      worker.terminate();
      compiler = undefined;
      reject(new Error(why));
    };
    worker.onmessage = ({ data }: MessageEvent<CompileReply>) => {
      if ("ready" in data) return begin();
      clearTimeout(timer);
      resolve(data);
    };
    // An error without a message: a file of the compiler could not be loaded.
    worker.onerror = ({ message }) => fail(`the compiler failed: ${message ?? "it could not be loaded"}`);
    if (compiler !== undefined) begin();
    compiler = worker;
  });
}
