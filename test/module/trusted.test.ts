/**
 * Modules that `isopod build --trusted` has made: a host that trusts them takes them compiled, and their
 * actors do what they would do if the host had rewritten the module itself.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fc, test as law } from "@fast-check/vitest";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type GuestModule, LoadError, type LoadOptions, type Runtime } from "../../host/index.ts";
import { FACTS_SECTION } from "../../host/module/facts.ts";
import { Output } from "../../host/module/output.ts";
import { type BuildOptions, type Compiled, createRuntime } from "../../host/node/index.ts";
import { build } from "../support/compiler.ts";
import { quiet } from "../support/guests.ts";
import { argsOf, COUNTER, countsOf } from "../support/hibernated.ts";
import { ROOT } from "../support/pages.ts";
import { newRuntime } from "../support/runtimes.ts";
import { guest } from "../support/wat.ts";

let folder: string;
let runtime: Runtime;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "isopod-trusted-"));
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(() => {
  runtime = newRuntime();
});

const moduleOf = ({ wasm, text }: Compiled): WebAssembly.Module => {
  if (wasm === undefined) throw new Error(text);
  return new WebAssembly.Module(wasm);
};

/** What the tools make of a file, as it is and as a host can trust it. */
async function both(entry: string, options: BuildOptions = {}): Promise<[plain: Compiled, trusted: Compiled]> {
  const [plain] = await build([entry], options);
  const [trusted] = await build([entry], { ...options, trusted: true });
  return [plain, trusted];
}

/** A guest in WebAssembly text as a file that the tools can rewrite. */
async function fileOf(name: string, body: string): Promise<string> {
  const path = join(folder, `${name}.wasm`);
  await writeFile(path, guest(body));
  return path;
}

const trusting: LoadOptions = { trusted: true, name: "guest" };

const factsOf = (module: GuestModule) => ({
  hash: module.hash,
  storeLimit: module.storeLimit,
  scratch: module.scratch,
  parkedGlobal: module.parkedGlobal,
  leftGlobal: module.leftGlobal,
  movableGlobals: module.movableGlobals,
  memoryType: module.memoryType,
  hasKnownTypes: module.hasKnownTypes,
  bytes: [module.initialBytes, module.instanceBytes, module.stackBytes],
  entry: module.defaultEntry,
  ways: [module.canYield("asyncify"), module.canYield("jspi"), module.givesWay],
  counts: [module.isCounted, module.exportsCounter],
});

const examples = ["counter", "selective", "table-tennis"];
const ways = [{ park: "asyncify" }, { park: "jspi" }] as const;
const counting = [{ reductions: "none" }, { reductions: "count" }, { reductions: "yield" }] as const;

test.each(ways.flatMap(way => counting.map(how => ({ ...way, ...how }))))(
  "of a module built with $park and $reductions the host knows the same, whoever has rewritten it",
  async options => {
    for (const name of examples) {
      const [plain, trusted] = await both(`${name}.ts`, { ...options, baseDir: join(ROOT, "guest/examples") });
      const here = await runtime.load(plain, { name: "guest" });
      const there = await runtime.load(moduleOf(trusted), trusting);
      expect(factsOf(there), name).toEqual(factsOf(here));
    }
  },
);

test("so it does of one with scratch memory, and where the bytes are rewritten once more", async () => {
  const body = `(global (export "isopod:scratch") i32 (i32.const 4096)) ${COUNTER}`;
  const [plain, trusted] = await both(await fileOf("scratch", body));
  const here = await runtime.load(plain, { name: "guest" });
  const there = await runtime.load(moduleOf(trusted), trusting);
  const again = await runtime.load(trusted, { name: "guest" });
  expect([here.scratch, there.scratch, again.scratch]).toEqual([4096, 4096, 4096]);
  expect(factsOf(there)).toEqual(factsOf(here));
});

