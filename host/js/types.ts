/** Makes JavaScript of TypeScript by taking the types out. Lines and columns stay as they are. */
import { ScriptError } from "./script-error.ts";

interface ModuleOfNode {
  stripTypeScriptTypes?(source: string): string;
}

/** @throws {ScriptError} where the source is no TypeScript that can be stripped, or the engine cannot strip it */
export function withoutTypes(name: string, source: string): string {
  const node = globalThis.process?.getBuiltinModule?.("node:module") as ModuleOfNode | undefined;
  if (node?.stripTypeScriptTypes === undefined) {
    throw new ScriptError(
      `${name} is TypeScript, and only Node 22.13 or later can take its types out: hand over the JavaScript that your bundler makes of it`,
    );
  }
  try {
    return node.stripTypeScriptTypes(source);
  } catch (error) {
    throw new ScriptError(`${name}: ${error instanceof Error ? error.message : error}`, "", { cause: error });
  }
}
