/**
 * The package's folder and its manifest. Both are found from a checkout and from `dist/` of an
 * installed package.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder that contains package.json and guest/. */
export const PACKAGE_FOLDER = findPackageFolder();

/** Whether this runs from a checkout's sources, and not from `dist/`. */
const isCheckout = import.meta.url.endsWith(".ts");

/** The folder that contains the code of host/: the package's own in a checkout, otherwise `dist/`. */
export const CODE_FOLDER = isCheckout ? PACKAGE_FOLDER : join(PACKAGE_FOLDER, "dist");

/** `.ts` in a checkout, otherwise `.js`. */
export const CODE_EXTENSION = isCheckout ? ".ts" : ".js";

/** The package contains the examples as sources. */
export const EXAMPLES_FOLDER = join(PACKAGE_FOLDER, "guest", "examples");

/** The fields of package.json that are read. */
export interface Manifest {
  readonly version: string;
  readonly engines: { readonly node: string };
  /** The versions of the packages that only tools need. */
  readonly optionalDependencies: Readonly<Record<string, string>>;
  /** The versions that isopod itself is developed with. */
  readonly devDependencies: Readonly<Record<string, string>>;
}

export function packageManifest(): Manifest {
  return JSON.parse(readFileSync(join(PACKAGE_FOLDER, "package.json"), "utf8")) as Manifest;
}

export function packageVersion(): string {
  return packageManifest().version;
}

function findPackageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "guest", "index.ts"))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error("the folder guest/ of isopod is missing: install the package again");
    folder = parent;
  }
  return folder;
}
