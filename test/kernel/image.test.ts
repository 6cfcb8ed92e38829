/** Images and first states at their bounds. */
import { expect, test } from "vitest";
import { compiledKernel } from "../support/compiled-kernel.ts";
import { type Guest, ImagePlayer } from "../support/image-player.ts";
import { setWord, word } from "../support/kernel-memory.ts";
import * as I from "../support/words.ts";
import * as W from "../support/words.ts";

const PAGE_BYTES = 65_536;

const guest = (pages: number, globals: readonly number[] = [], limit = 0, scratch = 0): Guest => ({
  bytes: new Uint8Array(pages * PAGE_BYTES),
  globals: [...globals],
  limit,
  scratch,
});

/** Bytes of which no word is 0. */
const full = (length: number) => new Uint8Array(length).fill(0x5a);

test("a state that does not differ is an image without lines", () => {
  const player = new ImagePlayer(guest(1, [1, 2]));
  player.play({ do: "spawn", of: 0, which: 0 });
  player.play({ do: "leave", of: 0 });
  const [image] = player.hibernated.keys();
  expect(word(player.memory, image + I.IMAGE_LINES)).toBe(0);
  expect(word(player.memory, image + I.IMAGE_LENGTH)).toBe(I.IMAGE_HEADER);
  player.play({ do: "enter", of: 1, which: 0 });
  player.check();
});

test("only the words that differ are in the image", () => {
  const player = new ImagePlayer(guest(1, [1, 2, 3]));
  player.play({ do: "spawn", of: 0, which: 0 });
  for (const at of [0, 7, 8, 200, 65_528]) player.play({ do: "write", of: 0, at, bytes: full(1) });
  player.play({ do: "global", of: 0, which: 2, value: 5 });
  player.play({ do: "leave", of: 0 });
  const [image] = player.hibernated.keys();
  const lines = Array.from({ length: 4 }, (_, i) => word(player.memory, image + I.IMAGE_HEADER + 4 * i));
  expect(word(player.memory, image + I.IMAGE_LINES)).toBe(4);
  expect(
    lines.map(line => [line >> I.LINE_ADDRESS_SHIFT, line & I.LINE_MASK].map((x, i) => (i === 0 ? x & -64 : x))),
  ).toEqual([
    [0, 0b11],
    [192, 0b10],
    [65_472, 0b1000_0000],
    [65_536, 0b100],
  ]);
  expect(word(player.memory, image + I.IMAGE_LENGTH)).toBe(I.IMAGE_HEADER + 4 * 4 + 5 * 8);
  player.check();
});

test("a first state may have all of the largest memory", () => {
  const first = guest(I.IMAGE_MAX_PAGES, [1], 0);
  first.bytes.fill(7);
  const player = new ImagePlayer(first, compiledKernel());
  expect(word(player.memory, player.state + I.STATE_LENGTH)).toBe(
    I.STATE_HEADER + I.IMAGE_MAX_PAGES * PAGE_BYTES + I.LINE_BYTES,
  );
  player.play({ do: "spawn", of: 0, which: 0 });
  player.play({ do: "write", of: 0, at: 3_000_000, bytes: full(100) });
  player.play({ do: "leave", of: 0 });
  player.play({ do: "enter", of: 1, which: 0 });
  player.check();
});

test.for([
  ["a memory that is too large", guest(I.IMAGE_MAX_PAGES + 1)],
  ["more globals than isopod:globals copies", guest(1, new Array(I.GLOBALS_MAX + 1).fill(1))],
  ["globals, and no memory that they could pass through", guest(0, [1])],
] as const)("a module with %s has no first state", ([, first]) => {
  const player = new ImagePlayer(first);
  expect(player.state).toBe(I.TOO_LARGE);
  player.check();
});

test("a module without memory and globals has one", () => {
  const player = new ImagePlayer(guest(0));
  player.play({ do: "spawn", of: 0, which: 0 });
  player.play({ do: "leave", of: 0 });
  player.play({ do: "enter", of: 1, which: 0 });
  player.check();
});

