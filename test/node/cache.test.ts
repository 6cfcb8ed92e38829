/**
 * The folder of compiled guests gives what the compiler would make now. Most tests keep modules
 * that no compiler has made.
 */
import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Builder, build } from "../../host/node/compile/build.ts";
import { CompileCache, cacheFolder, hashOf, type Inputs } from "../../host/node/compile/cache.ts";
import type { Compiled } from "../../host/node/compile/compiled.ts";
import type { CompileOptions } from "../../host/node/compile/options.ts";

let baseDir: string;
let folder: string;
let cache: CompileCache;
beforeEach(async () => {
  baseDir = await mkdtemp(join(tmpdir(), "isopod-cache-"));
  folder = join(baseDir, "kept");
  cache = new CompileCache(folder);
});
afterEach(() => rm(baseDir, { recursive: true }));

const write = (name: string, text: string) => writeFile(join(baseDir, name), text);

async function inputsOf(...names: string[]): Promise<Inputs> {
  return Promise.all(
    names.map(async name => {
      const content = await readFile(join(baseDir, name)).catch(() => null);
      return [join(baseDir, name), content === null ? null : hashOf(content)] as const;
    }),
  );
}

/** As the compiler would answer that has read these files, or missed them. */
async function keep(wasm: string, names: string[], options: CompileOptions = {}, others: Partial<Compiled> = {}) {
  const [entry] = names;
  const sources = names.map(name => join(baseDir, name));
  const bytes = new Uint8Array(Buffer.from(wasm));
  const compiled: Compiled = { entry, wasm: bytes, sourceMap: "{}", diagnostics: [], sources, text: "", ...others };
  await cache.keep(compiled, await inputsOf(...names), { baseDir, ...options });
  return compiled;
}

async function find(entry: string, options: CompileOptions = {}): Promise<string | undefined> {
  const found = await cache.find(entry, { baseDir, ...options });
  return found?.wasm && Buffer.from(found.wasm).toString();
}

describe("a guest that was compiled before", () => {
  test("is found as it was", async () => {
    await write("a.ts", "a");
    const compiled = await keep("made of a", ["a.ts", "missing.ts"]);
    expect(await cache.find("a.ts", { baseDir })).toEqual(compiled);
  });

  test("is not found where a file that it was made of has changed, and is again when that is as it was", async () => {
    await write("a.ts", "a");
    await write("b.ts", "b");
    await keep("made of a and b", ["a.ts", "b.ts"]);
    for (const name of ["a.ts", "b.ts"]) {
      const before = await readFile(join(baseDir, name), "utf8");
      await write(name, "another");
      expect(await find("a.ts"), name).toBeUndefined();
      await write(name, before);
      expect(await find("a.ts"), name).toBe("made of a and b");
    }
  });

  test("is not found where a file is there now that the compiler had looked for in vain", async () => {
    await write("a.ts", "a");
    await keep("made of a", ["a.ts", "b.ts"]);
    await write("b.ts", "");
    expect(await find("a.ts")).toBeUndefined();
  });

  test("is not found by other options, and is by those that are the defaults", async () => {
    await write("a.ts", "a");
    await keep("made of a", ["a.ts"]);
    const others: CompileOptions[] = [
      { park: "jspi" },
      { reductions: "count" },
      { debug: true },
      { stackBytes: 100 },
      { initialPages: 2 },
    ];
    for (const options of others) expect(await find("a.ts", options), JSON.stringify(options)).toBeUndefined();
    expect(await find("a.ts", { park: "asyncify", reductions: "none", debug: false })).toBe("made of a");
  });

  test("is not found by another major version of Node, and is by another minor one", async () => {
    await write("a.ts", "a");
    await keep("made of a", ["a.ts"]);
    const { versions } = process;
    const [major, minor] = versions.node.split(".").map(Number);
    try {
      for (const [node, found] of [
        [`${major}.${minor + 1}.0`, "made of a"],
        [`${major + 1}.${minor}.0`, undefined],
      ]) {
        Object.defineProperty(process, "versions", { value: { ...versions, node } });
        expect(await find("a.ts"), node).toBe(found);
      }
    } finally {
      Object.defineProperty(process, "versions", { value: versions });
    }
  });

  test("is not kept where there is something to say about it, or no module", async () => {
    await write("a.ts", "a");
    await keep("made of a", ["a.ts"], {}, { text: "WARNING: a\n" });
    await cache.keep({ entry: "a.ts", diagnostics: [], sources: [], text: "" }, await inputsOf("a.ts"), { baseDir });
    expect(await find("a.ts")).toBeUndefined();
  });

  test("is found by the same text in another folder, and names the files there", async () => {
    await write("a.ts", "a");
    await keep("made of a", ["a.ts"]);
    const moved = join(baseDir, "moved");
    await mkdir(moved);
    await writeFile(join(moved, "a.ts"), "a");
    expect((await cache.find("a.ts", { baseDir: moved }))?.sources).toEqual([join(moved, "a.ts")]);
  });

  test("by isopod is not compiled again", async () => {
    await write(
      "a.ts",
      'import { log } from "isopod/guest"; import { word } from "./b"; export function run(): void { log(word); }',
    );
    await write("b.ts", 'export const word = "first";');
    const options = { baseDir, cache: folder };
    const builder = new Builder();
    const first = await builder.build("a.ts", options);
    expect([first.text, first.wasm?.length]).toEqual(["", expect.any(Number)]);
    // No compiler takes less than this.
    expect(await builder.build("a.ts", { ...options, timeoutMs: 0 })).toEqual(first);
    await write("b.ts", 'export const word = "second";');
    const second = await builder.build("a.ts", options);
    expect(Buffer.from(second.wasm ?? []).includes(Buffer.from("second", "utf16le"))).toBe(true);
    const late = await builder.build("a.ts", { ...options, cache: false, timeoutMs: 0 });
    expect(late.diagnostics[0].message).toContain("took too long");
    await builder.close();
  });
});

