/** Bundles a script of this folder with the core of isopod and what else it imports: one file for all engines. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { rolldown } from "rolldown";

/**
 * @param source a module, which may import files by their absolute paths
 * @returns the path of the bundle, in `folder`
 */
export async function bundleOf(source: string, folder: string, name: string): Promise<string> {
  const input = join(folder, `${name}-source.ts`);
  const file = join(folder, `${name}.mjs`);
  await writeFile(input, source);
  const built = await rolldown({ input, platform: "neutral", external: /\.wasm$/ });
  await built.write({ file, format: "esm", codeSplitting: false });
  await built.close();
  return file;
}
