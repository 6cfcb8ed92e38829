/**
 * The laws of the engine's allocator. It decides how small images are: it gives out zeros, the lowest place first, and
 * leaves no trace of what was given back. Needs clang with wasm-ld and wasi-libc.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fc } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";

const SOURCES = fileURLToPath(new URL("../../guest/js", import.meta.url));
const runs = (program: string): boolean => spawnSync(program, ["--version"]).status === 0;
const canCompile = runs("clang") && runs("wasm-ld") && existsSync("/usr/include/wasm32-wasi");

interface Heap {
  readonly memory: WebAssembly.Memory;
  readonly store_limit: WebAssembly.Global<"i32">;
  heap_begin(): void;
  heap_take(size: number): number;
  heap_give(block: number): void;
  heap_resize(block: number, size: number): number;
  heap_size(block: number): number;
}

function compiled(): WebAssembly.Module {
  const folder = mkdtempSync(join(tmpdir(), "heap-"));
  try {
    const full = `#include "heap.h"\n_Noreturn void memory_is_full(size_t pages) { __builtin_trap(); }\n`;
    writeFileSync(join(folder, "full.c"), full);
    const exports = ["heap_begin", "heap_take", "heap_give", "heap_resize", "heap_size", "store_limit"];
    const { status, stderr } = spawnSync("clang", [
      ...["--target=wasm32-wasi", "-O2", "-mbulk-memory", "-mmutable-globals", "-nostartfiles", `-I${SOURCES}`],
      ...[join(SOURCES, "heap.c"), join(SOURCES, "limit.s"), join(folder, "full.c"), "-o", join(folder, "heap.wasm")],
      `-Wl,--no-entry,--no-check-features,${exports.map(name => `--export=${name}`).join()}`,
    ]);
    if (status !== 0) throw new Error(String(stderr));
    return new WebAssembly.Module(readFileSync(join(folder, "heap.wasm")));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Block {
  readonly at: number;
  readonly size: number;
  readonly mark: number;
}

/** Plays steps, and checks after each what must hold. */
class Player {
  readonly blocks: Block[] = [];
  readonly #heap: Heap;
  readonly #before: Uint8Array;
  #marks = 0;

  constructor(module: WebAssembly.Module) {
    this.#heap = new WebAssembly.Instance(module).exports as unknown as Heap;
    this.#heap.heap_begin();
    this.#before = this.#bytes.slice();
  }

  get #bytes(): Uint8Array {
    return new Uint8Array(this.#heap.memory.buffer);
  }

  take(size: number): void {
    const at = this.#heap.heap_take(size);
    const has = this.#heap.heap_size(at);
    expect(has).toBeGreaterThanOrEqual(size);
    expect(this.#bytes.subarray(at, at + has).every(byte => byte === 0)).toBe(true);
    this.#keep(at, size);
  }

  give(index: number): void {
    const [block] = this.blocks.splice(index % this.blocks.length, 1);
    if (block === undefined) return;
    this.#check(block, block.size);
    this.#heap.heap_give(block.at);
  }

  resize(index: number, size: number): void {
    const [block] = this.blocks.splice(index % this.blocks.length, 1);
    if (block === undefined) return;
    const at = this.#heap.heap_resize(block.at, size);
    this.#check({ ...block, at }, Math.min(block.size, size));
    this.#keep(at, size);
  }

  /** What was given back is the lowest place for as much. */
  again(index: number): void {
    const block = this.blocks[index % this.blocks.length];
    if (block === undefined) return;
    this.give(index);
    this.take(block.size);
    expect(this.blocks.at(-1)?.at).toBeLessThanOrEqual(block.at);
  }

  /** When all is given back, the memory is as it was. */
  end(): void {
    while (this.blocks.length > 0) this.give(0);
    const after = this.#bytes;
    expect(Buffer.compare(after.subarray(0, this.#before.length), this.#before)).toBe(0);
    expect(after.subarray(this.#before.length).every(byte => byte === 0)).toBe(true);
  }

  /** Fills a block with a mark, up to the end of its room. It is still there when the block is given back. */
  #keep(at: number, size: number): void {
    const has = this.#heap.heap_size(at);
    expect(at % 8).toBe(0);
    expect(has).toBeGreaterThanOrEqual(size);
    expect(at + has).toBeLessThanOrEqual(this.#heap.store_limit.value);
    const mark = 1 + (this.#marks++ % 255);
    this.#bytes.fill(mark, at, at + has);
    this.blocks.push({ at, size, mark });
  }

  #check({ at, mark }: Block, size: number): void {
    expect(this.#bytes.subarray(at, at + size).every(byte => byte === mark)).toBe(true);
  }
}

const size = fc.oneof(
  fc.nat(140),
  fc.nat(2100),
  fc.nat(20_000),
  fc.constantFrom(0, 1, 2016, 2017, 4080, 4081, 8176, 65_536),
);
const index = fc.nat(1000);
type Step = (player: Player) => void;
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: size.map(
      (size): Step =>
        player =>
          player.take(size),
    ),
  },
  {
    weight: 3,
    arbitrary: index.map(
      (index): Step =>
        player =>
          player.give(index),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(index, size).map(
      ([index, size]): Step =>
        player =>
          player.resize(index, size),
    ),
  },
  {
    weight: 1,
    arbitrary: index.map(
      (index): Step =>
        player =>
          player.again(index),
    ),
  },
);

describe.skipIf(!canCompile)("the allocator (clang, lld, wasi-libc)", () => {
  const module = canCompile ? compiled() : undefined;

  test("gives out zeros that nobody else has, lowest first, and leaves nothing behind", () => {
    const law = fc.property(fc.array(step, { maxLength: 120 }), steps => {
      const player = new Player(module as WebAssembly.Module);
      for (const step of steps) step(player);
      player.end();
    });
    fc.assert(law, { numRuns: 150 });
  });

  test("uses the places of thousands of blocks again, whatever their order", () => {
    const player = new Player(module as WebAssembly.Module);
    for (let i = 0; i < 1500; i++) player.take([16, 24, 40, 72, 300, 1000][i % 6]);
    for (let i = 0; i < 200; i++) player.again(i * 31);
    const highest = Math.max(...player.blocks.map(({ at }) => at));
    for (let i = 0; i < 700; i++) player.give(i * 7919);
    for (let i = 0; i < 700; i++) player.take(16);
    expect(Math.max(...player.blocks.map(({ at }) => at))).toBeLessThanOrEqual(highest);
    player.end();
  });
});
