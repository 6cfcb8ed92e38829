/**
 * A copy of the kernel's sources in which the stack can end in any call: each function asks first
 * whether it may run.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Kernel } from "./kernel-functions.ts";

const SOURCES = fileURLToPath(new URL("../../host/kernel/", import.meta.url));
/** These have what WebAssembly does in one instruction, or no function. */
const AS_THEY_ARE = ["memory.ts", "outside.ts", "words.ts"];

/** Which call is the one that the stack has no room for. */
export interface Stack {
  /** Calls so far. */
  calls: number;
  /** The call that throws, counted from 1; 0: none does. */
  endsAt: number;
  /** The kernel has made sure of its headroom: no call throws until it returns. */
  isSafe: boolean;
  /** The function whose call has thrown. */
  ended: string | undefined;
  /** Its file. */
  endedIn?: string | undefined;
}

type Call = (...values: number[]) => unknown;

const CONTROL = `
export const stack = { calls: 0, endsAt: 0, isSafe: false, ended: undefined, endedIn: undefined };
export function callBegins(name, file) {
  if (stack.isSafe || ++stack.calls !== stack.endsAt) return;
  stack.ended = name;
  stack.endedIn = file;
  throw new RangeError("the stack ends in " + name);
}
`;

/** TypeScript of the portable subset as JavaScript. */
function inJavaScript(text: string, file: string, skipsInlined: boolean): string {
  const before = skipsInlined ? "(?<!^// @inline\\n)" : "";
  const begins = new RegExp(`^${before}(export )?function (\\w+)\\(([^)]*)\\) \\{$`, "gm");
  const typed = text.replace(/: (i32|bool|void)\b/g, "").replace(begins, `$&\n  callBegins("$2", "${file}");`);
  const paths = typed.replace(/from "\.\/([\w-]+)\.ts"/g, (_, name: string) =>
    AS_THEY_ARE.includes(`${name}.ts`)
      ? `from "${pathToFileURL(join(SOURCES, `${name}.ts`)).href}"`
      : `from "./${name}.mjs"`,
  );
  return `import { callBegins } from "./control.mjs";\n${paths}`;
}

/**
 * Makes the copy in a folder, which is removed again. `functions`: the name and the file of each.
 * `skipsInlined`: functions that asc copies to where they are called are no calls.
 */
export async function fallingKernel(
  folder: string,
  skipsInlined = false,
): Promise<{ kernel: Kernel; stack: Stack; functions: (readonly [name: string, file: string])[] }> {
  mkdirSync(folder, { recursive: true });
  const names = readdirSync(SOURCES).filter(
    name => /^[\w-]+\.ts$/.test(name) && !AS_THEY_ARE.includes(name) && !["binary.ts", "compile.ts"].includes(name),
  );
  const functions: (readonly [name: string, file: string])[] = [];
  for (const name of names) {
    const text = inJavaScript(readFileSync(join(SOURCES, name), "utf8"), name, skipsInlined);
    for (const [, called] of text.matchAll(/^ {2}callBegins\("(\w+)", /gm)) functions.push([called, name]);
    writeFileSync(join(folder, name.replace(".ts", ".mjs")), text);
  }
  writeFileSync(join(folder, "control.mjs"), CONTROL);
  const load = (path: string) => import(/* @vite-ignore */ pathToFileURL(path).href);
  const inFolder = (name: string) => load(join(folder, name));
  const { useMemories } = await load(join(SOURCES, "memory.ts"));
  const { useOutside } = await load(join(SOURCES, "outside.ts"));
  const { stack } = await inFolder("control.mjs");
  const copied = { ...(await inFolder("kernel.mjs")), findTag: (await inFolder("search.mjs")).findTag };
  const callable = Object.entries(copied).filter(([, value]) => typeof value === "function") as [string, Call][];
  let depth = 0;
  const kernel = Object.fromEntries(
    callable.map(([name, call]) => [
      name,
      (...values: number[]) => {
        const { isSafe } = stack;
        // A function that has made sure of its headroom may call a port's.
        if (depth === 0) stack.isSafe = false;
        depth++;
        try {
          return call(...values);
        } finally {
          depth--;
          stack.isSafe = isSafe;
        }
      },
    ]),
  );
  Object.assign(kernel, { useMemories, useOutside, become: (await inFolder("self.mjs")).become });
  rmSync(folder, { recursive: true });
  return { kernel: kernel as unknown as Kernel, stack, functions };
}
