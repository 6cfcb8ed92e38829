/**
 * Reads a module from any of its sources: bytes, a build, a response, a path or URL. Anything else
 * rejects with an error that says what to give instead.
 */
import { LoadError } from "../wire/errors.ts";

/** What a compiler made, for example `build` of `isopod/node`: a module and its source map. */
export interface BuiltModule {
  /** Absent if the source has errors. */
  readonly wasm?: BufferSource | undefined;
  /** JSON. With it, crashes name their place in the sources. */
  readonly sourceMap?: string | undefined;
  /** The path of the source file. */
  readonly entry?: string | undefined;
  /** The messages of the compiler. */
  readonly text?: string | undefined;
}

/** What `load` takes. A string or URL is read by `RuntimeOptions.read`, which is `fetch` by default. */
export type ModuleSource =
  | string
  | URL
  | BufferSource
  | Response
  | WebAssembly.Module
  | BuiltModule
  | PromiseLike<BufferSource | Response | WebAssembly.Module | BuiltModule>;

/** Reads a module from a path or URL. */
export type ReadModule = (location: string | URL) => PromiseLike<BufferSource | Response | BuiltModule>;

/** A module as it was found, before it is read. */
export interface Content {
  readonly name: string;
  readonly content: Uint8Array | WebAssembly.Module;
  readonly sourceMap: string | undefined;
}

/**
 * Rejects with a LoadError, or with a TypeError where it cannot be a module.
 *
 * @param location the path or URL where it was found, if it was
 * @param name the name that the embedder gave it
 * @param moduleBytes the most bytes that it may have
 */
export async function contentOf(
  found: unknown,
  location: string | undefined,
  name: string | undefined,
  moduleBytes: number,
): Promise<Content> {
  checkKind(found);
  const built = isBuilt(found) ? found : undefined;
  const path = location ?? built?.entry;
  const known = name ?? path?.split(/[/\\]/).pop() ?? "guest";
  const content = await bytesOf(built === undefined ? found : wasmOf(built), known, moduleBytes);
  return { name: known, content, sourceMap: built?.sourceMap };
}

/**
 * Needed because Node runs TypeScript unchecked, and the later errors would say that the module is
 * empty.
 */
function checkKind(found: unknown): asserts found is object {
  if (Array.isArray(found)) {
    throw new TypeError("load takes one module, not a list: load each module of the list that build() resolves to");
  }
  if (typeof found !== "object" || found === null) {
    const why = found === undefined ? " (a build with errors has no wasm: give load the whole result of build)" : "";
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

async function bytesOf(found: object, name: string, moduleBytes: number): Promise<Uint8Array | WebAssembly.Module> {
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
  if (bytes.length === 0) throw new LoadError(`${name} is empty, so it is not a WebAssembly module`);
  if (isText(bytes)) {
    throw new LoadError(
      `${name} is text, and not WebAssembly: if it is AssemblyScript, compile it with isopod build first`,
    );
  }
  return bytes;
}

/** Whether it begins like text. A module begins with a zero. */
function isText(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 16).every(byte => (byte >= 0x20 && byte < 0x7f) || (byte >= 9 && byte <= 13));
}

function tooLarge(name: string, moduleBytes: number): LoadError {
  return new LoadError(`${name} has more than the ${moduleBytes} bytes that a module may have (limit moduleBytes)`);
}

/** Reads a body up to the limit, because a body from the network may never end. */
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
