/**
 * The files of a page: its own scripts and styles, and uPlot's. Nothing else of the disk can be
 * asked for. From a checkout, scripts are read with their types stripped; from `dist/`, as they
 * are.
 */
import { readFile } from "node:fs/promises";
import * as module from "node:module";
import { extname, join } from "node:path";
import { CODE_EXTENSION, CODE_FOLDER, PACKAGE_FOLDER } from "../installation.ts";

export interface PageFile {
  /** The content type. */
  readonly type: string;
  readonly text: string;
}

/** Reads one file. */
export type Load = () => Promise<string>;

const WEB_FOLDER = join(PACKAGE_FOLDER, "host", "web");
const SCRIPTS_FOLDER = join(CODE_FOLDER, "host");

const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".css": "text/css",
  ".js": "text/javascript",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".ts": "text/plain",
  ".txt": "text/plain",
  ".wasm": "application/wasm",
};

/** The files of both pages, by the paths in their URLs. */
export const sharedFiles: readonly (readonly [path: string, load: Load])[] = [
  ["icon.svg", () => readFile(join(WEB_FOLDER, "icon.svg"), "utf8")],
  ["page.css", () => readFile(join(WEB_FOLDER, "page", "page.css"), "utf8")],
  ["uplot.css", () => readFile(uplotPath("uPlot.min.css"), "utf8")],
];

export const uplotScript: Load = () => readFile(uplotPath("uPlot.esm.js"), "utf8");

/** The style sheets of a page: `names` in its folder under `host/web/`. */
export function styles(folder: string, names: readonly string[]): [path: string, load: Load][] {
  return names.map(name => [name, () => readFile(join(WEB_FOLDER, folder, name), "utf8")]);
}

/**
 * A page's `index.html`, with the head that both pages share, and `values` in place of `{{name}}`.
 */
export async function readHtml(folder: string, values: Readonly<Record<string, string>> = {}): Promise<string> {
  const head = await readFile(join(WEB_FOLDER, "page", "head.html"), "utf8");
  let html = await readFile(join(WEB_FOLDER, folder, "index.html"), "utf8");
  for (const [name, value] of Object.entries({ head: head.trim(), ...values })) {
    html = html.replace(`{{${name}}}`, () => value);
  }
  return html;
}

/**
 * A script of `host/` as JavaScript, which imports JavaScript. `path` has no extension. Rejects
 * where there is none.
 */
export async function readScript(path: string): Promise<string> {
  const text = await readFile(join(SCRIPTS_FOLDER, `${path}${CODE_EXTENSION}`), "utf8");
  if (CODE_EXTENSION === ".js") return text;
  const code = module.stripTypeScriptTypes(text);
  return code.replaceAll(/(\bfrom |\bimport )"(\.{1,2}\/[^"\n]+)\.ts"/g, '$1"$2.js"');
}

/** The file with the content type of its extension. */
export async function pageFile(path: string, load: Load): Promise<PageFile> {
  return { type: typeOf(path), text: await load() };
}

/** The content type of a file with this extension. */
export function typeOf(path: string): string {
  return path.endsWith(".wasm") ? "application/wasm" : `${types[extname(path)]}; charset=utf-8`;
}

function uplotPath(file: string): string {
  return join(module.createRequire(import.meta.url).resolve("uplot/package.json"), "..", "dist", file);
}
