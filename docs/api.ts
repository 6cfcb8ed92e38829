/**
 * Writes docs/api.md from the sources: `npm run docs:api`. TypeScript prints the declarations with their comments, and this finds those that an entry
 * point exports. It reads tsc's own layout, in which whatever stands at the beginning of a line begins or ends a declaration.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PAGE = join(ROOT, "docs/api.md");

const GUEST_PROJECT = "guest/tsconfig.json";
const HOST_PROJECT = "tsconfig.build.json";

/** What each entry point is for. Those of package.json that have types are the chapters, in its order. */
const about: Readonly<Record<string, string>> = {
  isopod: "The runtime, for any JavaScript engine. It imports nothing.",
  "isopod/node": "Everything of `isopod`, with the defaults that fit Node, and the compiler.",
  "isopod/cluster":
    "Runtimes of several processes, machines and pages as one system, over NATS ([cluster.md](cluster.md)).",
  "isopod/threads": "One runtime over worker threads ([threads.md](threads.md)).",
  "isopod/codec": "Text, JSON and CBOR in messages ([messages.md](messages.md)).",
  "isopod/wasi": "For guests that insist on WASI ([security.md](security.md#wasi)).",
  "isopod/js": "guests in plain JavaScript: `loadScript` makes a module of a script",
  "isopod/replay": "Records actors and replays their crashes ([replay.md](replay.md)).",
  "isopod/assemblyscript": "For `RuntimeOptions.readString`; `isopod/node` has it by default.",
  "isopod/source-map": "For `RuntimeOptions.readSourceMap`; `isopod/node` has it by default.",
  "isopod/test": "For tests of programs that use isopod: a clock that a test moves by hand, and `settle`.",
  "isopod/vite": "A plug-in for Vite and Rollup, so that programs import guests ([bundlers.md](bundlers.md)).",
  "isopod/transform": "For `asc --transform`; `isopod build` has it by itself.",
  "isopod/guest":
    "What guests in AssemblyScript import. `i32`, `u64` and so on are AssemblyScript's types; a `usize` is an address in the guest's own memory.",
};

interface Entry {
  readonly name: string;
  readonly about: string;
  /** The project that prints it, and its file there. */
  readonly project: string;
  readonly file: string;
}

function entries(): Entry[] {
  const { exports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    exports: Record<string, string | { types?: string }>;
  };
  return Object.entries(exports).flatMap(([path, target]) => {
    const name = join("isopod", path);
    const types = typeof target === "string" ? target : (target.types ?? "");
    // `isopod/vite/client` declares no names that a program imports.
    if (!/\.ts$/.test(types) || types.startsWith("./host/")) return [];
    if (about[name] === undefined) throw new Error(`docs/api.ts does not say what ${name} is for`);
    const isGuest = types.startsWith("./guest/");
    const file = types.replace(isGuest ? "./guest/" : "./dist/", "").replace(/(\.d)?\.ts$/, "");
    return { name, about: about[name], project: isGuest ? GUEST_PROJECT : HOST_PROJECT, file };
  });
}

interface Declaration {
  readonly comment: string;
  readonly text: string;
}

/** A file of declarations. */
interface Declared {
  readonly own: ReadonlyMap<string, Declaration>;
  /** Where a name comes from that another file declares. */
  readonly imported: ReadonlyMap<string, string>;
  /** What it passes on, in its own order; the others it exports itself. */
  readonly passedOn: readonly string[];
}

const FROM = /^(?:import|export)(?: type)? \{([^}]*)\} from "([^"]+)";/gm;
const BLOCK = /^((?:\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?)(export [^\n]*(?:\n(?:\s|\}|$)[^\n]*)*)/gm;
const NAME =
  /^export (?:default )?(?:declare )?(?:abstract )?(?:class|interface|type|function|const|enum|namespace) (\w+)/;

