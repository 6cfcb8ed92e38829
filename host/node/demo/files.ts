/**
 * The files of the demo's page, by their path in its URL: its own, isopod's core, and what those import. Nothing else of the disk can be asked for.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EXAMPLES_FOLDER, PACKAGE_FOLDER } from "../installation.ts";
import { ICON, readScript, uplotPath } from "../serve/page-files.ts";

/** Guests of `guest/examples/` that the page plays. */
export const DEMO_GUESTS = ["table-tennis", "primes", "supervised-counter", "hello"] as const;
export type DemoGuest = (typeof DEMO_GUESTS)[number];

export interface PageFile {
  readonly type: string;
  readonly text: string;
}

const HOST_FOLDER = fileURLToPath(new URL("../../", import.meta.url));
const PAGE_FOLDER = join(PACKAGE_FOLDER, "host", "web", "demo");

const JAVASCRIPT = "text/javascript; charset=utf-8";
const TEXT = "text/plain; charset=utf-8";
const CSS = "text/css; charset=utf-8";

/** Fixed paths, and where they lie. */
const files = new Map<string, readonly [type: string, path: string]>([
  ["style.css", [CSS, join(PAGE_FOLDER, "style.css")]],
  ["icon.svg", ["image/svg+xml", ICON]],
  ["lib/uplot.js", [JAVASCRIPT, uplotPath("uPlot.esm.js")]],
  ["lib/uplot.css", [CSS, uplotPath("uPlot.min.css")]],
  ["lib/loader.js", [JAVASCRIPT, fileURLToPath(import.meta.resolve("@assemblyscript/loader"))]],
  ...DEMO_GUESTS.map(name => [`guests/${name}.ts`, [TEXT, join(EXAMPLES_FOLDER, `${name}.ts`)]] as const),
]);

/** The page itself, with the token in it. */
export async function indexHtml(token: string): Promise<string> {
  return (await readFile(join(PAGE_FOLDER, "index.html"), "utf8")).replace("{{token}}", token);
}

/** Undefined where the page has no such file. */
export async function pageFile(path: string): Promise<PageFile | undefined> {
  const known = files.get(path);
  if (known !== undefined) return { type: known[0], text: await readFile(known[1], "utf8") };
  // The core lies in host/ and its rooms, and the page in host/web/demo/.
  const script = /^host\/((?!node\/)(?:[a-z]+\/){0,2}[a-z0-9-]+)\.js$/.exec(path)?.[1];
  if (script === undefined) return undefined;
  try {
    return { type: JAVASCRIPT, text: await readScript(join(HOST_FOLDER, script)) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
