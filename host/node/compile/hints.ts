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

interface Hint {
  readonly message: RegExp;
  /** The source from the message's place on. Absent: any. */
  readonly at?: RegExp;
  readonly hint: string;
}

const CLOSURE = "a function sees only its own variables and the module's; put others into fields of a class";

const HINTS: readonly Hint[] = [
  { message: /^Cannot find name '(setTimeout|setInterval)'/, hint: "use sendAfter, or a receive with a time limit" },
  {
    message: /^Cannot find name '(fetch|require|document|window|Buffer|Promise|XMLHttpRequest|WebSocket)'/,
    hint: "a guest has no JavaScript APIs; it calls functions that its host offers (imports)",
  },
  { message: /^Not implemented: Exceptions/, hint: "let the guest crash; its supervisor restarts it" },
  { message: /^Not implemented: Closures/, hint: CLOSURE },
  // Inside of a function in a method, `this` is that function.
  { message: /^Property '\w+' does not exist on type '[^']*#\w+'/, hint: CLOSURE },
  {
    message: /^Not implemented: Iterators/,
    hint: "AssemblyScript has no for…of; write for (let i = 0; i < list.length; i++), and take keys() or values() of a Map or Set",
  },
  {
    message: / expected\.$/,
    at: /^(export\s+)?(default\s+)?async\b|^(for\s+)?await\b/,
    hint: "a guest has no promises; a process waits in receive or call, and needs no await",
  },
  {
    message: /^Identifier expected/,
    at: /^(const|let|var)\s*[[{]/,
    hint: "AssemblyScript has no destructuring; write one variable for each value",
  },
];

/**
 * What to add to a message of the compiler. Undefined where the message says enough.
 *
 * @param at the source from the message's place on
 */
export function hintFor(message: string, at: string): string | undefined {
  const [, name] = /^Cannot find name '(\w+)'/.exec(message) ?? [];
  if (name !== undefined && libraryNames().has(name)) {
    return `it is in the library: import { ${name} } from "isopod/guest"`;
  }
  return HINTS.find(hint => hint.message.test(message) && (hint.at?.test(at) ?? true))?.hint;
}

/** The entries of the package that a host program imports. */
const OF_HOSTS = /^\s*import\b[^;"']*["'](isopod(?:\/(?!guest\b)[\w-]+)?)["']/m;

/** The error where a source is a host program, of which the compiler understands little. */
export function hostProgram(entry: string, source: string): string | undefined {
  const imported = OF_HOSTS.exec(source)?.[1];
  if (imported === undefined) return undefined;
  return `"${entry}" imports ${imported}, so it is a host program and no guest: run it with \`node ${entry}\``;
}

/** The same for a script, which has a module `isopod` of its own. */
export function hostScript(entry: string, source: string): string | undefined {
  const only = source.replaceAll(/["']isopod["']/g, "");
  return hostProgram(entry, only);
}

let names: ReadonlySet<string> | undefined;

/** The names that `isopod/guest` exports. */
function libraryNames(): ReadonlySet<string> {
  if (names !== undefined) return names;
  const index = readFileSync(join(PACKAGE_FOLDER, "guest", "index.ts"), "utf8");
  const lists = [...index.matchAll(/export \{([^}]*)\} from/g)].map(([, list]) => list);
  const found = lists.flatMap(list => list.split(",")).map(name => name.trim());
  // Whoever misses a variable `message` does not mean the decorator, which the transform reports itself.
  names = new Set(found.filter(name => name !== "message"));
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
