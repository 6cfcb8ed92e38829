/** Images as bytes: they come back as they were, and bytes of strangers are refused, or are harmless. */
import { fc, test as law } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { crc32 } from "../../host/mail/crc.ts";
import {
  firstStateBytes,
  imageLength,
  imageLimit,
  imageMemoryBytes,
  readImage,
  readImageGlobals,
} from "../../host/mail/image-bytes.ts";
import { exportImage, importImage } from "../../host/mail/image-file.ts";
import type { Parked } from "../../host/mail/image-parked.ts";
import { Kernel, type Recorded } from "../../host/mail/kernel.ts";
import { ImageError } from "../../host/wire/errors.ts";
import { assemble } from "../support/wat.ts";
import * as I from "../support/words.ts";
import * as W from "../support/words.ts";

const PAGE_BYTES = 65_536;
const INSTANCE = 7000;
const HEADER_BYTES = 128;
const CRC_AT = 80;
const PAGES_AT = 84;
const LIMIT_AT = 88;
const LINES_AT = 92;

/** The functions of a port that images need. */
interface Port {
  readonly guest: WebAssembly.Table;
  keepFirstState(limit: number, globals: number, scratch: number): number;
  save(state: number, limit: number): number;
  beginIn(instance: number, state: number): number;
  loadImage(instance: number, image: number): number;
  reset(instance: number, state: number, limit: number): void;
}

/** A guest with two globals, as module/trim.ts would add the function that moves them. */
const GUEST = `(module
  (import "env" "memory" (memory 1))
  (global $a (mut i32) (i32.const 7)) (global $b (mut i64) (i64.const -1))
  (data (i32.const 1000) "first state")
  (func (export "isopod:globals") (param $at i32) (param $toMemory i32)
    (if (local.get $toMemory)
      (then
        (i64.store (local.get $at) (i64.extend_i32_u (global.get $a)))
        (i64.store offset=8 (local.get $at) (global.get $b)))
      (else
        (global.set $a (i32.load (local.get $at)))
        (global.set $b (i64.load offset=8 (local.get $at))))))
  (func (export "set") (param i32 i64) (global.set $a (local.get 0)) (global.set $b (local.get 1))))`;

const guestModule = new WebAssembly.Module(assemble(GUEST));

/** A kernel with an instance in its first state. */
function setting(pages = 1, scratch = 0) {
  const kernel = new Kernel<Recorded>();
  const memory = new WebAssembly.Memory({ initial: pages, maximum: 4 });
  const guest = new WebAssembly.Instance(guestModule, { env: { memory } }).exports as unknown as Readonly<
    Record<string, (...values: unknown[]) => void>
  >;
  const gate = Object.fromEntries(
    WebAssembly.Module.imports(kernel.module)
      .filter(imported => imported.module === "gate")
      .map(({ name }) => [name, () => 0]),
  );
  const port = new WebAssembly.Instance(kernel.module, {
    kernel: { memory: kernel.memory, turns: kernel.turns },
    guest: { memory },
    gate,
  } as WebAssembly.Imports).exports as unknown as Port;
  port.guest.set(3, guest["isopod:globals"]);
  const state = port.keepFirstState(2000, 2, scratch);
  kernel.setWord(INSTANCE + I.IN_STATE, state);
  const first = new Uint8Array(memory.buffer.slice(0));
  return { kernel, memory, guest, port, state, first };
}

const origin = { module: new Uint8Array(32).fill(1), firstState: new Uint8Array(32).fill(2) };

const PARKED: Parked = {
  ...{ entry: "", isHandler: false, trapsExits: false, info: 0, pointer: 0, capacity: 0 },
  ...{ want: 0, wanted: 0, timeoutMs: -1 },
};

