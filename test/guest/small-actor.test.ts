/**
 * What a small actor touches of its memory. Its stacks, static data and heap lie within 8 KiB, also
 * after thousands of messages. Few lines of 64 bytes differ from its module's first state.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Runtime } from "../../host/index.ts";
import type { BuildOptions } from "../../host/node/compile/build.ts";
import { ManualClock } from "../../host/test.ts";
import { build } from "../support/compiler.ts";
import { quiet } from "../support/guests.ts";

const WINDOW_BYTES = 8192;
const LINE_BYTES = 64;
const WORD_BYTES = 8;
const MESSAGES = 3_000;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "isopod-small-"));
  writeFileSync(join(folder, "test.ts"), "export declare function show(): void;\n");
});
afterAll(() => rmSync(folder, { recursive: true }));

const PROCESS = `import { forward, receive } from "isopod/guest";
import { show } from "./test";
export function run(): void {
  show();
  while (true) { const message = receive(); forward(message.from, message); }
}`;

/** Has used its arguments and the heap, and waits. */
const PARKED = `import { argsText, receive } from "isopod/guest";
import { show } from "./test";
class State { constructor(public name: string, public count: i32) {} }
export function run(): void {
  show();
  const state = new State(argsText(), 0);
  while (true) state.count += receive().length + state.name.length;
}`;

const HANDLER = `import { forward, listen, received } from "isopod/guest";
import { show } from "./test";
show();
listen();
export function handle(n: i32): void { const message = received(n); forward(message.from, message); }`;

/** Allocates one to four strings of 72 to 132 bytes for each message. */
const GARBAGE = `import { receive, sendText } from "isopod/guest";
import { show } from "./test";
export function run(): void {
  show();
  for (let count = 0; ; count++) {
    const message = receive();
    let text = message.text();
    for (let i = 0; i < count % 4; i++) text = text.concat(" and so on");
    sendText(message.from, text);
  }
}`;

/** Parses and makes strings, and keeps a state. */
const SERVER = `import { Message, sendText, Server, serve } from "isopod/guest";
import { show } from "./test";
class Counter extends Server {
  private sum: i64 = 0;
  onCast(message: Message): void {
    const text = message.text();
    if (text.startsWith("add ")) this.sum += I64.parseInt(text.substring(4));
    sendText(message.from, \`the sum is \${this.sum}\`);
  }
  onCall(_message: Message): void { this.replyText(\`\${this.sum}\`); }
}
export function run(): void { show(); serve(new Counter()); }`;

/** Its recursion could be deep, so the length of its parked stack has no bound. It is short here. */
const RECURSION = `import { forward, receive } from "isopod/guest";
import { show } from "./test";
class Level { constructor(public depth: i32) {} }
function answer(level: Level): i32 {
  if (level.depth > 0) return answer(new Level(level.depth - 1)) + level.depth;
  const message = receive();
  forward(message.from, message);
  return 0;
}
export function run(): void { show(); while (true) answer(new Level(3)); }`;

/** A guest's memory when it has answered so many messages and waits, and as its module begins. */
async function waiting(source: string, messages: number, options: BuildOptions = {}) {
  writeFileSync(join(folder, "guest.ts"), source);
  const [{ wasm, text }] = await build(["guest.ts"], { baseDir: folder, ...options });
  if (wasm === undefined) throw new Error(text);
  const memories: WebAssembly.Memory[] = [];
  const show = ({ memory }: { readonly memory: WebAssembly.Memory }) => void memories.push(memory);
  await using runtime = new Runtime({ grants: "all", clock: new ManualClock(), imports: { test: { show } } });
  const actor = runtime.spawn(await runtime.load(wasm), { args: "a name" });
  const mailbox = runtime.mailbox();
  let answers = 0;
  const collect = async () => {
    await quiet();
    while (mailbox.poll() !== undefined) answers++;
  };
  for (let sent = 1; sent <= messages; sent++) {
    mailbox.send(actor, `add 1,${"0123456789".repeat(3)}`);
    if (sent % 100 === 0) await collect();
  }
  await collect();
  expect([answers, memories.length, runtime.isAlive(actor)]).toEqual([messages, 1, true]);
  return { bytes: new Uint8Array(memories[0].buffer.slice(0)), first: firstState(wasm) };
}

/** The memory of a new instance, before any code of it has run. */
function firstState(wasm: Uint8Array<ArrayBuffer>): Uint8Array {
  const module = new WebAssembly.Module(wasm);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const imports: WebAssembly.Imports = { env: { memory } };
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    if (kind === "function") imports[from] = { ...imports[from], [name]: () => 0 };
  }
  new WebAssembly.Instance(module, imports);
  return new Uint8Array(memory.buffer);
}

interface Touched {
  /** From the first byte that is not 0 to the last: the stacks, the static data and the heap. */
  readonly span: number;
  /** How many lines and words differ from the first state. */
  readonly lines: number;
  readonly words: number;
}

function touched({ bytes, first }: { readonly bytes: Uint8Array; readonly first: Uint8Array }): Touched {
  const used = [...bytes.keys()].filter(at => bytes[at] !== 0);
  const changed = [...bytes.keys()].filter(at => bytes[at] !== (first[at] ?? 0));
  const parts = (size: number) => new Set(changed.map(at => Math.floor(at / size))).size;
  return { span: used[used.length - 1] - used[0] + 1, lines: parts(LINE_BYTES), words: parts(WORD_BYTES) };
}

// The bounds of lines and words are a little more than what was seen.
test.each([
  ["a process that has used its heap", PARKED, 0, 13, 40],
  ["a process", PROCESS, MESSAGES, 8, 20],
  ["a handler", HANDLER, MESSAGES, 6, 20],
  ["a process that makes garbage", GARBAGE, MESSAGES, 60, 360],
  ["a server", SERVER, MESSAGES, 60, 360],
  ["a process that waits in a recursion", RECURSION, MESSAGES, 48, 250],
])(
  "%s has changed few lines, and all that it has touched lies within 8 KiB",
  async (_, source, messages, lines, words) => {
    const found = touched(await waiting(source, messages));
    expect(found.span).toBeLessThanOrEqual(WINDOW_BYTES);
    expect(found.lines).toBeLessThanOrEqual(lines);
    expect(found.words).toBeLessThanOrEqual(words);
  },
);

test("so has a process that makes garbage and waits by JSPI", async () => {
  const { span, lines } = touched(await waiting(GARBAGE, MESSAGES, { park: "jspi" }));
  expect(span).toBeLessThanOrEqual(WINDOW_BYTES);
  expect(lines).toBeLessThanOrEqual(60);
});
