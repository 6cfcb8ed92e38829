/** Files of the pages that isopod serves: its own scripts, and uPlot's. From a checkout scripts are read with their types stripped, from `dist/` as they are. */
import { readFile } from "node:fs/promises";
import * as module from "node:module";
import { join } from "node:path";
import { PACKAGE_FOLDER } from "../installation.ts";

const isSource = import.meta.url.endsWith(".ts");

/** What both pages show in their heads. */
export const ICON = join(PACKAGE_FOLDER, "host", "web", "icon.svg");

/** A script of isopod's as JavaScript, which imports JavaScript. `path` has no extension. */
export async function readScript(path: string): Promise<string> {
  if (!isSource) return readFile(`${path}.js`, "utf8");
  const code = module.stripTypeScriptTypes(await readFile(`${path}.ts`, "utf8"));
  return code.replaceAll(/(\bfrom |\bimport )"(\.{1,2}\/[^"\n]+)\.ts"/g, '$1"$2.js"');
}

/** Where a file of uPlot's lies. */
export function uplotPath(file: string): string {
  return join(module.createRequire(import.meta.url).resolve("uplot/package.json"), "..", "dist", file);
}
