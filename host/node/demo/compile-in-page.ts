/**
 * The compiler of the demo, in a worker of the page. It is `compile/`, bundled for the page by
 * package/demo-page.ts, which puts `in-page/` in the place of Node's modules.
 *
 * The guests count their reductions, so that none of them can block the page.
 */
import {
  type CompileReply,
  type CompileRequest,
  type Diagnostic,
  LIBRARY,
  reductionsOf,
} from "../../web/demo/protocol.ts";
import type { Compiled } from "../compile/compiled.ts";
import { compile } from "../compile/compiler.ts";
import { write } from "./in-page/files.ts";
import { PACKAGE_FOLDER } from "./in-page/installation.ts";
import { basename } from "./in-page/path.ts";

/** Where the page's sources are. */
const FOLDER = "/page";

const library = readLibrary();
addEventListener("message", ({ data }: MessageEvent<CompileRequest>) => void answer(data));
// The page must not ask before, because a message that comes before the listener is lost.
post({ ready: true });

async function answer({ guest, source, park }: CompileRequest): Promise<void> {
  await library;
  const entry = `${guest}.ts`;
  write(`${FOLDER}/${entry}`, source);
  const compiled = await compile(entry, { baseDir: FOLDER, park, reductions: reductionsOf(park) });
  const { wasm } = compiled;
  const diagnostics = diagnosticsOf(compiled);
  if (wasm === undefined) post({ diagnostics });
  else post({ wasm: wasm.buffer, diagnostics }, [wasm.buffer]);
}

/** Writes the guest library where the compiler looks for it. */
async function readLibrary(): Promise<void> {
  const response = await fetch(new URL(LIBRARY, import.meta.url));
  if (!response.ok) throw new Error(`the guest library could not be loaded: ${response.status}`);
  const files = (await response.json()) as Record<string, string>;
  for (const [name, text] of Object.entries(files)) write(`${PACKAGE_FOLDER}/guest/${name}`, text);
}

function post(reply: CompileReply, transfer: Transferable[] = []): void {
  postMessage(reply, { transfer });
}

/**
 * Only places in the page's own source stay places. The place in another file becomes part of the
 * message.
 */
function diagnosticsOf({ diagnostics, entry }: Compiled): Diagnostic[] {
  return diagnostics.map(({ severity, message, file, line, column }) => {
    if (line === undefined || column === undefined) return { severity, message };
    const name = basename(file ?? entry);
    return name === entry ? { severity, message, line, column } : { severity, message: `${name}:${line}: ${message}` };
  });
}
