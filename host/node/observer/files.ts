/**
 * The files of the observer's page, by their paths in its URL. Nothing comes from another server.
 */
import {
  type Load,
  type PageFile,
  pageFile,
  readHtml,
  readScript,
  sharedFiles,
  styles,
  uplotScript,
} from "../serve/page-files.ts";

const own = [
  "app",
  "actors",
  "api",
  "drawer",
  "ends",
  "followed",
  "messages",
  "pager",
  "plots",
  "protocol",
  "send-box",
  "table",
  "totals",
  "tree",
];
/**
 * Scripts import these as `../page/…` and `../../wire/…`; no URL leads above the root, so the paths
 * are these.
 */
const others = [
  ["page/dom", "web/page/dom"],
  ["page/one-at-a-time", "web/page/one-at-a-time"],
  ["page/text", "web/page/text"],
  ["page/time-plot", "web/page/time-plot"],
  ["wire/escape-controls", "wire/escape-controls"],
] as const;

const files = new Map<string, Load>([
  ["index.html", () => readHtml("observer")],
  ...sharedFiles,
  ["uplot.js", uplotScript],
  ...styles("observer", ["style.css", "list.css", "messages.css", "drawer.css"]),
  ...own.map(name => [`${name}.js`, () => script(`web/observer/${name}`)] as const),
  ...others.map(([path, source]) => [`${path}.js`, () => script(source)] as const),
]);

/** Undefined where the page has no such file. */
export async function observerFile(path: string): Promise<PageFile | undefined> {
  const load = files.get(path);
  return load && pageFile(path, load);
}

/**
 * No import map names uPlot, because the content security policy permits no script inside the page.
 * Only page/time-plot imports it.
 */
async function script(path: string): Promise<string> {
  return (await readScript(path)).replaceAll('from "uplot"', 'from "../uplot.js"');
}
