/** Where modules come from: bytes, what a compiler made, a response, a path that somebody reads; and what to say of what is none of these. */
import { LoadError } from "../wire/errors.ts";

/** What a compiler made, for example `build` of `isopod/node`: a module, and what leads from it back to its sources. */
export interface BuiltModule {
  /** Absent where the source has errors. */
  readonly wasm?: BufferSource | undefined;
  /** JSON. With it, crashes say where in the sources they were. */
  readonly sourceMap?: string | undefined;
  /** The path of the source. */
  readonly entry?: string | undefined;
  /** What the compiler said. */
  readonly text?: string | undefined;
}

/** What `load` takes. A string or URL is read by the runtime's `read`, in the core that is `fetch`. */
export type ModuleSource =
  | string
  | URL
  | BufferSource
  | Response
  | PromiseLike<Response>
  | WebAssembly.Module
  | BuiltModule;

/** Reads a module from a path or URL. */
export type ReadModule = (location: string | URL) => PromiseLike<BufferSource | Response | BuiltModule>;

export interface ReadModuleResult {
  readonly name: string;
  readonly content: Uint8Array | WebAssembly.Module;
  readonly sourceMap: string | undefined;
}

/** `name` is what the embedder calls it. Rejects with a LoadError, or a TypeError where the source is nothing that could be a module. */
export async function readModule(
  source: ModuleSource,
  name: string | undefined,
  read: ReadModule,
  moduleBytes: number,
): Promise<ReadModuleResult> {
  const isLocation = typeof source === "string" || source instanceof URL;
  const found = isLocation ? await readFrom(source, read) : await source;
  checkKind(found);
  const built = isBuilt(found) ? found : undefined;
  const path = isLocation ? String(source) : built?.entry;
  const known = name ?? path?.split(/[/\\]/).pop() ?? "guest";
  const content = await contentOf(built === undefined ? found : wasmOf(built), known, moduleBytes);
  return { name: known, content, sourceMap: built?.sourceMap };
}

async function readFrom(location: string | URL, read: ReadModule): Promise<BufferSource | Response | BuiltModule> {
  try {
    return await read(location);
  } catch (error) {
    throw new LoadError(`${location} could not be read: ${messageOf(error)}`, { cause: error });
  }
}

/** With that of its cause, where `fetch` says no more than that it failed. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && cause.message !== "" && error.message === "fetch failed"
    ? `${error.message}: ${cause.message}`
    : error.message;
}

/** Node runs TypeScript unchecked: what could be no module would be said to be an empty one. */
function checkKind(found: unknown): asserts found is object {
  if (Array.isArray(found)) {
    throw new TypeError("load takes one module, not a list: of what build() resolves to, load each");
  }
  if (typeof found !== "object" || found === null) {
    const why = found === undefined ? " (a build with errors has no wasm: give load the whole of what it made)" : "";
    throw new TypeError(`load takes bytes, what build() made, a path or a URL, not ${String(found)}${why}`);
  }
}

function isBuilt(found: object): found is BuiltModule {
  return "wasm" in found || ("entry" in found && "text" in found);
}

function wasmOf({ wasm, entry = "the guest", text = "" }: BuiltModule): BufferSource {
  if (wasm !== undefined) return wasm;
  throw new LoadError(`${entry} was not compiled, because it has errors:\n${text}`.trimEnd());
}

async function contentOf(found: object, name: string, moduleBytes: number): Promise<Uint8Array | WebAssembly.Module> {
  if (found instanceof WebAssembly.Module) return found;
  let content = found;
  if (typeof Response !== "undefined" && found instanceof Response) {
    if (!found.ok) throw new LoadError(`${name} could not be fetched: ${found.status} ${found.statusText}`);
    content = await bodyOf(found, name, moduleBytes);
  }
  if (!("byteLength" in content))
    throw new TypeError("load takes bytes, what build() made, a path or a URL, not an object");
  const bytes = ArrayBuffer.isView(content)
    ? new Uint8Array(content.buffer, content.byteOffset, content.byteLength)
    : new Uint8Array(content as ArrayBuffer);
  if (bytes.length > moduleBytes) throw tooLarge(name, moduleBytes);
  if (bytes.length === 0) throw new LoadError(`${name} is empty, and no WebAssembly module`);
  if (isText(bytes)) {
    throw new LoadError(
      `${name} is text, and not WebAssembly: if it is AssemblyScript, compile it with isopod build first`,
    );
  }
  return bytes;
}

/** Begins like a source. A module begins with a zero. */
function isText(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 16).every(byte => (byte >= 0x20 && byte < 0x7f) || (byte >= 9 && byte <= 13));
}

function tooLarge(name: string, moduleBytes: number): LoadError {
  return new LoadError(`${name} has more than the ${moduleBytes} bytes that a module may have (limit moduleBytes)`);
}

/** What comes over a network may be without end. */
async function bodyOf({ body }: Response, name: string, moduleBytes: number): Promise<ArrayBuffer> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  const reader = body?.getReader();
  for (let next = await reader?.read(); next?.value !== undefined; next = await reader?.read()) {
    length += next.value.length;
    if (length > moduleBytes) {
      await reader?.cancel();
      throw tooLarge(name, moduleBytes);
    }
    chunks.push(next.value);
  }
  return new Blob(chunks).arrayBuffer();
}
