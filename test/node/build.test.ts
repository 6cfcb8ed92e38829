/** The compiler: what `compile` and `build` make of sources, and what they say of mistakes. */
import { execFileSync } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import binaryen from "binaryen";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { formatReason, Runtime } from "../../host/index.ts";
import { Builder, build } from "../../host/node/compile/build.ts";
import { compile } from "../../host/node/compile/compiler.ts";
import type { CompileOptions } from "../../host/node/compile/options.ts";
import { quiet } from "../support/guests.ts";
import { assemble, PLAIN } from "../support/wat.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const ECHO = `import { forward, receive } from "isopod/guest";
export function run(): void { while (true) { const m = receive(); forward(m.from, m); } }`;

/** AssemblyScript 0.28 ends its process on this one. */
const CRASHES = "enum E { A = E.B, B = E.A } export function run(): void { E.A; }";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "isopod-build-"));
  mkdirSync(join(folder, "deep", "down"), { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, source: string): string {
  writeFileSync(join(folder, name), source);
  return join(folder, name);
}

function module(wasm: Uint8Array | undefined): WebAssembly.Module {
  expect(wasm).toBeDefined();
  return new WebAssembly.Module(new Uint8Array(wasm ?? []));
}

const exportNames = (wasm: Uint8Array | undefined) => WebAssembly.Module.exports(module(wasm)).map(({ name }) => name);

async function exportsOf(source: string, options: CompileOptions = {}): Promise<string[]> {
  const { wasm, text } = await compile(write("guest.ts", source), options);
  expect(text).toBe("");
  return exportNames(wasm);
}

describe("compile", () => {
  test("makes a module that imports its memory, exports it too, and begins with _start", async () => {
    const { wasm } = await compile(write("echo.ts", ECHO));
    const imports = WebAssembly.Module.imports(module(wasm)).map(({ module, name }) => `${module}.${name}`);
    expect(imports).toEqual(expect.arrayContaining(["env.memory", "actor.recv", "actor.park", "actor.send"]));
    expect(exportNames(wasm)).toEqual(
      expect.arrayContaining(["run", "resume:run", "memory", "_start", "__new", "__pin"]),
    );
  });

  test("needs one page of memory for a small guest, and as many as it is told to", async () => {
    const entry = write("echo.ts", ECHO);
    for (const initialPages of [undefined, 3]) {
      const { wasm } = await compile(entry, initialPages === undefined ? {} : { initialPages });
      const instantiate = (initial: number) => {
        const nothing = new Proxy({}, { get: () => () => 0 });
        const env = { memory: new WebAssembly.Memory({ initial }), abort() {} };
        return new WebAssembly.Instance(module(wasm), { actor: nothing, env } as WebAssembly.Imports);
      };
      const needed = initialPages ?? 1;
      expect(() => instantiate(needed)).not.toThrow();
      expect(() => instantiate(needed - 1)).toThrow(WebAssembly.LinkError);
    }
  });

  test("takes the library by its package name or by a relative path, from anywhere", async () => {
    const library = relative(join(folder, "deep", "down"), join(ROOT, "guest", "index")).replaceAll("\\", "/");
    const sizes = [];
    for (const from of ["isopod/guest", "isopod/guest/index", library]) {
      const { wasm, text } = await compile(write("deep/down/echo.ts", ECHO.replace("isopod/guest", from)));
      expect(text).toBe("");
      sizes.push(exportNames(wasm).filter(name => !name.startsWith("global:")));
    }
    expect(sizes[1]).toEqual(sizes[0]);
    expect(sizes[2]).toEqual(sizes[0]);
  });

  test.each(["asyncify", "jspi"] as const)("exports the library's match where a guest needs it (%s)", async park => {
    const library = relative(folder, join(ROOT, "guest", "index")).replaceAll("\\", "/");
    const use = "export function run(): void { receiveWhere(m => m.length == 0); }";
    for (const from of ["isopod/guest", library]) {
      expect(await exportsOf(`import { receiveWhere } from "${from}"; ${use}`, { park })).toEqual(
        expect.arrayContaining(["match", "match_first"]),
      );
    }
    const own = `import { receiveWhere } from "isopod/guest"; ${use}
      export function match(predicate: i32, ptr: usize, len: i32): i32 { return 1; }`;
    expect((await exportsOf(own, { park })).filter(name => name.startsWith("match"))).toEqual(["match"]);
    expect(await exportsOf(ECHO, { park })).not.toContain("match");
  });

  test("gives the same bytes whatever was compiled before, also at the same time", async () => {
    const entry = write("echo.ts", ECHO);
    const jspi = (await compile(entry, { park: "jspi" })).wasm;
    const asyncify = (await compile(entry)).wasm;
    const both = await Promise.all([compile(entry), compile(entry, { park: "jspi" }), compile(entry, { debug: true })]);
    expect(both[0].wasm).toEqual(asyncify);
    expect(both[1].wasm).toEqual(jspi);
    expect(jspi).not.toEqual(asyncify);
  });

  test("of a debug build gives a source map that names the guest's file", async () => {
    const { wasm, sourceMap } = await compile("echo.ts", { debug: true, baseDir: folder });
    expect(exportNames(wasm)).toContain("resume:run");
    expect(JSON.parse(sourceMap ?? "").sources).toContain("echo.ts");
  });

  test("does not read an asconfig.json that lies around", async () => {
    write("asconfig.json", "this is not JSON");
    try {
      expect((await compile("echo.ts", { baseDir: folder })).wasm).toBeDefined();
    } finally {
      rmSync(join(folder, "asconfig.json"));
    }
  });

  test("says where a mistake is: file, line and column, also after characters of several units", async () => {
    const entry = write(
      "bad.ts",
      '// é 🐛\nexport function run(): void {\n  const s = "🐛"; foo(s);\n  let x: i32 = "a";\n}\n',
    );
    const { wasm, diagnostics, text } = await compile(entry);
    expect(wasm).toBeUndefined();
    expect(diagnostics.map(({ severity, code, line, column }) => ({ severity, code, line, column }))).toEqual([
      { severity: "error", code: 2304, line: 3, column: 19 },
      { severity: "error", code: 2322, line: 4, column: 16 },
    ]);
    expect(diagnostics.every(({ file }) => file === entry)).toBe(true);
    expect(text).toContain("bad.ts(3,19)");
    expect(text).toContain("~~~");
  });

  test("names the file of a mistake in an imported file, and one that an import does not find", async () => {
    const helper = write("helper.ts", "export function helper(): void { nothing(); }\n");
    const entry = write("caller.ts", 'import { helper } from "./helper";\nexport function run(): void { helper(); }\n');
    expect((await compile(entry)).diagnostics).toMatchObject([{ file: helper, line: 1, column: 34 }]);
    const lost = write("lost.ts", 'import { x } from "./nowhere";\nexport function run(): void { x(); }\n');
    expect((await compile(lost)).diagnostics[0]).toMatchObject({ severity: "error", file: lost, line: 1, column: 19 });
  });

  test.each(["missing.ts", "deep", "echo.js"])("says that %s is no guest", async entry => {
    const { wasm, diagnostics, text } = await compile(entry, { baseDir: folder });
    expect(wasm).toBeUndefined();
    expect(diagnostics).toMatchObject([{ severity: "error", file: join(folder, entry) }]);
    expect(text).toContain(`"${entry}"`);
  });
});

describe("build", () => {
  test("keeps its compiler from one call to the next", async () => {
    const started: unknown[] = [];
    const note = (message: unknown) => started.push(message);
    subscribe("worker_threads", note);
    try {
      const compile = () => build([write("echo.ts", ECHO)], { cache: false });
      const [first, second] = [await compile(), await compile()];
      expect(second).toEqual(first);
      expect(started).toHaveLength(1);
    } finally {
      unsubscribe("worker_threads", note);
    }
  });

  test("posts nothing to a worker before that says that it listens, because Deno loses such messages", async () => {
    const post = vi.spyOn(Worker.prototype, "postMessage");
    const wasPosted: boolean[] = [];
    const note = (message: unknown) => {
      const { worker } = message as { worker: Worker };
      worker.once("message", () => wasPosted.push(post.mock.contexts.includes(worker)));
    };
    subscribe("worker_threads", note);
    const builder = new Builder();
    try {
      expect((await builder.build(write("echo.ts", ECHO), { cache: false })).wasm).toBeDefined();
      expect(wasPosted).toEqual([false]);
    } finally {
      unsubscribe("worker_threads", note);
      post.mockRestore();
      await builder.close();
    }
  });

  test("goes on after an entry that crashes the compiler, and names it", async () => {
    write("echo.ts", ECHO);
    write("crashes.ts", CRASHES);
    const entries = ["echo.ts", "crashes.ts", "missing.ts", "crashes.ts", "echo.ts"];
    const results = await build(entries, { baseDir: folder, cache: false });
    expect(results.map(({ entry }) => entry)).toEqual(entries);
    expect(results.map(({ wasm }) => wasm !== undefined)).toEqual([true, false, false, false, true]);
    expect(results[4].wasm).toEqual(results[0].wasm);
    expect(results[1].diagnostics).toMatchObject([{ severity: "error", file: join(folder, "crashes.ts") }]);
    expect(results[1].diagnostics[0].message).toMatch(/the AssemblyScript compiler crashed .*"crashes\.ts"/);
    expect(results[1].text).toContain("has crashed during compile");
  });

  test("blames the AssemblyScript compiler for nothing that is none of its, and goes on after what Binaryen cannot do", async () => {
    const name = "keeps.wasm";
    writeFileSync(
      join(folder, name),
      assemble(
        `(module (import "actor" "park" (func $park (result i32))) (import "env" "memory" (memory 1)) (table 2 externref)
          (global (export "__global_base") i32 (i32.const 4096))
          (func (export "run") (local $r externref) (local.set $r (table.get 0 (i32.const 1))) (drop (call $park)) (table.set 0 (i32.const 0) (local.get $r))))`,
        PLAIN | binaryen.Features.ReferenceTypes,
      ),
    );
    write("echo.ts", ECHO);
    const results = await build([name, "echo.ts"], { baseDir: folder, park: "asyncify", cache: false });
    expect(results[0].diagnostics).toMatchObject([{ message: expect.stringContaining("run keeps a reference") }]);
    expect(results[0].text).not.toMatch(/crash/);
    expect(results[1].wasm).toBeDefined();
  });

  test("takes no number of bytes for a stack that is none", async () => {
    for (const stackBytes of [0, -1, 0.5, Number.NaN, 2 ** 30]) {
      await expect(build(["echo.ts"], { baseDir: folder, stackBytes })).rejects.toThrow(
        /stackBytes .*whole number from 1 to/,
      );
    }
  });

  test("of nothing is nothing", async () => {
    expect(await build([])).toEqual([]);
  });
});

describe("a guest that calls all of the library", () => {
  const LIBRARY = join(ROOT, "guest");
  const index = readFileSync(join(LIBRARY, "index.ts"), "utf8");
  const exported = [...index.matchAll(/^export \{([^}]*)\} from "\.\/([^"]+)"/gm)].map(([, names, file]) => ({
    names: names
      .split(",")
      .map(name => name.trim())
      .filter(name => name !== ""),
    file,
  }));

  /** Parameters without their default values. */
  const declared = (parameters: string) =>
    parameters
      .replaceAll(/\b(public|private|protected|readonly) /g, "")
      .replaceAll(/ = [^,]*/g, "")
      .replace(/,\s*$/, "");
  const named = (parameters: string) =>
    [...parameters.replaceAll(/\([^)]*\)/g, "").matchAll(/(\w+): /g)].map(([, name]) => name).join(", ");

  /**
   * A function for each function, constructor, method and property that the library's files say to
   * be public.
   */
  function calls(): string[] {
    const made: string[] = [];
    const add = (parameters: string, call: string) => {
      made.push(`export function call${made.length}(${declared(parameters)}): void { ${call}; }`);
    };
    for (const { names, file } of exported) {
      const source = readFileSync(join(LIBRARY, `${file}.ts`), "utf8").replaceAll(/\/\*\*[\s\S]*?\*\//g, "");
      for (const [, name, parameters] of source.matchAll(/^export function (\w+)\(((?:[^()]|\([^()]*\))*)\)/gm)) {
        if (names.includes(name)) add(parameters, `${name}(${named(parameters)})`);
      }
      for (const [, kind, name, body] of source.matchAll(/^export (abstract )?class (\w+)[^{]*\{\n([\s\S]*?)^\}/gm)) {
        if (!names.includes(name)) continue;
        for (const [, get, method, parameters] of body.matchAll(/^ {2}(get )?(\w+)\(([^)]*)\)[^;\n]* \{/gm)) {
          if (method === "constructor") {
            if (kind === undefined) add(parameters, `new ${name}(${named(parameters)})`);
            continue;
          }
          const own = parameters === "" ? `it: ${name}` : `it: ${name}, ${parameters}`;
          add(own, get === undefined ? `it.${method}(${named(parameters)})` : `it.${method}`);
        }
      }
    }
    return made;
  }

  test.each(["isopod/guest", "a path, as symbolic links lead to"])("is compiled without a warning (%s)", async from => {
    const path = from === "isopod/guest" ? from : relative(folder, join(LIBRARY, "index")).replaceAll("\\", "/");
    const made = calls();
    expect(made.length).toBeGreaterThan(120);
    const names = exported.flatMap(({ names }) => names).join(", ");
    const { text, wasm } = await compile(
      write("all.ts", `import { ${names} } from "${path}";\n${made.join("\n")}\nexport function run(): void {}\n`),
    );
    expect(text).toBe("");
    expect(wasm).toBeDefined();
  });
});

describe("asc by hand, as docs/languages.md shows it,", () => {
  /** Waits in a recursion with objects, and logs how deep that was. */
  const DEEP = `import { argsText, log, receive } from "isopod/guest";
    class Node { constructor(public value: i32, public next: Node | null) {} }
    function down(depth: i32, node: Node): i32 {
      if (depth == 0) return receive().length;
      return down(depth - 1, new Node(depth, node)) + node.value;
    }
    export function run(): void { log(down(I32.parseInt(argsText()) as i32, new Node(0, null)).toString()); }`;

  /**
   * Runs the command of the page on `by-hand.ts`, with what is in a checkout in the place of the
   * package.
   */
  function asc(...more: string[]): Uint8Array<ArrayBuffer> {
    const page = readFileSync(join(ROOT, "docs", "languages.md"), "utf8");
    const [, shown] = /```sh\n(npx asc [\s\S]*?)\n```/.exec(page) ?? [];
    const words = (shown ?? "").replaceAll("\\\n", " ").split(/\s+/).slice(2);
    expect(words).toContain("guest.ts");
    // The package by its name, as in a project that has it installed.
    mkdirSync(join(folder, "node_modules"), { recursive: true });
    if (!existsSync(join(folder, "node_modules", "isopod"))) symlinkSync(ROOT, join(folder, "node_modules", "isopod"));
    const replaced: Readonly<Record<string, string>> = {
      "guest.ts": "by-hand.ts",
      "guest.wasm": "by-hand.wasm",
      "isopod/transform": join(ROOT, "guest/transform/index.ts"),
    };
    const cli = join(ROOT, "node_modules", "assemblyscript", "bin", "asc.js");
    // What asc makes is the same without V8's optimizing compiler, which takes half of the time of
    // so short a run.
    execFileSync(process.execPath, ["--liftoff-only", cli, ...words.map(word => replaced[word] ?? word), ...more], {
      cwd: folder,
      stdio: "pipe",
    });
    return new Uint8Array(readFileSync(join(folder, "by-hand.wasm")));
  }

  /** What it logs, and how it ends, where it waits so deep. */
  async function run(wasm: Uint8Array<ArrayBuffer>, depth: number): Promise<string[]> {
    const lines: string[] = [];
    await using runtime = new Runtime({ grants: "all", onLog: (_pid, _level, line) => lines.push(line) });
    const pid = runtime.spawn(await runtime.load(wasm), { args: String(depth) });
    const ended = runtime.exited(pid);
    await quiet();
    runtime.send(pid, "abc");
    lines.push(formatReason(await ended));
    return lines;
  }

  test("gives the same bytes as isopod build", async () => {
    const entry = write("by-hand.ts", DEEP);
    const { wasm } = await compile(entry, { baseDir: folder });
    expect(asc()).toEqual(wasm);
  });

  test("makes guests that run, wherever --memoryBase puts their data, and with a stack of asc's own", async () => {
    write("by-hand.ts", DEEP);
    const sum = (depth: number) => [String(depth === 0 ? 3 : (depth * (depth + 1)) / 2 + 2), "normal"];
    expect(await run(asc(), 300)).toEqual(sum(300));
    const larger = asc("--memoryBase", "60000");
    for (const depth of [0, 2_000]) expect(await run(larger, depth)).toEqual(sum(depth));
    const smaller = asc("--memoryBase", "8001");
    expect(await run(smaller, 100)).toEqual(sum(100));
    expect((await run(smaller, 3_000))[0]).toMatch(/^crashed: stack overflow: the 37\d\d bytes .* larger --stack/);
    expect(await run(asc("--memoryBase", "4096", "--stackSize", "32768"), 2_000)).toEqual(sum(2_000));
  });

  test("says which --memoryBase to use where one leaves no room for the stacks", () => {
    write("by-hand.ts", DEEP);
    for (const memoryBase of ["0", "4096"]) {
      expect(() => asc("--memoryBase", memoryBase)).toThrow(
        /the guest's stacks need the memory below --memoryBase, .*use --memoryBase 12544/,
      );
    }
    expect(() => asc("--memoryBase", "0", "--stackSize", "32768")).toThrow(/use --memoryBase 4096/);
  });
});