test("as many globals as there can be are saved", () => {
  const player = new ImagePlayer(guest(1, new Array(I.GLOBALS_MAX).fill(1)));
  player.play({ do: "spawn", of: 0, which: 0 });
  for (let which = 0; which < I.GLOBALS_MAX; which++) player.play({ do: "global", of: 0, which, value: which + 2 });
  player.play({ do: "leave", of: 0 });
  player.play({ do: "enter", of: 1, which: 0 });
  player.check();
});

test("an instance whose memory grows beyond what images have is neither saved nor reset", () => {
  const player = new ImagePlayer(guest(I.IMAGE_MAX_PAGES));
  player.play({ do: "spawn", of: 0, which: 0 });
  player.play({ do: "grow", of: 0 });
  const { at } = player.instances[0];
  expect(player.port(0).save(player.state, 64)).toBe(0);
  player.kernel.reset(at, 64);
  expect(word(player.memory, at + I.CONDITION)).toBe(I.DIRTY);
});

test("the longest image has every word of the largest memory, and of as many globals as there can be", () => {
  const player = new ImagePlayer(guest(I.IMAGE_MAX_PAGES, new Array(I.GLOBALS_MAX).fill(1)), compiledKernel());
  player.play({ do: "spawn", of: 0, which: 0 });
  player.play({ do: "write", of: 0, at: 0, bytes: full(I.IMAGE_MAX_PAGES * PAGE_BYTES - 1) });
  player.play({ do: "write", of: 0, at: 100, bytes: full(2) });
  new Uint8Array(player.instances[0].memory.buffer).fill(0x5a);
  player.instances[0].actor?.bytes.fill(0x5a);
  for (let which = 0; which < I.GLOBALS_MAX; which++) player.play({ do: "global", of: 0, which, value: which + 2 });
  player.play({ do: "leave", of: 0 });
  const [image] = player.hibernated.keys();
  expect(word(player.memory, image + I.IMAGE_LINES)).toBe(I.MAX_LINES);
  expect(word(player.memory, image + I.IMAGE_LENGTH)).toBe(I.IMAGE_MAX_BYTES);
  expect(I.FOUND + 4 * I.MAX_LINES).toBe(I.GLOBALS_KEPT);
  player.check();
  player.play({ do: "enter", of: 1, which: 0 });
  player.check();
  player.play({ do: "end", of: 1 });
  player.check();
});

test("a block of more than 128 KiB is refused where all actors together would have too much, and a smaller one is not", () => {
  const player = new ImagePlayer(guest(4));
  player.play({ do: "spawn", of: 0, which: 0 });
  new Float64Array(player.memory.buffer)[W.MAX_ALL_BYTES >> 3] = word(player.memory, W.IMAGE_BYTES) + 200_000;
  const lines = Math.floor((I.ALWAYS_KEPT_BYTES - I.IMAGE_HEADER) / (4 + I.LINE_BYTES));
  player.play({ do: "write", of: 0, at: 0, bytes: full(lines * I.LINE_BYTES) });
  const { actor } = player.instances[0];
  const image = player.port(0).save(player.state, actor?.limit ?? 0);
  expect(word(player.memory, image + I.IMAGE_LENGTH)).toBeLessThan(I.ALWAYS_KEPT_BYTES);
  player.kernel.dropImage(image);
  player.play({ do: "write", of: 0, at: lines * I.LINE_BYTES, bytes: full(2 * I.LINE_BYTES) });
  expect(player.port(0).save(player.state, actor?.limit ?? 0)).toBe(0);
  player.check();
  new Float64Array(player.memory.buffer)[W.MAX_ALL_BYTES >> 3] += 100_000;
  player.play({ do: "leave", of: 0 });
  player.check();
  expect(player.hibernated.size).toBe(1);
});

test("where the engine has no memory left, an actor keeps its instance", () => {
  const player = new ImagePlayer(guest(1, [1]));
  player.play({ do: "spawn", of: 0, which: 0 });
  player.play({ do: "write", of: 0, at: 5, bytes: full(3) });
  setWord(player.memory, W.ARENA_END, -131_072);
  for (let sizeClass = 0; sizeClass < 18; sizeClass++) setWord(player.memory, W.FREE_BLOCKS + 4 * sizeClass, 0);
  expect(player.port(0).save(player.state, 64)).toBe(0);
  expect(player.port(0).keepFirstState(0, 1, 0)).toBe(I.NO_MEMORY);
  expect(new Uint8Array(player.instances[0].memory.buffer, 5, 3)).toEqual(full(3));
});

