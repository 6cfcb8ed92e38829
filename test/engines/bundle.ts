/** Bundles a script of this folder with the core of isopod and what else it imports. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { rolldown } from "rolldown";

/**
 * One file for all engines.
 *
 * @param source a module, which may import files by their absolute paths
 * @returns the path of the bundle, in `folder`
 */
export async function bundleOf(source: string, folder: string, name: string): Promise<string> {
  const [file] = await write(source, folder, name, false);
  return join(folder, file);
}

/** As `bundleOf`, but what is loaded later is in files of its own. Returns the names of all, the entry first. */
export function splitBundleOf(source: string, folder: string, name: string): Promise<string[]> {
  return write(source, folder, name, true);
}

async function write(source: string, folder: string, name: string, codeSplitting: boolean): Promise<string[]> {
  const input = join(folder, `${name}-source.ts`);
  await writeFile(input, source);
  const built = await rolldown({ input: { [name]: input }, platform: "neutral", external: /\.wasm$/ });
  const names = { entryFileNames: "[name].mjs", chunkFileNames: "[name]-[hash].mjs" };
  const { output } = await built.write({ dir: folder, ...names, format: "esm", codeSplitting });
  await built.close();
  return output.map(({ fileName }) => fileName);
}