describe("the folder", () => {
  test("belongs to its user alone, with all that is in it", async () => {
    await write("a.ts", "a");
    await keep("made of a", ["a.ts"]);
    const [name] = await readdir(folder);
    const modeOf = async (path: string) => (await stat(path)).mode & 0o777;
    if (process.platform !== "win32")
      expect([await modeOf(folder), await modeOf(join(folder, name))]).toEqual([0o700, 0o600]);
  });

  test.skipIf(process.platform === "win32")("is not used where others can write to it", async () => {
    await write("a.ts", "a");
    await keep("made of a", ["a.ts"]);
    await chmod(folder, 0o777);
    expect(await find("a.ts")).toBeUndefined();
    await write("b.ts", "b");
    await keep("made of b", ["b.ts"]);
    expect(await readdir(folder)).toHaveLength(1);
  });

  test("gives nothing that was damaged", async () => {
    await write("a.ts", "a");
    await keep("made of a", ["a.ts"]);
    const [name] = await readdir(folder);
    const whole = await readFile(join(folder, name));
    for (let at = 0; at < whole.length; at += 7) {
      const damaged = Buffer.from(whole);
      damaged[at] ^= 1;
      await writeFile(join(folder, name), damaged);
      expect(await find("a.ts")).toBeUndefined();
      await writeFile(join(folder, name), whole.subarray(0, at));
      expect(await find("a.ts")).toBeUndefined();
    }
    await writeFile(join(folder, name), whole);
    expect(await find("a.ts")).toBe("made of a");
  });

  test("loses what was used longest ago where it grows too large, and no file of others", async () => {
    cache = new CompileCache(folder, 5_000);
    await mkdir(folder, { mode: 0o700 });
    await writeFile(join(folder, "mine.txt"), "x".repeat(10_000));
    for (const [i, name] of ["a", "b", "c"].entries()) {
      await write(`${name}.ts`, name);
      await keep(name.repeat(1_000), [`${name}.ts`]);
      for (const file of await readdir(folder)) {
        const path = join(folder, file);
        if ((await stat(path)).mtimeMs > 1e12) await utimes(path, i, i);
      }
    }
    // Looked for, it is the newest.
    await find("a.ts");
    await write("d.ts", "d");
    await keep("d".repeat(1_000), ["d.ts"]);
    const found = await Promise.all(["a", "b", "c", "d"].map(async name => (await find(`${name}.ts`)) !== undefined));
    expect(found).toEqual([true, false, true, true]);
    expect(await readdir(folder)).toContain("mine.txt");
  });

  test("does not mix what is compiled at once, in one process and in two", async () => {
    const script = `
      import { CompileCache, hashOf } from ${JSON.stringify(new URL("../../host/node/compile/cache.ts", import.meta.url).href)};
      const [baseDir, folder] = process.argv.slice(1);
      const cache = new CompileCache(folder);
      for (let round = 0; round < 20; round++) await Promise.all(["a", "b", "c"].map(async name => {
        const wasm = new Uint8Array(50_000).fill(name.charCodeAt(0));
        const compiled = { entry: name + ".ts", wasm, diagnostics: [], sources: [], text: "" };
        await cache.keep(compiled, [[baseDir + "/" + name + ".ts", hashOf(name)]], { baseDir });
        const found = await cache.find(name + ".ts", { baseDir });
        if (found === undefined || found.wasm.length !== 50_000 || found.wasm.some(byte => byte !== wasm[0]))
          throw new Error(name + " is not what was kept");
      }));`;
    for (const name of ["a", "b", "c"]) await write(`${name}.ts`, name);
    const args = ["--input-type=module", "-e", script, baseDir, folder];
    const run = () => promisify(execFile)(process.execPath, args);
    await Promise.all([run(), run()]);
    expect(await readdir(folder)).toHaveLength(3);
  });
});

describe("where the folder is", () => {
  const before = { ...process.env };
  afterEach(() => {
    process.env = { ...before };
  });

  test("says the option, or else the environment, or else the system", () => {
    process.env.ISOPOD_CACHE = join(baseDir, "environment");
    expect(cacheFolder(join(baseDir, "option"))).toBe(join(baseDir, "option"));
    expect(cacheFolder(undefined)).toBe(join(baseDir, "environment"));
    expect(cacheFolder(false)).toBeUndefined();
    process.env.ISOPOD_CACHE = "off";
    expect(cacheFolder(undefined)).toBeUndefined();
    process.env.ISOPOD_CACHE = "";
    process.env.XDG_CACHE_HOME = "";
    expect(cacheFolder(undefined)).toContain(homedir());
    process.env.XDG_CACHE_HOME = baseDir;
    expect(cacheFolder(undefined)).toBe(join(baseDir, "isopod"));
  });

  test("is a path or false, and nothing else", async () => {
    for (const wrong of [true, 3, ""]) {
      const call = build([fileURLToPath(import.meta.url)], { cache: wrong as string });
      await expect(call).rejects.toThrow(/^build: cache is the path of a folder, or false, not /);
    }
  });
});
