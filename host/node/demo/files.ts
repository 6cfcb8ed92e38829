/**
 * The files of the demo's page, by their paths in its URL: its own, isopod's core, and what those
 * import.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { guestNames } from "../../web/demo/protocol.ts";
import { EXAMPLES_FOLDER } from "../installation.ts";
import { type Load, type PageFile, pageFile, readHtml, readScript, sharedFiles, styles } from "../serve/page-files.ts";

const LOADER = fileURLToPath(import.meta.resolve("@assemblyscript/loader"));

const files = new Map<string, Load>([
  ...sharedFiles,
  ...styles("demo", ["style.css", "editor.css"]),
  ["loader.js", () => readFile(LOADER, "utf8")],
  ...guestNames.map(
    name => [`guests/${name}.ts`, () => readFile(join(EXAMPLES_FOLDER, `${name}.ts`), "utf8")] as const,
  ),
]);

/** The page itself, with the token in it. */
export function indexHtml(token: string): Promise<string> {
  return readHtml("demo", { token });
}

/** Undefined where the page has no such file. */
export async function demoFile(path: string): Promise<PageFile | undefined> {
  const load = files.get(path);
  if (load !== undefined) return pageFile(path, load);
  // All of host/ but node/: the core in its rooms, and the pages.
  const script = /^host\/((?!node\/)(?:[a-z]+\/){0,2}[a-z0-9-]+)\.js$/.exec(path)?.[1];
  if (script === undefined) return undefined;
  try {
    return await pageFile(path, () => readScript(script));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