test("bytes beyond the store limit are not looked at, and those of its last line are", () => {
  const player = new ImagePlayer(guest(1));
  player.play({ do: "spawn", of: 0, which: 0 });
  const memory = new Uint8Array(player.instances[0].memory.buffer);
  memory[127] = 1;
  memory[128] = 1;
  const image = player.port(0).save(player.state, 65);
  expect(word(player.memory, image + I.IMAGE_LINES)).toBe(1);
  expect(word(player.memory, image + I.IMAGE_LIMIT)).toBe(65);
  player.kernel.reset(player.instances[0].at, 65);
  expect([memory[127], memory[128]]).toEqual([0, 1]);
});

test("a store limit without a sign and beyond the memory is the end of the memory", () => {
  const player = new ImagePlayer(guest(1));
  player.play({ do: "spawn", of: 0, which: 0 });
  player.play({ do: "write", of: 0, at: 65_535, bytes: full(1) });
  const image = player.port(0).save(player.state, -1);
  expect(word(player.memory, image + I.IMAGE_LIMIT)).toBe(PAGE_BYTES);
  player.kernel.reset(player.instances[0].at, -1);
  expect(new Uint8Array(player.instances[0].memory.buffer).some(byte => byte !== 0)).toBe(false);
});

test.for([0, 64, 192, 4096, PAGE_BYTES])("scratch memory of %i bytes is in no image and no first state", scratch => {
  const first = guest(1, [1, 2], 0, scratch);
  first.bytes.fill(3, 0, 8192);
  const player = new ImagePlayer(first);
  expect(word(player.memory, player.state + I.STATE_LENGTH)).toBe(
    I.STATE_HEADER + Math.max(0, 8192 - scratch) + I.LINE_BYTES,
  );
  player.play({ do: "spawn", of: 0, which: 0 });
  player.play({ do: "write", of: 0, at: 0, bytes: full(PAGE_BYTES - 1) });
  const image = player.port(0).save(player.state, PAGE_BYTES);
  expect(word(player.memory, image + I.IMAGE_LINES)).toBe((PAGE_BYTES - scratch) / I.LINE_BYTES);
  player.kernel.dropImage(image);
  player.check();
  player.play({ do: "leave", of: 0 });
  player.check();
  player.play({ do: "enter", of: 1, which: 0 });
  player.check();
  player.play({ do: "write", of: 1, at: Math.max(0, scratch - 64), bytes: full(64) });
  player.play({ do: "end", of: 1 });
  player.check();
});

test("an actor's state becomes the first state of others, which share the instances", () => {
  const first = guest(1, [1, 2]);
  first.bytes.fill(3, 1000, 2000);
  const player = new ImagePlayer(first);
  player.play({ do: "spawn", of: 0, which: 0 });
  player.play({ do: "write", of: 0, at: 3000, bytes: full(100) });
  player.play({ do: "global", of: 0, which: 1, value: 9 });
  player.play({ do: "derive", of: 0 });
  player.play({ do: "leave", of: 0 });
  const [inOldState] = player.hibernated.keys();
  player.play({ do: "spawn", of: 0, which: 1 });
  player.check();
  player.play({ do: "leave", of: 0 });
  const [, inNewState] = player.hibernated.keys();
  const length = (image: number) => word(player.memory, image + I.IMAGE_LENGTH);
  expect([length(inOldState) > 100, length(inNewState)]).toEqual([true, I.IMAGE_HEADER]);
  for (const [of, which] of [
    [0, 0],
    [1, 0],
  ])
    player.play({ do: "enter", of, which });
  player.check();
});

/** A first state with three parts, an actor that has changed them, and its state as a first state. */
function derivedPlayer() {
  const first = guest(1, [1, 2]);
  for (const at of [640, 6400, 32_000]) first.bytes.fill(3, at, at + 640);
  const player = new ImagePlayer(first);
  player.play({ do: "spawn", of: 0, which: 0 });
  for (const at of [640, 6400, 10_000]) player.play({ do: "write", of: 0, at, bytes: full(64) });
  player.play({ do: "global", of: 0, which: 0, value: 9 });
  player.play({ do: "derive", of: 0 });
  player.play({ do: "end", of: 0 });
  const [, derived] = player.states.keys();
  return { player, derived };
}

