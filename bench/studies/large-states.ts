/**
 * What it takes to save an actor, to reset its instance, and to go from one derived module to another, by the
 * sizes of the first state and of the derived ones. The memories are made up, and no guest runs: the first state
 * has no line of zeros, and the lines that differ lie apart. An actor has changed up to 60 lines.
 *
 *     npm run bench:images
 */
import { IMAGE_LINES, STATE_LINES } from "../../host/kernel/image-words.ts";
import { CLEAN, CONDITION, IN_STATE } from "../../host/kernel/life-words.ts";
import { MAX_ALL_BYTES } from "../../host/kernel/words.ts";
import { deriveState } from "../../host/mail/derived-state.ts";
import { Kernel } from "../../host/mail/kernel.ts";
import { engineFlags, engineName } from "../../host/node/engine.ts";
import { PAGE_BYTES } from "../../host/wire/abi.ts";

const ROUNDS = 300;
const REPEATS = 200;
/** Words of the kernel's memory that no one uses. */
const INSTANCE = 7000;
const FIRST_AT = 8192;
const LINE_BYTES = 64;
/** What the heap has behind the first state. */
const HEAP_BYTES = 65_536;
const UNLIMITED_BYTES = 2 ** 40;

type Words = Readonly<Record<string, (...words: number[]) => number>>;

const rows = [8_000, 100_000, 400_000].flatMap(bytes => [0, 10, 50, 200].map(lines => measure(bytes, lines)));
console.log(`${engineName()} ${engineFlags().join(" ")}`);
console.table(rows);

/** Nanoseconds of each function, the least of some rounds. */
function measure(firstBytes: number, derivedLines: number) {
  const end = FIRST_AT + firstBytes + HEAP_BYTES;
  const pages = Math.ceil(end / PAGE_BYTES);
  const kernel = new Kernel();
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const port = portOf(kernel, memory);
  const bytes = new Uint8Array(memory.buffer).fill(3, FIRST_AT, FIRST_AT + firstBytes);
  const change = (lines: number, step: number) => {
    for (let i = 0; i < lines; i++) {
      const at = FIRST_AT + ((i * step * LINE_BYTES) % (end - FIRST_AT - LINE_BYTES));
      bytes.fill(step, at, at + 40);
    }
  };
  const root = port.keepFirstState(end, 0, 0);
  kernel.setWord(INSTANCE + IN_STATE, root);
  const states = [7, 11].map(step => {
    change(derivedLines, step);
    const image = port.save(root, end);
    const state = derivedLines === 0 ? root : deriveState(kernel, image, end);
    port.resetSaved(INSTANCE, image);
    port.dropImage(image);
    return state;
  });
  const [state] = states;
  port.beginIn(INSTANCE, state);
  change(30, 5);
  const image = port.save(state, end);
  const saving = least(() => port.dropImage(port.save(state, end)));
  const loading = least(() => {
    port.resetSaved(INSTANCE, image);
    port.loadImage(INSTANCE, image);
  });
  port.resetSaved(INSTANCE, image);
  const changing = least(i => {
    port.beginIn(INSTANCE, states[i & 1]);
    kernel.setWord(INSTANCE + CONDITION, CLEAN);
  });
  return {
    "first state, bytes": firstBytes,
    "derived, lines": kernel.word(state + STATE_LINES),
    "image, lines": kernel.word(image + IMAGE_LINES),
    "save + drop": saving,
    "reset what was saved + load": loading,
    "another derived module": changing,
    "reset by the limit": least(() => port.reset(INSTANCE, end)),
  };
}

function portOf(kernel: Kernel, memory: WebAssembly.Memory): Words {
  // Tests and benchmarks have no account that sets the limit `allMemoryBytes`.
  kernel.setDouble(MAX_ALL_BYTES, UNLIMITED_BYTES);
  const gate = Object.fromEntries(
    WebAssembly.Module.imports(kernel.module)
      .filter(imported => imported.module === "gate")
      .map(({ name }) => [name, () => 0]),
  );
  return new WebAssembly.Instance(kernel.module, {
    kernel: { memory: kernel.memory, turns: kernel.turns },
    guest: { memory },
    gate,
  } as WebAssembly.Imports).exports as unknown as Words;
}

function least(operation: (i: number) => unknown): number {
  let ns = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const begin = performance.now();
    for (let i = 0; i < REPEATS; i++) operation(i);
    ns = Math.min(ns, ((performance.now() - begin) * 1e6) / REPEATS);
  }
  return Math.round(ns);
}
