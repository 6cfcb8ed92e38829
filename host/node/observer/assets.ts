/** The page's own files, and uPlot's: nothing comes from elsewhere. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PACKAGE_FOLDER } from "../installation.ts";
import { ICON, readScript, uplotPath } from "../serve/page-files.ts";

/** Of the core. Scripts import it as `../../wire/escape-controls.js`; no URL leads above the root, so they ask for `wire/escape-controls.js`. */
const ESCAPE_CONTROLS = fileURLToPath(new URL("../../wire/escape-controls", import.meta.url));
const PAGE = join(PACKAGE_FOLDER, "host", "web", "observer");
const scripts = ["app", "actors", "api", "drawer", "dom", "ends", "plots", "protocol", "table", "text"];

const types = { html: "text/html", css: "text/css", js: "text/javascript", svg: "image/svg+xml" } as const;

export interface Asset {
  readonly type: string;
  readonly text: string;
}

const known = new Map<string, () => Promise<string>>([
  ["index.html", () => readFile(join(PAGE, "index.html"), "utf8")],
  ["style.css", () => readFile(join(PAGE, "style.css"), "utf8")],
  ["icon.svg", () => readFile(ICON, "utf8")],
  ["uplot.js", () => readFile(uplotPath("uPlot.esm.js"), "utf8")],
  ["uplot.css", () => readFile(uplotPath("uPlot.min.css"), "utf8")],
  ["wire/escape-controls.js", () => readScript(ESCAPE_CONTROLS)],
  ...scripts.map(name => [`${name}.js`, () => script(name)] as const),
]);
const loaded = new Map<string, Promise<string>>();

/** Undefined where the page has no such file. */
export async function asset(name: string): Promise<Asset | undefined> {
  const load = known.get(name);
  if (load === undefined) return undefined;
  const text = loaded.get(name) ?? load();
  loaded.set(name, text);
  const extension = name.slice(name.lastIndexOf(".") + 1) as keyof typeof types;
  return { type: `${types[extension]}; charset=utf-8`, text: await text };
}

async function script(name: string): Promise<string> {
  const code = await readScript(fileURLToPath(new URL(`../../web/observer/${name}`, import.meta.url)));
  return code.replaceAll('from "uplot"', 'from "./uplot.js"');
}
