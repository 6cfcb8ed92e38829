/**
 * Where npm has installed this package from: the version that another project asks for to get the
 * same package. A package that is not published yet cannot be had by its number.
 */
import { readFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";

/** What npm's record of a `node_modules` says of a package. */
interface Installed {
  readonly version?: string;
  /** A URL, or a path relative to the project. */
  readonly resolved?: string;
}

/**
 * The version for `dependencies`: a range for a package that came from a registry, otherwise the
 * tarball, the repository or the folder that it came from.
 *
 * @param packageFolder the package, in a `node_modules` or in a folder of its own
 * @param projectFolder the project that asks for it. Paths are relative to it
 */
export function installedFrom(packageFolder: string, version: string, projectFolder: string): string {
  const modules = dirname(packageFolder);
  // A checkout, or a folder that npm has linked: Node resolves the link.
  if (basename(modules) !== "node_modules") return `file:${pathFrom(projectFolder, packageFolder)}`;
  const { resolved } = recordOf(modules, basename(packageFolder)) ?? {};
  if (resolved === undefined || isFromRegistry(resolved)) return `^${version}`;
  if (!resolved.startsWith("file:")) return resolved;
  const tarball = resolve(dirname(modules), resolved.slice("file:".length));
  return `file:${pathFrom(projectFolder, tarball)}`;
}

/** npm writes the record beside the packages. Other package managers write none. */
function recordOf(modules: string, name: string): Installed | undefined {
  try {
    const { packages } = JSON.parse(readFileSync(join(modules, ".package-lock.json"), "utf8"));
    return packages[`node_modules/${name}`];
  } catch {
    return undefined;
  }
}

/** A registry serves the tarball of a package below `/-/`. */
function isFromRegistry(resolved: string): boolean {
  return /^https?:/.test(resolved) && resolved.includes("/-/");
}

function pathFrom(folder: string, path: string): string {
  return relative(resolve(folder), path).split(sep).join("/");
}
