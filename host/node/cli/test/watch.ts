/** Runs tests again when a file changes that one of them was compiled from. */
import { resolve } from "node:path";
import { FileWatch } from "../../compile/file-watch.ts";
import type { TestOptions } from "./options.ts";
import { runTests } from "./session.ts";

/** Returns after SIGINT. */
export async function watchTests(files: readonly string[], options: TestOptions): Promise<number> {
  const watch = new FileWatch();
  const stop = () => watch.close();
  process.once("SIGINT", stop);
  /** By test file: what it was compiled from. */
  const known = new Map<string, readonly string[]>();
  for (let stale = files; ; ) {
    const beganMs = Date.now();
    const { sources } = await runTests(stale, options).catch((error: unknown) => {
      process.stderr.write(`isopod: ${error instanceof Error ? error.message : error}\n`);
      return { sources: new Map<string, readonly string[]>() };
    });
    for (const [file, read] of sources) known.set(file, read);
    const followed = new Set([...files.map(file => resolve(file)), ...[...known.values()].flat()]);
    watch.follow(followed, beganMs);
    process.stderr.write(`watching ${followed.size} files; Ctrl-C ends it\n`);
    const changed = await watch.changes();
    if (changed === undefined) break;
    const isStale = (file: string) =>
      changed.has(resolve(file)) || known.get(file)?.some(source => changed.has(source));
    const found = files.filter(isStale);
    // A guest of --define has changed.
    stale = found.length === 0 ? files : found;
  }
  process.off("SIGINT", stop);
  return 0;
}