describe("an actor of a trusted module", () => {
  let plain: Compiled;
  let trusted: Compiled;

  beforeAll(async () => {
    [plain, trusted] = await both(await fileOf("counter", COUNTER));
  });

  /** Spawns counters and sends each as many messages as `sends` says. Answers what they told. */
  async function played(module: GuestModule, owner: Runtime, sends: readonly number[]): Promise<number[][]> {
    const boss = owner.mailbox();
    const pids = sends.map(() => owner.spawn(module, { args: argsOf(boss.pid) }));
    for (let round = 0; round < Math.max(...sends); round++) {
      for (const [i, pid] of pids.entries()) if (sends[i] > round) owner.send(pid, "");
      await quiet();
    }
    return countsOf(boss);
  }

  law.prop([fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 12 })], { numRuns: 20 })(
    "shares instances with others, and tells what one of a rewritten module tells",
    async sends => {
      const [mine, its] = [newRuntime({ limits: { instances: 2 } }), newRuntime({ limits: { instances: 2 } })];
      const here = await played(await mine.load(plain), mine, sends);
      const there = await played(await its.load(moduleOf(trusted), trusting), its, sends);
      expect(there).toEqual(here);
      expect(its.counters).toEqual(mine.counters);
    },
  );

  test("keeps no instance", async () => {
    const pid = runtime.spawn(await runtime.load(moduleOf(trusted), trusting), { args: argsOf(runtime.mailbox().pid) });
    await quiet();
    expect(runtime.info(pid)?.pinned).toBeUndefined();
    expect(runtime.hibernate(pid)).toBe(true);
  });

  test.each([true, false])("goes on from the image of the other (made by the trusted one: %s)", async isFromTrusted => {
    const here = await runtime.load(plain);
    const there = await runtime.load(moduleOf(trusted), trusting);
    const [from, to] = isFromTrusted ? [there, here] : [here, there];
    const boss = runtime.mailbox();
    const first = runtime.spawn(from, { args: argsOf(boss.pid) });
    runtime.send(first, "");
    await quiet();
    runtime.send(runtime.spawnImage(to, runtime.image(first)), "");
    await quiet();
    expect(countsOf(boss)).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  test("is killed after as many reductions as one whose module the host has counted", async () => {
    const loop = (rounds: number) => `(func (export "run") (local $i i32)
      (loop $again
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $i) (i32.const ${rounds})))))`;
    const kill = { reductions: { policy: "kill", perTurn: 5_000 } } as const;
    const seen: string[] = [];
    for (let rounds = 1_000; rounds < 40_000; rounds = Math.ceil(rounds * 1.5)) {
      const [counted, trusted] = await both(await fileOf(`loop-${rounds}`, loop(rounds)), { reductions: "count" });
      const modules = [
        await runtime.load(guest(loop(rounds)), { reductions: "count" }),
        await runtime.load(counted),
        await runtime.load(moduleOf(trusted), trusting),
        await runtime.load(moduleOf(trusted), { ...trusting, reductions: "count" }),
      ];
      const ends = await Promise.all(modules.map(module => runtime.exited(runtime.spawn(module, kill))));
      const [kind, ...more] = new Set(ends.map(({ kind }) => kind));
      expect(more, `${rounds} rounds`).toEqual([]);
      seen.push(kind);
    }
    expect(new Set(seen)).toEqual(new Set(["normal", "crashed"]));
  });

  test("may be loaded from bytes too, and then its crash names the place in its source", async () => {
    const source = `import { receive } from "isopod/guest";
export function run(): void {
  receive();
  unreachable();
}
`;
    await writeFile(join(folder, "trap.ts"), source);
    const [, built] = await both("trap.ts", { baseDir: folder });
    const node = createRuntime({ quiet: true });
    const pid = node.spawn(await node.load(built, { trusted: true }));
    node.send(pid, "");
    expect(await node.exited(pid)).toMatchObject({ kind: "crashed", message: expect.stringMatching(/trap\.ts:4:3/) });
    await node.stop();
  });

  test("behaves the same where the host does not trust it and rewrites its bytes once more", async () => {
    expect(await played(await runtime.load(trusted), runtime, [2, 1])).toEqual([
      [1, 1],
      [1, 1],
      [2, 2],
    ]);
  });
});