/** All of docs/api.md. */
export function apiPage(): string {
  const folder = mkdtempSync(join(tmpdir(), "isopod-api-"));
  try {
    const anchors = new Map<string, number>();
    for (const project of [HOST_PROJECT, GUEST_PROJECT]) print(project, folder);
    return `# API
Made from the comments of the sources by \`npm run docs:api\`; do not edit it here. What guests of other languages call is in [abi.md](abi.md).

${entries()
  .map(entry => chapter(entry, join(folder, entry.project), anchors))
  .join("\n")}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Has tsc write the declarations. Decorators of AssemblyScript are errors to it, which keep it from nothing. */
function print(project: string, folder: string): void {
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  const options = ["--noEmit", "false", "--declaration", "--emitDeclarationOnly", "--outDir", join(folder, project)];
  try {
    execFileSync(process.execPath, [tsc, "-p", join(ROOT, project), ...options], { stdio: "pipe" });
  } catch (error) {
    if (project === HOST_PROJECT) throw error;
  }
}

function chapter({ name, file, about }: Entry, folder: string, anchors: Map<string, number>): string {
  anchor(name, anchors);
  const path = join(folder, `${file}.d.ts`);
  const { own, passedOn } = declared(path);
  const parts = [...new Set([...own.keys(), ...passedOn])].map(exported => {
    const link = `[\`${exported}\`](#${anchor(exported, anchors)})`;
    return { link, text: section(exported, find(path, exported)) };
  });
  return `## ${name}\n${about}\n\n${parts.map(({ link }) => link).join(" · ")}\n\n${parts.map(({ text }) => text).join("\n")}`;
}

function section(name: string, { comment, text }: Declaration): string {
  return `### ${name}\n${comment}${comment && "\n\n"}\`\`\`ts\n${text}\n\`\`\`\n`;
}

/** As GitHub makes it of a heading. */
function anchor(heading: string, anchors: Map<string, number>): string {
  const plain = heading.toLowerCase().replaceAll(/[^\w-]/g, "");
  const before = anchors.get(plain) ?? 0;
  anchors.set(plain, before + 1);
  return before === 0 ? plain : `${plain}-${before}`;
}

/** The declaration behind a name, and of another name for a type the type itself. Throws where there is none. */
function find(path: string, name: string): Declaration {
  const { own, imported } = declared(path);
  const found = own.get(name);
  const from = imported.get(name);
  if (found === undefined && from !== undefined) return find(join(dirname(path), from), name);
  if (found === undefined) throw new Error(`${path} declares no ${name}`);
  const alias = /^type \w+ = (\w+);$/.exec(found.text)?.[1];
  if (alias === undefined || !imported.has(alias)) return found;
  const meant = find(path, alias);
  return { comment: found.comment || meant.comment, text: `${found.text}\n\n${meant.text}` };
}

function declared(path: string): Declared {
  const source = readFileSync(path, "utf8");
  const own = new Map<string, Declaration>();
  for (const [, comment, text] of source.matchAll(BLOCK)) {
    const name = NAME.exec(text)?.[1];
    if (name === undefined) continue;
    const before = own.get(name);
    own.set(name, {
      comment: before?.comment ?? prose(comment),
      text: (before ? `${before.text}\n` : "") + shown(text),
    });
  }
  const imported = new Map<string, string>();
  const passedOn: string[] = [];
  for (const [statement, names, from] of source.matchAll(FROM)) {
    for (const name of names.split(",").map(name => name.replace("type ", "").trim())) {
      if (name === "") continue;
      imported.set(name, `${from.replace(/\.ts$/, "")}.d.ts`);
      if (statement.startsWith("export")) passedOn.push(name);
    }
  }
  return { own, imported, passedOn };
}

/** A comment's text. */
function prose(comment: string): string {
  return comment
    .replace(/^\/\*\*\s?|\s*\*\/\s*$/g, "")
    .replaceAll(/^ \* ?/gm, "")
    .replaceAll(/\{@link (\w+)\}/g, "`$1`")
    .replaceAll(/^@param (\w+)/gm, "- `$1`:")
    .replaceAll(/^@returns/gm, "- returns")
    .trim();
}

/** A declaration without what is nobody else's. */
function shown(text: string): string {
  return text
    .replaceAll(/(?:^ {4}\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?^ {4}(?:private |#private|protected |static #)[^\n]*\n/gm, "")
    .replace(/^export (declare )?(?!default)/, "")
    .trimEnd();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PAGE, apiPage());
