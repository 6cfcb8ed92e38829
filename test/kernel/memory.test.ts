/**
 * memory.ts and outside.ts against their versions for AssemblyScript: the same calls of both, and
 * the same answers and bytes.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { compile } from "../../host/kernel/compile.ts";
import * as memory from "../../host/kernel/memory.ts";
import * as outside from "../../host/kernel/outside.ts";
import { instantiateKernel, kernelFile, type Signature, signaturesIn } from "../support/kernel.ts";
import { WRAPPING } from "../support/portable.ts";

type Words = (...values: number[]) => unknown;

const ofMemory = signaturesIn(kernelFile("memory.as.ts"));
const ofOutside = signaturesIn(kernelFile("outside.as.ts"));

/** A kernel whose exports are the functions of a file, one by one. */
function wrapped(file: string, signatures: readonly Signature[]): Promise<Uint8Array<ArrayBuffer>> {
  const functions = signatures.map(({ name, parameters, result }) => {
    const given = parameters.map(parameter => parameter.split(":")[0]).join(", ");
    const call = `${result === "void" ? "" : "return "}inner.${name}(${given});`;
    return `export function ${name}(${parameters.join(", ")}): ${result} { ${call} }`;
  });
  return compile("entry.ts", { "entry.ts": `import * as inner from "./${file}";\n${functions.join("\n")}` });
}

const memoryWasm = await wrapped("memory.ts", ofMemory);
const outsideWasm = await wrapped("outside.ts", ofOutside);

const word = fc.oneof(fc.constantFrom(0, 1, -1, 2 ** 31 - 1, -(2 ** 31)), fc.integer());
const few = fc.constantFrom(0, 1, -1);
const within = (from: number, to: number, step: number) =>
  fc.integer({ min: from / step, max: to / step - 1 }).map(n => n * step);
/** Beyond are doubles and bytes, which `count` and `copy` use. */
const WORDS_END = 256;
const COUNTS_END = 512;
const address = within(0, WORDS_END, 4);
const pair = within(0, WORDS_END, 8);
const byte = within(1024, 2048, 1);
const otherByte = within(3072, 4096, 1);
const length = fc.oneof(fc.nat(24), fc.nat(200));
const pointer = within(0, 512, 1);
const line = within(0, 512, 64);

/** How far a byte of the second memory's is behind in the first: 23 * 167 is 1, modulo 256. */
const SAME = 23;

/** Arguments that each function of memory.ts may be given. */
const steps: Readonly<Record<string, fc.Arbitrary<number[]>>> = {
  load: fc.tuple(address),
  store: fc.tuple(address, word),
  store2: fc.oneof(fc.tuple(pair, few, few), fc.tuple(pair, word, word)),
  copy2: fc.tuple(pair, pair),
  are2: fc.tuple(pair, few, few),
  count: fc.tuple(within(WORDS_END, COUNTS_END, 8)),
  add: fc.tuple(within(WORDS_END, COUNTS_END, 8), word),
  fits: fc.tuple(
    within(WORDS_END, COUNTS_END, 8),
    within(WORDS_END, COUNTS_END, 8),
    fc.oneof(few, word),
    within(WORDS_END, COUNTS_END, 8),
  ),
  times: fc.tuple(word, word),
  copy: fc.tuple(byte, otherByte, length),
  clear: fc.tuple(byte, length),
  pages: fc.tuple(),
  grow: fc.tuple(fc.constantFrom(0, 1, 2, 100, -1)),
  below: fc.oneof(fc.tuple(word, word), fc.tuple(few, few)),
  guestPages: fc.tuple(),
  isInside: fc.oneof(fc.tuple(word, word), fc.tuple(within(65_500, 65_600, 1), fc.nat(40))),
  guestIs: fc.oneof(
    fc.tuple(pointer, byte, length),
    // There the two memories of `filled` have the same bytes, unless a step has changed them.
    fc.tuple(within(1024, 1800, 1), length).map(([at, bytes]): [number, number, number] => [at, at + SAME, bytes]),
  ),
  copyIn: fc.tuple(byte, pointer, length),
  copyOut: fc.tuple(pointer, byte, length),
  guestLoad8: fc.tuple(pointer),
  guestStore8: fc.tuple(pointer, word),
  guestLoad32: fc.tuple(pointer),
  guestStore32: fc.tuple(pointer, word),
  guestStore2: fc.tuple(within(0, 512, 4), word, word),
  guestCopy2: fc.tuple(within(0, 512, 4), pair),
  guestIsZero: fc.tuple(within(0, 512, 4)),
  guestChunkIs: fc.tuple(line, line),
  guestLineIs: fc.tuple(line, line),
  guestLineDiffers: fc.tuple(line, line),
  lineDiffers: fc.tuple(line, line),
  guestLineIn: fc.tuple(line, line),
  guestLineOut: fc.tuple(line, line),
  guestTake2: fc.tuple(pair, within(0, 512, 4)),
  guestClear: fc.tuple(pointer, length),
  bitsIn: fc.tuple(word),
  lowestBit: fc.tuple(word.filter(value => value !== 0)),
};

