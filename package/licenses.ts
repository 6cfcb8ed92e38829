/** The license texts of packages whose code is part of what is published. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** @param folders those of the packages, below a `node_modules` */
export function licensesOf(folders: readonly string[]): string {
  const texts = [...new Set(folders)].sort().map(folder => {
    const path = join(folder, "LICENSE");
    const { license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { license: string };
    const text = existsSync(path) ? readFileSync(path, "utf8").trim() : license;
    return `${folder.slice(folder.lastIndexOf("node_modules/") + "node_modules/".length)}\n\n${text}\n`;
  });
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}
