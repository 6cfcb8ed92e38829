/**
 * The packages that only tools need: the compiler, the observer and the demo. They are optional
 * dependencies, so that a program that only runs compiled guests can leave them out
 * (`npm install isopod --omit=optional`).
 *
 * Guarantee: a tool without its packages says which of them to install, and how.
 */
import { createRequire } from "node:module";
import { IsopodError } from "../wire/errors.ts";
import { packageManifest } from "./installation.ts";

/** What `build`, `isopod build` and `isopod run` of a source need. */
export const COMPILER_PACKAGES = ["assemblyscript", "binaryen"] as const;

/** What the observer and the demo serve their pages with. */
export const PAGE_PACKAGES = ["@hono/node-server", "hono", "prom-client", "uplot"] as const;

/** A tool needs packages that are not installed. The message has the command that installs them. */
export class MissingPackageError extends IsopodError {
  constructor(message: string, options?: ErrorOptions) {
    super("ISOPOD_MISSING_PACKAGE", message, options);
  }
}

/**
 * Returns where all of the packages are installed.
 *
 * @param tool the tool that needs them, as the user knows it
 * @throws {MissingPackageError} where one is missing
 */
export function needPackages(tool: string, packages: readonly string[]): void {
  const missing = packages.filter(name => !isInstalled(name));
  if (missing.length === 0) return;
  const versions = packageManifest().optionalDependencies;
  const command = `npm install ${missing.map(name => `${name}@${versions[name]}`).join(" ")}`;
  const [verb, them] = missing.length === 1 ? ["is", "it"] : ["are", "them"];
  throw new MissingPackageError(
    `${tool} needs ${missing.join(", ")}, which ${verb} not installed: npm leaves ${them} out with --omit=optional. To install ${them}: ${command}`,
  );
}

/** Some packages show others only their entry, and some only their manifest. */
function isInstalled(name: string): boolean {
  const { resolve } = createRequire(import.meta.url);
  return [name, `${name}/package.json`].some(path => {
    try {
      return resolve(path) !== "";
    } catch {
      return false;
    }
  });
}
