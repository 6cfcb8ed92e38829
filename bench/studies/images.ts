/**
 * What it takes to save a parked guest of the library as an image, to reset its instance and to load the
 * image again. The guest runs without a runtime: its receive finds nothing, so it parks.
 *
 * In its own layout the room of its stacks comes first, some 12 KB of zeros. The second row is the same
 * guest with all it has moved down by 8 KiB.
 *
 *     npm run bench:images
 */

import { IMAGE_LINES, STATE_FROM, STATE_UNTIL } from "../../host/kernel/image-words.ts";
import { IN_STATE } from "../../host/kernel/life-words.ts";
import { imageLength } from "../../host/mail/image-bytes.ts";
import { Kernel } from "../../host/mail/kernel.ts";
import { compileTrimmed } from "../../host/module/trim.ts";
import { engineFlags, engineName } from "../../host/node/engine.ts";
import { GLOBALS_EXPORT, PAGE_BYTES } from "../../host/wire/abi.ts";
import { RECEIVE_PARK } from "../../host/wire/message.ts";
import { compiledExamples } from "../harness/compiled.ts";

/** Short rounds, of which some are not interrupted by other processes. */
const ROUNDS = 1500;
const REPEATS = 500;
/** Words of the kernel's memory that no one uses. */
const INSTANCE = 7000;
const MOVED_BY = 8192;

type Words = Readonly<Record<string, (...words: number[]) => number>>;

const kernel = new Kernel();
const [counter] = await compiledExamples("counter");
const { module, globals } = await compileTrimmed(counter);
const memory = new WebAssembly.Memory({ initial: 1, maximum: 256 });
const imports: Record<string, Record<string, WebAssembly.ImportValue>> = { env: { memory } };
for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
  if (kind === "function") imports[from] = { ...imports[from], [name]: () => (name === "recv" ? RECEIVE_PARK : 0) };
}
const guest = new WebAssembly.Instance(module, imports).exports as unknown as Words;
const gate = Object.fromEntries(
  WebAssembly.Module.imports(kernel.module)
    .filter(imported => imported.module === "gate")
    .map(({ name }) => [name, () => 0]),
);
const port = new WebAssembly.Instance(kernel.module, {
  kernel: { memory: kernel.memory, turns: kernel.turns },
  guest: { memory },
  gate,
} as WebAssembly.Imports).exports as unknown as Words & { readonly guest: WebAssembly.Table };
port.guest.set(3, guest[GLOBALS_EXPORT]);

const bytes = new Uint8Array(memory.buffer);
const first = bytes.slice();
const state = port.keepFirstState(0, globals, 0);
guest._start();
guest["resume:run"](0);
const parked = bytes.slice();
const moved = (from: Uint8Array) => {
  const to = new Uint8Array(PAGE_BYTES);
  to.set(from.subarray(MOVED_BY));
  return to;
};

const rows = [measure("counter.ts", state, parked)];
const parkedImage = port.save(state, PAGE_BYTES);
port.resetSaved(INSTANCE, parkedImage);
bytes.set(moved(first));
const lower = port.keepFirstState(0, globals, 0);
port.loadImage(INSTANCE, parkedImage);
rows.push(measure("the same, 8 KiB lower", lower, moved(parked)));

console.log(`${engineName()} ${engineFlags().join(" ")}`);
console.table(rows);

/** Nanoseconds of each function for an actor with this memory, and the parked guest's globals. */
function measure(name: string, firstState: number, actor: Uint8Array) {
  bytes.set(actor);
  kernel.setWord(INSTANCE + IN_STATE, firstState);
  const limit = actor.findLastIndex(byte => byte !== 0) + 1;
  const image = port.save(firstState, limit);
  const count = kernel.word(image + IMAGE_LINES);
  return {
    guest: name,
    "limit, bytes": limit,
    "first state": kernel.word(firstState + STATE_UNTIL) - kernel.word(firstState + STATE_FROM),
    lines: count,
    "image, bytes": imageLength(kernel, image),
    "save + drop": median(() => port.dropImage(port.save(firstState, limit))),
    "reset what was saved + load": median(() => {
      port.resetSaved(INSTANCE, image);
      port.loadImage(INSTANCE, image);
    }),
    "reset by the limit + load": median(() => {
      port.reset(INSTANCE, limit);
      port.loadImage(INSTANCE, image);
    }),
    load: median(() => port.loadImage(INSTANCE, image)),
  };
}

function median(operation: () => unknown): number {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const begin = performance.now();
    for (let i = 0; i < REPEATS; i++) operation();
    times.push(((performance.now() - begin) * 1e6) / REPEATS);
  }
  return Math.round(times.sort((a, b) => a - b)[ROUNDS / 2]);
}
