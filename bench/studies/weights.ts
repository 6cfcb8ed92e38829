/**
 * Checks the weights of reductions. It measures each instruction that `load` accepts. It also
 * measures how much longer a reduction takes than a round of an empty loop, in loops of one
 * instruction and of random mixes. Both are printed for both tiers of V8. The bound of
 * docs/reductions.md is 4.
 *
 *     npm run bench:weights -- [seconds of mixes] [seed]
 */
import { spawnSync } from "node:child_process";
import { countReductions } from "../../host/module/count.ts";
import { weightClasses } from "../../host/module/weights.ts";
import { catalogue, type Instruction, LEGACY } from "./catalogue.ts";
import { loopOf, use } from "./loops.ts";

const [seconds = "10", seed = String(Date.now() % 100_000), tier] = process.argv.slice(2);
const TIERS = { baseline: "--liftoff-only", optimizing: "--no-liftoff" };

/** The copies of an instruction in its loop. */
const COPIES = 8;
/** The instructions of a mix. With their operands, a loop has at most about 64 instructions. */
const USES = 14;
/** Square roots, and instructions that make small numbers denormal. The weights do not cover those. */
const EXCEPTED = /^0x(91|92|93|94|95|9f|a0|a1|a2|a3|b6|fd (94|227|239|23[01]|24[23]|26[1-4]))$/;

if (tier === undefined) {
  for (const [name, flag] of Object.entries(TIERS)) {
    const flags = ["--disable-wasm-trap-handler", "--disable-warning=ExperimentalWarning", flag];
    spawnSync(process.execPath, [...flags, import.meta.filename, seconds, seed, name], { stdio: "inherit" });
  }
} else measure(tier);

function measure(tier: string): void {
  const several = Array.from({ length: 10 }, () => [take([], false), take([], true)] as const);
  const plainNs = Math.min(...several.map(([plain]) => plain.roundNs));
  const emptyNs = Math.min(...several.map(([, counted]) => counted.reductionNs));
  console.log(
    `\n${tier} tier: an empty loop takes ${plainNs.toFixed(2)} ns, counted ${emptyNs.toFixed(2)} ns; node ${process.version}`,
  );
  const rows = catalogue.map(instruction => {
    const body = Array(COPIES).fill(use(instruction)).flat();
    const ns = (take(body, false).roundNs - plainNs) / COPIES;
    return { name: instruction.name, ns, ratio: take(body, true).reductionNs / emptyNs };
  });
  const nsOf = new Map(rows.map(({ name, ns }) => [name, ns]));
  console.table(
    weightClasses.map(([what, ticks, , , opcodes]) => {
      const figures = opcodes
        .flatMap(range => (typeof range === "number" ? [range] : between(...range)))
        .map(opcode => nsOf.get(nameOf(opcode)));
      const known = figures.filter(ns => ns !== undefined);
      return { what, ticks, ns: known.length === 0 ? "" : Math.max(...known).toFixed(1) };
    }),
  );
  console.log("A reduction in a loop of one instruction, in rounds of the empty loop; the slowest:");
  console.table(rows.sort((a, b) => b.ratio - a.ratio).slice(0, 15));
  mixes(emptyNs);
}

function mixes(emptyNs: number): void {
  let state = Number(seed) >>> 0;
  const below = (count: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * count);
  };
  const worst: { ratio: number; mix: string }[] = [];
  let tried = 0;
  for (const until = performance.now() + Number(seconds) * 1000; performance.now() < until; tried++) {
    const isLegacy = below(2) === 0;
    const allowed = (instruction: Instruction, index: number) =>
      !EXCEPTED.test(instruction.name) &&
      // A module must not mix both generations of exceptions.
      (isLegacy ? !/try_table|throw_ref/.test(instruction.name) : index < LEGACY);
    const pool = catalogue.filter(allowed);
    const few = Array.from({ length: 1 + below(6) }, () => pool[below(pool.length)]);
    const mix = Array.from({ length: USES }, () => few[below(few.length)]);
    const body = mix.flatMap(use);
    let ratio = take(body, true, 2).reductionNs / emptyNs;
    // Measures again, because the machine may have been busy.
    if (ratio > 3) ratio = Math.min(ratio, take(body, true, 20).reductionNs / emptyNs);
    worst.push({ ratio, mix: mix.map(({ name }) => name).join("; ") });
    worst.sort((a, b) => b.ratio - a.ratio);
    worst.length = Math.min(worst.length, 10);
  }
  console.log(`${tried} random mixes, seed ${seed}; the slowest:`);
  for (const { ratio, mix } of worst) console.log(`  ${ratio.toFixed(2)}  ${mix}`);
}

/** The best of several runs, each of which takes a fraction of a millisecond. */
function take(body: readonly number[], counts: boolean, runs = 6): { roundNs: number; reductionNs: number } {
  let given = 0;
  const imports = {
    host: { cheap: () => 1 },
    actor: {
      yield: () => {
        given += 2 ** 28;
        return 2 ** 28;
      },
    },
  } as unknown as WebAssembly.Imports;
  const bytes = loopOf(body);
  const module = new WebAssembly.Module(counts ? countReductions(bytes) : bytes);
  const { exports } = new WebAssembly.Instance(module, imports);
  const run = exports.run as (rounds: number) => void;
  const left = exports["isopod:left"] as WebAssembly.Global | undefined;
  const spent = () => given - (left?.value ?? 0);
  const timed = (rounds: number) => {
    const began = performance.now();
    run(rounds);
    return (performance.now() - began) * 1e6;
  };
  let rounds = 20;
  for (let ns = timed(rounds); ns < 300_000; ns = timed(rounds)) {
    rounds = Math.ceil(rounds * Math.min(10, Math.max(1.5, 400_000 / Math.max(ns, 1000))));
  }
  let bestNs = Number.POSITIVE_INFINITY;
  const before = spent();
  for (let i = 0; i < runs; i++) bestNs = Math.min(bestNs, timed(rounds));
  return { roundNs: bestNs / rounds, reductionNs: (bestNs * runs) / (spent() - before) };
}

function between(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

function nameOf(opcode: number): string {
  return opcode < 256 ? `0x${opcode.toString(16)}` : `0x${(opcode >>> 12).toString(16)} ${opcode & 0xfff}`;
}