/** An actor that has written these bytes, and its image. */
function hibernated(parts: readonly (readonly [number, Uint8Array])[], limit = 4000) {
  const made = setting();
  const { memory, guest, port, state, kernel } = made;
  for (const [at, bytes] of parts) new Uint8Array(memory.buffer).set(bytes, at);
  guest.set(parts.length, BigInt(parts.length) << 40n);
  const actor = new Uint8Array(memory.buffer.slice(0));
  const image = port.save(state, limit);
  return { ...made, actor, image, bytes: exportImage(kernel, image, origin, PARKED) };
}

/** The CRC of changed bytes, as whoever changes them can compute it. */
function sealed(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  new DataView(bytes.buffer).setUint32(CRC_AT, crc32(bytes.subarray(PAGES_AT)), true);
  return bytes;
}

function longer(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(length);
  copy.set(bytes);
  return copy;
}

function changed(bytes: Uint8Array, at: number, value: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes);
  new DataView(copy.buffer).setUint32(at, value, true);
  return sealed(copy);
}

const part = fc.tuple(fc.nat(3900), fc.uint8Array({ minLength: 1, maxLength: 90 }));

law.prop([fc.array(part, { maxLength: 8 }), fc.nat(PAGE_BYTES), fc.nat(5000)], { numRuns: 60 })(
  "memory and globals are read from an image and its first state",
  (parts, at, length) => {
    const { kernel, image, actor, memory } = hibernated(parts);
    const end = Math.min(PAGE_BYTES, at + length);
    expect(Buffer.compare(readImage(kernel, image, at, end - at), actor.subarray(at, end))).toBe(0);
    const globals = new DataView(readImageGlobals(kernel, image).buffer);
    expect([globals.getUint32(0, true), globals.getUint32(4, true), globals.getBigInt64(8, true)]).toEqual([
      parts.length,
      0,
      BigInt(parts.length) << 40n,
    ]);
    expect([imageMemoryBytes(kernel, image), imageLimit(kernel, image)]).toEqual([memory.buffer.byteLength, 4000]);
  },
);

test.for([
  [-1, 1],
  [0, PAGE_BYTES + 1],
  [PAGE_BYTES, 1],
  [0.5, 1],
  [0, -1],
  [Number.NaN, 1],
])("reading %i, %i is a RangeError", ([at, length]) => {
  const { kernel, image } = hibernated([]);
  expect(() => readImage(kernel, image, at, length)).toThrow(RangeError);
});

law.prop([fc.array(part, { maxLength: 8 })], { numRuns: 60 })(
  "an image as bytes is the same image in another runtime, and the same bytes again",
  parts => {
    const { bytes, actor } = hibernated(parts);
    const { kernel, port, state, memory, first } = setting();
    const image = importImage(kernel, state, bytes, origin);
    expect(port.loadImage(INSTANCE, image)).toBe(1);
    expect(Buffer.compare(new Uint8Array(memory.buffer), actor)).toBe(0);
    expect(
      Buffer.compare(exportImage(kernel, port.save(state, imageLimit(kernel, image)), origin, PARKED), bytes),
    ).toBe(0);
    port.reset(INSTANCE, state, imageLimit(kernel, image));
    expect(Buffer.compare(new Uint8Array(memory.buffer), first)).toBe(0);
  },
);

test("the hash of a first state is taken of its memory, globals and pages", () => {
  const [one, two] = [setting(), setting(2)];
  const bytes = firstStateBytes(one.kernel, one.state);
  expect(Buffer.from(bytes).includes("first state")).toBe(true);
  expect(bytes).toEqual(firstStateBytes(setting().kernel, one.state));
  expect(bytes).not.toEqual(firstStateBytes(two.kernel, two.state));
  one.guest.set(8, 0n);
  expect(bytes).not.toEqual(firstStateBytes(one.kernel, one.port.keepFirstState(2000, 2, 0)));
});

test("an image with a line in scratch memory is refused", () => {
  const { bytes } = hibernated([[512, Uint8Array.of(1)]]);
  const { kernel, state } = setting(1, 512);
  expect(importImage(kernel, state, bytes, origin)).toBeGreaterThan(0);
  const other = setting(1, 576);
  expect(() => importImage(other.kernel, other.state, bytes, origin)).toThrow(
    "the line at 512 of the image is in scratch memory",
  );
});

