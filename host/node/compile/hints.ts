/**
 * Hints for common mistakes in a first guest. AssemblyScript looks like TypeScript, but a guest has
 * no JavaScript around it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readInterface } from "../../module/interface.ts";
import { insteadOf } from "../../wire/abi.ts";
import { PACKAGE_FOLDER } from "../installation.ts";
import { type Diagnostic, placeAt } from "./compiled.ts";

/** By the compiler's message. */
const HINTS: readonly (readonly [RegExp, string])[] = [
  [/^Cannot find name '(setTimeout|setInterval)'/, "use sendAfter, or a receive with a time limit"],
  [
    /^Cannot find name '(fetch|require|document|window|Buffer|Promise|XMLHttpRequest|WebSocket)'/,
    "a guest has no JavaScript APIs; it calls functions that its host offers (imports)",
  ],
  [/^Not implemented: Exceptions/, "let the guest crash; its supervisor restarts it"],
  [
    /^Not implemented: Closures/,
    "a function sees only its own variables and the module's; put others into fields of a class",
  ],
];

/** What to add to a message of the compiler. Undefined where the message says enough. */
export function hintFor(message: string): string | undefined {
  const [, name] = /^Cannot find name '(\w+)'/.exec(message) ?? [];
  if (name !== undefined && libraryNames().has(name)) {
    return `it is in the library: import { ${name} } from "isopod/guest"`;
  }
  return HINTS.find(([pattern]) => pattern.test(message))?.[1];
}

let names: ReadonlySet<string> | undefined;

/** The names that `isopod/guest` exports. */
function libraryNames(): ReadonlySet<string> {
  if (names !== undefined) return names;
  const index = readFileSync(join(PACKAGE_FOLDER, "guest", "index.ts"), "utf8");
  const lists = [...index.matchAll(/export \{([^}]*)\} from/g)].map(([, list]) => list);
  names = new Set(lists.flatMap(list => list.split(",")).map(name => name.trim()));
  return names;
}

/**
 * Errors for imports of AssemblyScript's own library that no isopod host offers, such as
 * `console.log`. Each names the line that calls it.
 */
export function importErrors(
  wasm: Uint8Array,
  sources: Iterable<{ readonly file: string; readonly text: string }>,
): Diagnostic[] {
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
  return { file, ...placeAt(text, text.indexOf(what)) };
}
