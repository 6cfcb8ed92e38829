/** What a guest is told of a crash: frames of WebAssembly, and no paths of the host's files. */

import { describe, expect, test } from "vitest";
import type { ExitReason } from "../../host/index.ts";
import { reasonBytes } from "../../host/wire/reason.ts";
import { Stage } from "../support/player.ts";
import { guest } from "../support/wat.ts";

/** The stack that a guest gets of one on the host. */
function told(stack: string): string[] {
  const reason: ExitReason = { kind: "crashed", message: "unreachable", stack };
  const [message, ...frames] = new TextDecoder().decode(reasonBytes(reason, true)).split("\n");
  expect(message).toBe("unreachable");
  return frames.filter(line => line !== "");
}

describe("of a stack", () => {
  test.each<[engine: string, stack: string, wanted: readonly string[]]>([
    [
      "V8's",
      `RuntimeError: unreachable
    at deep (wasm://wasm/echo-0a1b2c3d:wasm-function[7]:0x1f4)
    at wasm://wasm/0a1b2c3d:wasm-function[3]:0x10
    at streamed (https://internal.example/x.wasm:wasm-function[4]:0x11)
    at a (b (wasm://wasm/0a1b2c3d:wasm-function[5]:0x12)
    at crashes/deep (crashes.ts:12:3 wasm-function[6]:0x13)
    at ~lib/array.ts:3:4 wasm-function[8]:0x14
    at absolute (/home/me/crashes.ts:12:3 wasm-function[9]:0x15)
    at url (file:///home/me/crashes.ts:12:3 wasm-function[10]:0x16)
    at windows (C:\\me\\crashes.ts:12:3 wasm-function[11]:0x17)
    at Object.get (file:///srv/wasm-function/db.js:1:2)
    at wasm-function[1]:0x1 (file:///srv/db.js:1:2)
    at file:///srv/wasm://wasm/db.js:1:2
    at async Promise.all (index 0)`,
      [
        "    at deep (wasm-function[7]:0x1f4)",
        "    at wasm-function[3]:0x10",
        "    at streamed (wasm-function[4]:0x11)",
        "    at a (b (wasm-function[5]:0x12)",
        "    at crashes/deep (crashes.ts:12:3 wasm-function[6]:0x13)",
        "    at ~lib/array.ts:3:4 wasm-function[8]:0x14",
        "    at absolute (wasm-function[9]:0x15)",
        "    at url (wasm-function[10]:0x16)",
        "    at windows (wasm-function[11]:0x17)",
      ],
    ],
    [
      "Firefox's",
      `deep@https://internal.example/app.js line 3 > WebAssembly.Module:wasm-function[7]:0x1f4
@https://internal.example/@fs/home/me/app.js line 3 > WebAssembly.Module:wasm-function[3]:0x10
placed@https://internal.example/app.js line 3 > WebAssembly.Module:crashes.ts:1:2 wasm-function[4]:0x11
    at x (y@https://internal.example/app.js line 3 > WebAssembly.Module:crashes.ts:1:2 wasm-function[5]:0x12
at z@https://internal.example/app.js line 3 > WebAssembly.Module:crashes.ts:1:2 wasm-function[6]:0x13
get@https://internal.example/wasm-function[1]:0x1/db.js:1:2
run@https://internal.example/host/park.js:1:2`,
      [
        "    at deep (wasm-function[7]:0x1f4)",
        "    at wasm-function[3]:0x10",
        "    at placed (wasm-function[4]:0x11)",
        "    at x (wasm-function[5]:0x12)",
        "    at wasm-function[6]:0x13",
      ],
    ],
    [
      "WebKit's",
      `<?>.wasm-function[7]@[wasm code]
deep@[wasm code]
get@https://internal.example/wasm-function/db.js:1:2
forEach@[native code]`,
      ["    at <?>.wasm-function[7]", "    at deep"],
    ],
  ])("%s a guest is told the frames of WebAssembly, without URLs and paths", (_, stack, wanted) => {
    expect(told(stack)).toEqual(wanted);
  });

  test("a line of any length is read in proportion to its length", () => {
    for (const name of [
      " (".repeat(500_000),
      "wasm-function[1".repeat(100_000),
      ":1:1".repeat(300_000),
      "@".repeat(10 ** 6),
    ]) {
      expect(told(`x\n    at ${name} (wasm://wasm/1:wasm-function[1]:0x1)`).length).toBeLessThanOrEqual(1);
      expect(told(`x\n    at ${name}`).length).toBeLessThanOrEqual(1);
    }
  });
});

