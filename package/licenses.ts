/** The license texts of what is part of what is published, and not ours. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The text of the engine of scripts. */
const ENGINE = fileURLToPath(new URL("../guest/js/LICENSE", import.meta.url));

/** The licenses of the engine and of packages. @param folders those of the packages, below a `node_modules` */
export function licensesOf(folders: readonly string[]): string {
  const texts = [...new Set(folders)].sort().map(folder => {
    const path = join(folder, "LICENSE");
    const { license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { license: string };
    const text = existsSync(path) ? readFileSync(path, "utf8").trim() : license;
    return `${folder.slice(folder.lastIndexOf("node_modules/") + "node_modules/".length)}\n\n${text}\n`;
  });
  const engine = `quickjs-ng, in engine.wasm\n\n${readFileSync(ENGINE, "utf8").trim()}\n`;
  return [...texts, engine].join(`\n${"-".repeat(80)}\n\n`);
}