test("bytes of the kernel's that an image does not use are not exported", () => {
  const { kernel, image, bytes } = hibernated([[8, Uint8Array.of(1)]]);
  expect(bytes.length).toBe(HEADER_BYTES + imageLength(kernel, image) - I.IMAGE_HEADER);
});

const line = (address: number, mask: number) => address * 4 + mask;

/** An image of the line at 0, whose first word is changed, and of the globals. */
const SMALL = [[0, Uint8Array.of(1)]] as const;

test.for<[string, (bytes: Uint8Array) => Uint8Array]>([
  ["these bytes are no image", () => new Uint8Array(0)],
  ["these bytes are no image", bytes => bytes.subarray(0, 95)],
  ["these bytes are no image", bytes => changed(bytes, 0, 1)],
  ["the image has version 2 of the format, and this host reads version 1", bytes => changed(bytes, 8, 2)],
  ["the image is of version 2 of the ABI, and this host has version 1", bytes => changed(bytes, 12, 2)],
  ["the image is of another module: load the module that its actor ran", bytes => changed(bytes, 16, 2)],
  ["the image is of the same code with another first state", bytes => changed(bytes, 76, 1)],
  ["the image is damaged", bytes => bytes.with(bytes.length - 1, 99)],
  ["the image has a memory of 0 pages, which is not between 1 and 64", bytes => changed(bytes, PAGES_AT, 0)],
  ["the image has a memory of 65 pages, which is not between 1 and 64", bytes => changed(bytes, PAGES_AT, 65)],
  ["the image has a store limit of 65537, and a memory of 65536 bytes", bytes => changed(bytes, LIMIT_AT, 65_537)],
  ["the image has fewer bytes than its 1000 lines need", bytes => changed(bytes, LINES_AT, 1000)],
  ["the image has fewer bytes than its 4294967295 lines need", bytes => changed(bytes, LINES_AT, 2 ** 32 - 1)],
  [
    "the image has 160 bytes, and its lines say 144",
    bytes => changed(changed(bytes, LINES_AT, 1), HEADER_BYTES + 4, 0),
  ],
  ["line 1 of the image is not behind the one before", bytes => changed(bytes, HEADER_BYTES + 4, line(0, 3))],
  ["the line at 0 of the image has no words", bytes => changed(bytes, HEADER_BYTES, line(0, 0))],
  [
    "the line at 4032 of the image is beyond its store limit of 4000",
    bytes => changed(bytes, HEADER_BYTES, line(4032, 1)),
  ],
  [
    "the image has more globals than its module, which has 2",
    bytes => changed(bytes, HEADER_BYTES + 4, line(PAGE_BYTES, 4)),
  ],
  [
    "the image has more globals than its module, which has 2",
    bytes => changed(bytes, HEADER_BYTES + 4, line(PAGE_BYTES + 64, 1)),
  ],
  ["the image has 160 bytes, and its lines say 168", bytes => changed(bytes, HEADER_BYTES, line(0, 3))],
  ["the image has 5000000 bytes, and the longest has 4460928", bytes => sealed(longer(bytes, 5_000_000))],
  ["these bytes are no image", bytes => sealed(bytes.slice(0, 127))],
  ["the image has the name of an entry of 1025 bytes, and the longest has 1024", bytes => changed(bytes, 124, 1025)],
  ["the image has the name of an entry of 40 bytes", bytes => changed(bytes, 124, 40)],
])("refused: %s", ([message, change]) => {
  const { bytes, kernel, state } = hibernated(SMALL);
  const before = kernel.bytes.slice();
  const importing = () => importImage(kernel, state, change(bytes), origin);
  expect(importing).toThrow(ImageError);
  expect(importing).toThrow(message);
  expect(Buffer.compare(before, kernel.bytes)).toBe(0);
});

