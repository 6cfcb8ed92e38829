/** Programs of the system: whether a file is one, and where PATH has one. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The first of these programs that a folder of PATH has. Folders come before names. */
export function onPath(...names: readonly string[]): string | undefined {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .flatMap(folder => names.map(name => join(folder, name)))
    .find(isExecutable);
}
