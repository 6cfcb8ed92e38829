/** Suggests files where a path names none. */
import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { suggest } from "../../wire/suggest.ts";

const GUEST = /\.(ts|js|mjs|wasm)$/;

/**
 * The likeliest file first: the same name as source or module, then a name with one or two typing
 * errors. Paths are as the user would type them.
 */
export function namesLike(path: string): string[] {
  const folder = dirname(path);
  const name = basename(path);
  const files = filesIn(folder);
  const stem = name.replace(GUEST, "");
  const sameName = [`${stem}.ts`, `${stem}.js`, `${stem}.wasm`].filter(file => file !== name && files.includes(file));
  const near = suggest(
    stem,
    files.map(file => file.replace(GUEST, "")),
  );
  const slip = files.filter(file => near !== undefined && file.replace(GUEST, "") === near);
  const found = [...new Set([...sameName, ...slip])].map(file => (folder === "." ? file : join(folder, file)));
  // For `isopod run hello.ts`, where the file is guest/hello.ts.
  return found.length > 0 || folder !== "." ? found : elsewhere(name, stem);
}

function elsewhere(name: string, stem: string): string[] {
  return ["guest", "guests", "src", "build", "assembly"].flatMap(folder =>
    filesIn(folder)
      .filter(file => file === name || file === `${stem}.ts` || file === `${stem}.js` || file === `${stem}.wasm`)
      .map(file => join(folder, file)),
  );
}

/** The files in a folder that could be guests. */
function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter(file => GUEST.test(file) && !file.endsWith(".d.ts"));
  } catch {
    return [];
  }
}
