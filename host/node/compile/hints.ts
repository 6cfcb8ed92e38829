/** What to do about mistakes that many make who write their first guest: AssemblyScript looks like TypeScript, and is not JavaScript. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readInterface } from "../../module/interface.ts";
import { insteadOf } from "../../wire/abi.ts";
import { PACKAGE_FOLDER } from "../installation.ts";
import type { Diagnostic } from "./compiler.ts";

/** By what the compiler says. */
const HINTS: readonly (readonly [RegExp, string])[] = [
  [/^Cannot find name '(setTimeout|setInterval)'/, "a guest has sendAfter, and receives that wait so long"],
  [
    /^Cannot find name '(fetch|require|document|window|Buffer|Promise|XMLHttpRequest|WebSocket)'/,
    "a guest is no JavaScript: it calls what its host offers (imports)",
  ],
  [/^Not implemented: Exceptions/, "a guest that cannot go on crashes, and its supervisor starts it again"],
  [/^Not implemented: Closures/, "a function sees its own variables and the module's only; put the others in a class"],
];

/** What to add to the compiler's message; undefined where it says enough. */
export function hintFor(message: string): string | undefined {
  const [, name] = /^Cannot find name '(\w+)'/.exec(message) ?? [];
  if (name !== undefined && libraryNames().has(name)) {
    return `it is in the library: import { ${name} } from "isopod/guest"`;
  }
  return HINTS.find(([pattern]) => pattern.test(message))?.[1];
}

let names: ReadonlySet<string> | undefined;

/** What `isopod/guest` exports. */
function libraryNames(): ReadonlySet<string> {
  if (names !== undefined) return names;
  const index = readFileSync(join(PACKAGE_FOLDER, "guest", "index.ts"), "utf8");
  const lists = [...index.matchAll(/export \{([^}]*)\} from/g)].map(([, list]) => list);
  names = new Set(lists.flatMap(list => list.split(",")).map(name => name.trim()));
  return names;
}

/** Errors for what AssemblyScript's own library imports, and no host of ours offers: `console.log` and its like, with the line that calls it. */
export function importErrors(wasm: Uint8Array, sources: Iterable<{ file: string; text: string }>): Diagnostic[] {
  const own = [...sources];
  const errors: Diagnostic[] = [];
  for (const { module, name } of readInterface(wasm)?.imports ?? []) {
    const instead = module === "env" ? insteadOf(name) : undefined;
    if (instead === undefined) continue;
    const message = `a guest has no ${name}; ${instead}`;
    const found = own.find(({ text }) => text.includes(`${name}(`));
    errors.push({ severity: "error", message, code: 0, ...(found && placeIn(found, `${name}(`)) });
  }
  return errors;
}

function placeIn({ file, text }: { file: string; text: string }, what: string): Partial<Diagnostic> {
  const before = text.slice(0, text.indexOf(what));
  return { file, line: before.split("\n").length, column: before.length - before.lastIndexOf("\n") };
}
