/** The compiled kernel does what its TypeScript does: the same steps leave the same memories. */
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import * as W from "../../host/kernel/words.ts";
import { instantiateKernel } from "../support/kernel.ts";
import type { Kernel } from "../support/kernel-functions.ts";
import { hasTag } from "../support/kernel-items.ts";
import { readMailbox, word } from "../support/kernel-memory.ts";
import { KernelPlayer } from "../support/kernel-player.ts";
import { check } from "../support/mailbox-check.ts";
import { step } from "../support/mailbox-steps.ts";

type Outside = Parameters<Kernel["useOutside"]>[0];

/** The compiled kernel with the functions of its TypeScript. It is made when both memories and the host are known. */
function compiledKernel(): Kernel {
  let memories: [WebAssembly.Memory, WebAssembly.Memory] | undefined;
  const made: { functions?: ReturnType<typeof instantiateKernel> } = {};
  const call =
    (name: string) =>
    (...values: number[]) => {
      const answer = made.functions?.functions[name](...values.map(Number));
      return ["deliver", "mayTake", "park"].includes(name) ? answer === 1 : answer;
    };
  const own = {
    useMemories: (memory: WebAssembly.Memory, guest: WebAssembly.Memory) => {
      memories = [memory, guest];
    },
    useOutside: (outside: Outside) => {
      if (memories === undefined) throw new Error("a kernel needs its memories first");
      const [memory, guestMemory] = memories;
      made.functions = instantiateKernel({ memory, guestMemory, outside });
    },
    become: (record: number) => {
      if (made.functions !== undefined) made.functions.globals.me.value = record;
    },
    // The module does not export it, because only receives use it.
    findTag: (record: number, position: number, tag: number) => {
      const [memory] = memories as [WebAssembly.Memory, WebAssembly.Memory];
      const { items, positions } = readMailbox(memory, record);
      const wanted = items.slice(positions.get(position)).find(({ kind, tag: its }) => its === tag && isCounted(kind));
      return wanted?.at ?? 0;
    },
  };
  return new Proxy(own, {
    get: (target, name: string) => target[name as keyof typeof target] ?? call(name),
  }) as unknown as Kernel;
}

const isCounted = (kind: number) =>
  hasTag({ kind, tag: 0, from: [0, 0], ref: 0, reason: 0, outside: 0, payload: new Uint8Array() }, 0);

const inUse = (player: KernelPlayer) => new Uint8Array(player.memory.buffer, 0, word(player.memory, W.ARENA_END));

describe("the compiled kernel", () => {
  test.prop([fc.array(step, { maxLength: 150, size: "max" }), fc.constantFrom(150_000, 2 ** 30)], { numRuns: 60 })(
    "leaves the same memories as the same source run as TypeScript",
    (steps, maxItemBytes) => {
      const source = new KernelPlayer(maxItemBytes);
      const compiled = new KernelPlayer(maxItemBytes, compiledKernel());
      for (const each of steps) {
        source.play(each);
        compiled.play(each);
        expect(Buffer.compare(inUse(source), inUse(compiled))).toBe(0);
        expect(Buffer.compare(new Uint8Array(source.guest.buffer), new Uint8Array(compiled.guest.buffer))).toBe(0);
      }
      check(source);
      check(compiled);
    },
  );
});