describe("the host refuses a module as trusted", () => {
  let trusted: Uint8Array<ArrayBuffer>;

  beforeAll(async () => {
    const [, { wasm, text }] = await both(await fileOf("refused", COUNTER));
    if (wasm === undefined) throw new Error(text);
    trusted = wasm;
  });

  const refusal = async (bytes: Uint8Array<ArrayBuffer>, options: LoadOptions = {}, on = runtime): Promise<string> => {
    const loaded = on.load(new WebAssembly.Module(bytes), { ...trusting, ...options });
    const error = await loaded.then(
      () => undefined,
      error => error,
    );
    expect(error).toBeInstanceOf(LoadError);
    return error.message;
  };

  /** A module with a section of facts with this text. */
  const withSection = (bytes: Uint8Array, text: string): Uint8Array<ArrayBuffer> => {
    const out = new Output(bytes.length + text.length);
    out.copy(bytes, 0, bytes.length);
    out.begin(0);
    out.name(FACTS_SECTION);
    out.put(...new TextEncoder().encode(text));
    out.end();
    return out.finish();
  };

  /** The trusted module with other facts. */
  const withFacts = (
    change: (facts: { imports: unknown[]; exports: unknown[] }) => object,
  ): Uint8Array<ArrayBuffer> => {
    const [section] = WebAssembly.Module.customSections(new WebAssembly.Module(trusted), FACTS_SECTION);
    const facts = JSON.parse(new TextDecoder().decode(section));
    // Its number, its size and its name stand before it.
    const rest = trusted.subarray(0, trusted.length - section.byteLength - (1 + 5 + 1 + FACTS_SECTION.length));
    return withSection(rest, JSON.stringify({ ...facts, ...change(facts) }));
  };

  test("that has no section, because the tools have not made it", async () => {
    expect(await refusal(guest(COUNTER))).toMatch(/no section isopod:facts.*isopod build --trusted/);
  });

  test("that has two sections, or one that cannot be read", async () => {
    expect(await refusal(withSection(trusted, "{}"))).toMatch(/damaged/);
    for (const text of ["", "{", "[]", "7", '{"version":2}', '{"version":2,"imports":[]}']) {
      expect(await refusal(withSection(guest(COUNTER), text)), text).toMatch(/damaged/);
    }
  });

  test("whose section is of another version", async () => {
    expect(await refusal(withSection(guest(COUNTER), '{"version":3}'))).toMatch(/of version 3.*reads version 2/);
  });

  test("that another tool has changed afterwards", async () => {
    expect(await refusal(withFacts(({ imports }) => ({ imports: imports.slice(1) })))).toMatch(
      /it imports \S+\.\S+, which/,
    );
    expect(await refusal(withFacts(({ imports }) => ({ imports: [...imports, imports[0]] })))).toMatch(/\d+ imports/);
    expect(await refusal(withFacts(() => ({ exports: [] })))).toMatch(/it exports \S+, which/);
    expect(await refusal(withFacts(() => ({ storeLimit: 7 })))).toMatch(/no longer exports isopod:limit/);
    expect(await refusal(withFacts(() => ({ scratch: 64 })))).toMatch(/no longer exports isopod:scratch/);
  });

  test("whose tables are larger than the runtime allows", async () => {
    const [, { wasm, text }] = await both(await fileOf("table", `(table 100 200 funcref) (func (export "run"))`));
    if (wasm === undefined) throw new Error(text);
    expect(await refusal(wasm, {}, newRuntime({ limits: { tableElements: 150 } }))).toMatch(/200 elements.*150/);
  });

  test("whose reductions shall be counted and are not", async () => {
    const [, { wasm, text }] = await both("echo.ts", { baseDir: join(ROOT, "guest/examples") });
    if (wasm === undefined) throw new Error(text);
    expect(await refusal(wasm, { reductions: "count" })).toMatch(/does not count its reductions.*--reductions count/);
  });

  test("and believes no section of a module that it is not told to trust", async () => {
    const pid = runtime.spawn(await runtime.load(new WebAssembly.Module(trusted)));
    await quiet();
    expect(runtime.info(pid)?.pinned).toMatch("came compiled");
  });
});

test("the tools refuse for a trusted module what the host refuses to load", async () => {
  const path = await fileOf("large", `(table 9999999 funcref) (func (export "run"))`);
  const [, { wasm, diagnostics }] = await both(path);
  expect(wasm).toBeUndefined();
  expect(diagnostics).toMatchObject([
    { severity: "error", message: expect.stringMatching(/9999999 elements.*tableElements/) },
  ]);
});
