/**
 * How modules are read on Node: from paths and `file:` URLs by the file system, from other URLs by fetch. What cannot be read is
 * an error that says what to do instead.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** Bytes or a response, as a runtime's `read` gives them. */
export async function read(location: string | URL): Promise<Uint8Array<ArrayBuffer> | Response> {
  const text = String(location);
  if (/^(https?|data|blob):/i.test(text)) return fetch(text);
  const path = /^file:/i.test(text) ? fileURLToPath(text) : text;
  if (path.endsWith(".ts")) {
    throw new Error(
      `it is AssemblyScript, not WebAssembly; compile it with \`isopod build ${path}\`, or with build() of isopod/node`,
    );
  }
  try {
    return await readFile(path);
  } catch (error) {
    const source = path.replace(/\.wasm$/, ".ts");
    if (source !== path && !existsSync(path) && existsSync(source)) {
      throw new Error(`there is only its source; compile it with \`isopod build ${source}\``, { cause: error });
    }
    throw error;
  }
}