/**
 * Spawns "victim" with a monitor, and hands the bytes of its Down on to whom its arguments name.
 */
const WATCHER = guest(`(data (i32.const 16) "victim")
  (func (export "_start")
    (drop (call $args (i32.const 0) (i32.const 8)))
    (call $window (i32.const 64) (i32.const 1024) (i32.const 8192))
    (if (i32.ne (i32.const 1) (call $spawn (i32.const 16) (i32.const 6) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
      (i32.const 2) (i32.const 128))) (then unreachable)))
  (func (export "handle") (param $n i32)
    (drop (call $send (i32.load (i32.const 0)) (i32.load (i32.const 4)) (i32.const 0) (i32.const 1024) (local.get $n))))`);

const FAKE =
  "    at fake (wasm://wasm/00:wasm-function[99]:0x63)\nfaked@[wasm code]\n    at faker (wasm-function[99]:0x63)";

async function downOf(victim: Uint8Array<ArrayBuffer>, thrown: unknown): Promise<string[]> {
  const fail = () => {
    throw thrown;
  };
  await using stage = new Stage({ imports: { db: { get: fail } } });
  stage.runtime.define("victim", await stage.runtime.load(victim));
  const pid = stage.boss.pid;
  const args = new Uint8Array(new Uint32Array([pid % 2 ** 32, Math.floor(pid / 2 ** 32)]).buffer);
  stage.runtime.spawn(await stage.runtime.load(WATCHER), { args });
  return new TextDecoder().decode(await stage.bytes()).split("\n");
}

const ASKS = guest(`(import "db" "get" (func $get)) (func $inner (call $get)) (func (export "run") (call $inner))`);

test.each<[what: string, error: unknown]>([
  ["a message with frames in it", new Error(`no such row\n${FAKE}`)],
  ["a message that is one frame", Object.assign(new Error(FAKE.split("\n")[0]), { name: "" })],
  ["nothing but a stack of its own", Object.assign(new Error("x"), { stack: "at x (/srv/secret.js:1:2)" })],
  ["a cause", new Error("x", { cause: new Error(FAKE) })],
])("a function of the embedder's that throws %s adds no frame and no path", async (_, error) => {
  const [message, ...frames] = await downOf(ASKS, error);
  expect(message).toContain("db.get: ");
  expect(frames.join("\n")).not.toMatch(/fake|\/|\.ts|\.js|99/);
  for (const line of frames.filter(line => line !== ""))
    expect(line).toMatch(/^ {4}at .*wasm-function\[\d+\]:0x[0-9a-f]+\)?$/);
});

test("a guest that aborts with frames in its message is told of its own alone", async () => {
  const text = new TextEncoder().encode(`asserted\n${FAKE}`);
  const data = [...text].map(byte => `\\${byte.toString(16).padStart(2, "0")}`).join("");
  const aborts = guest(`(data (i32.const 512) "${data}") (func (export "run")
    (call $abort (i32.const 512) (i32.const 0) (i32.const 0) (i32.const 0)))`);
  await using stage = new Stage({
    readString: (memory, pointer) => new TextDecoder().decode(new Uint8Array(memory.buffer, pointer, text.length)),
  });
  const reason = await stage.end(stage.runtime.spawn(await stage.runtime.load(aborts)));
  if (reason.kind !== "crashed") throw new Error(reason.kind);
  expect(reason.message).toContain("fake");
  expect(reason.stack).not.toContain("fake");
  const [message, ...frames] = new TextDecoder().decode(reasonBytes(reason, true)).split("\n");
  expect(message).toContain("asserted     at fake");
  expect(frames.join("\n")).not.toMatch(/fake|99/);
  expect(frames.join("\n")).toMatch(/wasm-function\[/);
});