const anyStep = fc.oneof(
  ...Object.entries(steps).map(([name, values]) =>
    fc.tuple(fc.constant(name), values, fc.array(fc.constantFrom(-1, 0, 1))),
  ),
);

/** A memory whose bytes all differ from their neighbours, except where words and doubles are. */
function filled(seed: number): WebAssembly.Memory {
  const made = new WebAssembly.Memory({ initial: 1, maximum: 5 });
  new Uint8Array(made.buffer, COUNTS_END).forEach((_, i, bytes) => {
    bytes[i] = (i * 167 + seed) & 0xff;
  });
  return made;
}

/** JavaScript says whether, WebAssembly 0 or 1. */
const asNumber = (answer: unknown) => (typeof answer === "boolean" ? Number(answer) : answer);

const names = (signatures: readonly Signature[]) => signatures.map(({ name }) => name).sort();

test("both versions have the same functions, of the same types", () => {
  const sorted = (text: string) => signaturesIn(text).sort((a, b) => (a.name < b.name ? -1 : 1));
  const ofTests = ["useMemories", "useOutside"];
  for (const file of ["memory", "outside"]) {
    const inTypeScript = sorted(kernelFile(`${file}.ts`)).filter(({ name }) => !ofTests.includes(name));
    expect(sorted(kernelFile(`${file}.as.ts`))).toEqual(inTypeScript);
  }
  expect(Object.keys(steps).sort()).toEqual(names(ofMemory));
  expect(
    Object.keys(memory)
      .filter(name => !ofTests.includes(name))
      .sort(),
  ).toEqual(names(ofMemory));
  expect(
    Object.keys(outside)
      .filter(name => !ofTests.includes(name))
      .sort(),
  ).toEqual(names(ofOutside));
});

test("the same steps leave the same answers and memories", () => {
  fc.assert(
    fc.property(fc.array(anyStep, { minLength: 1, maxLength: 60 }), taken => {
      const ours = { memory: filled(1), guestMemory: filled(2) };
      const theirs = { memory: filled(1), guestMemory: filled(2), wasm: memoryWasm };
      memory.useMemories(ours.memory, ours.guestMemory);
      const { functions } = instantiateKernel(theirs);
      for (const [name, values, wraps] of taken) {
        // A parameter that may be a sum may be 2^32 off.
        const sums = values.map((value, i) =>
          WRAPPING[name]?.includes(i) === true ? value + (wraps[i] ?? 0) * 2 ** 32 : value,
        );
        const answer = asNumber((memory as unknown as Record<string, Words>)[name](...sums));
        expect(answer, `${name}(${sums.join(", ")})`).toBe(functions[name](...values));
      }
      expect(Buffer.compare(Buffer.from(ours.memory.buffer), Buffer.from(theirs.memory.buffer))).toBe(0);
      expect(Buffer.compare(Buffer.from(ours.guestMemory.buffer), Buffer.from(theirs.guestMemory.buffer))).toBe(0);
    }),
    { numRuns: 500 },
  );
});

