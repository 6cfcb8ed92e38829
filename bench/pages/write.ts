/**
 * Writes the figures of README.md, docs/benchmarks.md and docs/marks.md from a file of `isopod
 * bench all`: `npm run bench:pages results/results.json`. It replaces what stands between two
 * comments, and nothing else.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE_FOLDER } from "../../host/node/installation.ts";
import type { Results } from "../report/results.ts";
import { full } from "./full.ts";
import { summary } from "./summary.ts";
import { verdicts } from "./verdicts.ts";

const BEGIN = "<!-- figures: written by npm run bench:pages -->";
const END = "<!-- end of figures -->";

/** What each page has between the comments. */
export const pages: readonly { readonly path: string; readonly figures: (results: Results) => string }[] = [
  { path: "README.md", figures: summary },
  { path: "docs/benchmarks.md", figures: full },
  { path: "docs/marks.md", figures: verdicts },
];

/** The page with these figures. Throws where one of the two comments is missing. */
export function withFigures(page: string, figures: string): string {
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  if (from < 0 || to < from) throw new Error(`the comments ${BEGIN} and ${END} are missing`);
  return `${page.slice(0, from)}${BEGIN}\n${figures}${page.slice(to)}`;
}

if (import.meta.main) {
  const [file] = process.argv.slice(2);
  if (file === undefined) throw new Error("which results? Say npm run bench:pages results/results.json");
  const results = JSON.parse(readFileSync(file, "utf8")) as Results;
  // Every page is made before the first is written, so that an error leaves all of them as they are.
  const made = pages.map(({ path, figures }) => {
    const place = join(PACKAGE_FOLDER, path);
    return { place, text: withFigures(readFileSync(place, "utf8"), figures(results)) };
  });
  for (const { place, text } of made) writeFileSync(place, text);
}