test("an image whose padding is not 0 is refused", () => {
  const { bytes, kernel, state } = hibernated([...SMALL, [640, Uint8Array.of(1)]]);
  expect(() => importImage(kernel, state, changed(bytes, HEADER_BYTES + 12, 1), origin)).toThrow("padding");
});

test("an image of a larger memory than the actor may have is refused", () => {
  const { bytes, kernel, state } = hibernated(SMALL);
  const larger = changed(changed(bytes, PAGES_AT, 3), HEADER_BYTES + 4, line(3 * PAGE_BYTES, 3));
  expect(() => importImage(kernel, state, larger, origin, 2)).toThrow("not between 1 and 2");
  expect(imageMemoryBytes(kernel, importImage(kernel, state, larger, origin, 3))).toBe(3 * PAGE_BYTES);
});

test("a store limit below that of the first state is raised to it", () => {
  const { bytes, kernel, state } = hibernated(SMALL);
  expect(imageLimit(kernel, importImage(kernel, state, changed(bytes, LIMIT_AT, 1), origin))).toBe(2000);
});

/** What a stranger changes: any bytes, also after the CRC was made to fit again. */
const mutation = fc.record({
  at: fc.oneof(fc.nat(HEADER_BYTES + 40), fc.integer({ min: PAGES_AT, max: HEADER_BYTES + 20 })),
  value: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 4, 64, 128, 255)),
});

law.prop(
  [
    fc.array(part, { maxLength: 3 }),
    fc.array(mutation, { minLength: 1, maxLength: 4 }),
    fc.integer({ min: -20, max: 20 }),
  ],
  {
    numRuns: 300,
  },
)("any bytes are refused, or are an actor that a reset removes whole", (parts, mutations, longer) => {
  const { bytes, kernel, state, port, memory, first, image: own } = hibernated(parts);
  port.reset(INSTANCE, state, 4000);
  kernel.call.dropImage(own);
  const mutated = new Uint8Array(Math.max(0, bytes.length + (longer % 3 === 0 ? longer / 3 : 0)));
  mutated.set(bytes.subarray(0, mutated.length));
  for (const { at, value } of mutations) if (at < mutated.length) mutated[at] = value;
  const before = kernel.bytes.slice();
  let image: number;
  try {
    image = importImage(kernel, state, mutated.length < HEADER_BYTES ? mutated : sealed(mutated), origin);
  } catch (error) {
    expect(error).toBeInstanceOf(ImageError);
    expect(Buffer.compare(before, kernel.bytes)).toBe(0);
    return;
  }
  // Only the block, the lists of free blocks and the counters have changed.
  const end = image + (64 << kernel.word(image + I.BLOCK_CLASS));
  const counters = [W.ARENA_END, W.IMAGE_BYTES, W.OTHER_BYTES, W.OTHER_BYTES + 4];
  new Int32Array(before.buffer).forEach((word, i) => {
    const at = 4 * i;
    if (word === kernel.word(at) || (at >= image && at < end)) return;
    const isFreeList = (at >= W.FREE_BLOCKS && at < W.FREE_BLOCKS + 72) || (at >= W.ARENA && at % 64 === 0);
    expect(isFreeList || counters.includes(at)).toBe(true);
  });
  if (port.loadImage(INSTANCE, image) === 0) {
    expect(imageMemoryBytes(kernel, image)).not.toBe(PAGE_BYTES);
    return;
  }
  expect(Buffer.compare(readImage(kernel, image, 0, PAGE_BYTES), new Uint8Array(memory.buffer))).toBe(0);
  port.reset(INSTANCE, state, imageLimit(kernel, image));
  expect(Buffer.compare(new Uint8Array(memory.buffer), first)).toBe(0);
});

law.prop([fc.uint8Array({ maxLength: 400 })])("random bytes are refused", bytes => {
  const { kernel, state } = setting();
  expect(() => importImage(kernel, state, bytes, origin)).toThrow(ImageError);
});