test("lines are compared word by word, and zeros byte by byte", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(63)), fc.nat(63), fc.array(fc.nat(255), { maxLength: 1 }), (bytes, from, notZero) => {
      const ours = { memory: filled(1), guestMemory: new WebAssembly.Memory({ initial: 1 }) };
      const guest = new Uint8Array(ours.guestMemory.buffer);
      guest.set(new Uint8Array(ours.memory.buffer, 1024, 64), 640);
      for (const at of bytes) guest[640 + at] ^= 1 << (at & 7);
      const changed = [...guest.keys()]
        .slice(640, 704)
        .filter(at => guest[at] !== (((at - 640 + 512) * 167 + 1) & 0xff));
      const mask = changed.reduce((sum, at) => sum | (1 << ((at - 640) >> 3)), 0);
      for (const at of notZero) guest[4096 + 4 * from + at] = 1;
      // 256 bytes that are the same, unless one of them is not.
      guest.set(new Uint8Array(ours.memory.buffer, 8192, 256), 16_384);
      for (const at of notZero) guest[16_384 + at] ^= 1 << (from & 7);
      memory.useMemories(ours.memory, ours.guestMemory);
      const { functions } = instantiateKernel({ ...ours, wasm: memoryWasm });
      for (const version of [memory as unknown as typeof functions, functions]) {
        expect(asNumber(version.guestLineIs(640, 1024))).toBe(Number(mask === 0));
        expect(version.guestLineDiffers(640, 1024)).toBe(mask);
        expect(asNumber(version.guestIsZero(4096 + 4 * from))).toBe(1 - notZero.length);
        expect(asNumber(version.guestChunkIs(16_384, 8192))).toBe(1 - notZero.length);
        version.guestLineIn(1024 + 64, 640);
        expect(version.lineDiffers(1024 + 64, 1024)).toBe(mask);
      }
    }),
    { numRuns: 200 },
  );
});

test("a copy of any length leaves the bytes around it alone", () => {
  const ours = { memory: filled(1), guestMemory: filled(2) };
  const theirs = { memory: filled(1), guestMemory: filled(2), wasm: memoryWasm };
  memory.useMemories(ours.memory, ours.guestMemory);
  const { functions } = instantiateKernel(theirs);
  for (let n = 0; n <= 200; n++) {
    memory.copyIn(1024 + 211 * n, 600 + n, n);
    functions.copyIn(1024 + 211 * n, 600 + n, n);
    memory.copyOut(1024 + 211 * n, 5000 + n, n);
    functions.copyOut(1024 + 211 * n, 5000 + n, n);
  }
  expect(Buffer.compare(Buffer.from(ours.memory.buffer), Buffer.from(theirs.memory.buffer))).toBe(0);
  expect(Buffer.compare(Buffer.from(ours.guestMemory.buffer), Buffer.from(theirs.guestMemory.buffer))).toBe(0);
});

test.for(ofOutside)(
  "$name is called with what the kernel gives, and its answer comes back",
  ({ name, parameters, result }) => {
    fc.assert(
      fc.property(
        fc.array(word, { minLength: parameters.length, maxLength: parameters.length }),
        word,
        (values, answer) => {
          // A turn is found by its place in a table.
          const given = ["callTurn", "callLeave"].includes(name) ? [values[0], values[1] & 63] : values;
          const calls: number[][] = [];
          const stand = {
            [name]: (...received: number[]) => {
              calls.push(received);
              return result === "void" ? undefined : answer;
            },
          };
          outside.useOutside(stand);
          const { functions } = instantiateKernel({
            memory: filled(1),
            guestMemory: filled(2),
            outside: stand,
            wasm: outsideWasm,
          });
          const answers = [(outside as unknown as Record<string, Words>)[name](...given), functions[name](...given)];
          expect(calls).toEqual([given, given]);
          expect(answers).toEqual(result === "void" ? [undefined, undefined] : [answer, answer]);
        },
      ),
      { numRuns: 20 },
    );
  },
);

test("what nobody stands for, throws", () => {
  outside.useOutside({});
  const { functions } = instantiateKernel({ memory: filled(1), guestMemory: filled(2), wasm: outsideWasm });
  for (const name of names(ofOutside)) {
    expect(() => (outside as unknown as Record<string, Words>)[name](0, 0, 0)).toThrow(name);
    expect(() => functions[name](0, 0, 0)).toThrow();
  }
});
