/**
 * Transforms of the AssemblyScript compiler that the user names, such as json-as. They run before
 * our own, which must see what they have made.
 *
 * Guarantee: a transform that cannot be loaded is an `Unsuitable` that says what to do.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type * as asc from "assemblyscript/asc";
import { Unsuitable } from "../../../guest/transform/unsupported.ts";

/**
 * @param names packages, or paths that begin with `./`, `../` or `/`
 * @param baseDir where packages and paths are looked for
 * @returns what asc takes in its option `transforms`
 */
export function loadTransforms(names: readonly string[], baseDir: string): Promise<asc.Transform[]> {
  const require = createRequire(join(baseDir, "guest.ts"));
  return Promise.all(names.map(name => load(name, require)));
}

async function load(name: string, require: NodeJS.Require): Promise<asc.Transform> {
  if (name === "isopod/transform") {
    throw new Unsuitable("the build has isopod/transform by itself: leave it out");
  }
  const transform = await imported(name, require);
  if (typeof transform === "function" || (typeof transform === "object" && transform !== null)) {
    return transform as asc.Transform;
  }
  throw new Unsuitable(`${name} is no transform: its default export is a class that extends Transform`);
}

async function imported(name: string, require: NodeJS.Require): Promise<unknown> {
  let path: string;
  try {
    path = require.resolve(name);
  } catch {
    const what = /^\.{0,2}\//.test(name) ? "there is no such file" : `install it, or write ./${name} for a file`;
    throw new Unsuitable(`there is no transform ${name}: ${what}`);
  }
  try {
    const { default: transform } = (await import(pathToFileURL(path).href)) as { default?: unknown };
    return transform;
  } catch (error) {
    throw new Unsuitable(
      `the transform ${name} could not be loaded: ${error instanceof Error ? error.message : error}`,
    );
  }
}