const linesOf = ({ memory }: ImagePlayer, image: number) =>
  Array.from({ length: word(memory, image + I.IMAGE_LINES) }, (_, i) => {
    const line = word(memory, image + I.IMAGE_HEADER + 4 * i);
    return [(line >> I.LINE_ADDRESS_SHIFT) & -64, line & I.LINE_MASK];
  });

test("a derived state has the lines that differ from its root, and no others", () => {
  const { player, derived } = derivedPlayer();
  expect(word(player.memory, derived + I.STATE_ROOT)).toBe(player.state);
  expect(word(player.memory, player.state + I.STATE_USERS)).toBe(2);
  const addresses = Array.from({ length: word(player.memory, derived + I.STATE_LINES) }, (_, i) =>
    word(player.memory, derived + I.STATE_HEADER + 4 * i),
  );
  // The write at 10,000 begins in the middle of a line.
  expect(addresses).toEqual([640, 6400, 9984, 10_048]);
  expect(word(player.memory, derived + I.STATE_LENGTH)).toBe(I.STATE_HEADER + 64 + 4 * 64 + 64);
});

test("one that is derived from a derived one differs from the root of both, without what was put back", () => {
  const { player } = derivedPlayer();
  player.play({ do: "spawn", of: 0, which: 1 });
  player.play({ do: "write", of: 0, at: 640, bytes: new Uint8Array(64).fill(3) });
  player.play({ do: "write", of: 0, at: 20_032, bytes: full(1) });
  player.play({ do: "derive", of: 0 });
  const [, , second] = player.states.keys();
  expect(word(player.memory, second + I.STATE_ROOT)).toBe(player.state);
  const addresses = Array.from({ length: word(player.memory, second + I.STATE_LINES) }, (_, i) =>
    word(player.memory, second + I.STATE_HEADER + 4 * i),
  );
  expect(addresses).toEqual([6400, 9984, 10_048, 20_032]);
  player.play({ do: "end", of: 0 });
  player.play({ do: "spawn", of: 1, which: 2 });
  player.check();
});

test("an image has the words that its actor has put back to the root's, and not those of its derived state", () => {
  const { player } = derivedPlayer();
  player.play({ do: "spawn", of: 0, which: 1 });
  player.play({ do: "write", of: 0, at: 640, bytes: new Uint8Array(8).fill(3) });
  player.play({ do: "write", of: 0, at: 6408, bytes: full(8) });
  player.play({ do: "write", of: 0, at: 9984, bytes: full(1) });
  player.play({ do: "global", of: 0, which: 0, value: 1 });
  player.play({ do: "leave", of: 0 });
  const [image] = player.hibernated.keys();
  expect(linesOf(player, image)).toEqual([
    [640, 1],
    [9984, 1],
    [65_536, 1],
  ]);
  player.play({ do: "enter", of: 2, which: 0 });
  player.check();
});

test("from one derived state to another, only the lines of the two are touched", () => {
  const { player, derived } = derivedPlayer();
  const { memory, at } = player.instances[0];
  const bytes = new Uint8Array(memory.buffer);
  bytes[32_100] = 0x77;
  bytes[50_000] = 0x77;
  player.port(0).beginIn(at, derived);
  expect([bytes[640], bytes[10_000]]).toEqual([0x5a, 0x5a]);
  setWord(player.memory, at + I.CONDITION, I.CLEAN);
  player.port(0).beginIn(at, player.state);
  expect([bytes[640], bytes[10_000], bytes[32_100], bytes[50_000]]).toEqual([3, 0, 0x77, 0x77]);
});

test("a root stays as long as a pool or a derived state needs it", () => {
  const { player, derived } = derivedPlayer();
  const bytes = () => word(player.memory, W.IMAGE_BYTES);
  const both = bytes();
  player.kernel.dropState(player.state);
  expect(bytes()).toBe(both);
  player.kernel.dropState(derived);
  expect(bytes()).toBe(0);
});
