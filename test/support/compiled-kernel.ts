/** The compiled kernel, for tests that are written for its TypeScript. */

import { KIND, MESSAGE, OUTSIDE, TAG, TIMER } from "../../host/kernel/mail-words.ts";
import { FLAGS, IS_HANDLER } from "../../host/kernel/words.ts";
import { type CompiledKernel, instantiateKernel } from "./kernel.ts";
import type { Kernel } from "./kernel-functions.ts";
import { word } from "./kernel-memory.ts";

type Outside = Parameters<Kernel["useOutside"]>[0];
type Words = (...values: number[]) => unknown;

/** Functions that answer true or false. */
const DECIDES = ["beginIn", "deliver", "loadImage", "mayTake", "park"];

/** `handle` and `resume:E` have the same place in a port: a guest has one of them. */
function entriesOf({ callHandle, callResume, ...others }: Outside, isHandler: boolean): Outside {
  const entry = isHandler ? { callHandle } : { callResume };
  return Object.values(entry)[0] === undefined ? others : ({ ...others, ...entry } as Outside);
}

/**
 * Functions like those of the TypeScript. Each guest's memory has an instance of its own, its port;
 * any of them is the kernel.
 */
export function compiledKernel(): Kernel {
  const ports = new Map<WebAssembly.Memory, CompiledKernel>();
  const now: { memory?: WebAssembly.Memory; guestMemory?: WebAssembly.Memory; outside: Outside; isHandler: boolean } = {
    outside: {},
    isHandler: false,
  };
  const port = (): CompiledKernel => {
    const { memory, guestMemory, outside } = now;
    if (memory === undefined || guestMemory === undefined) throw new Error("a kernel needs its memories first");
    const made =
      ports.get(guestMemory) ?? instantiateKernel({ memory, guestMemory, outside: entriesOf(outside, now.isHandler) });
    ports.set(guestMemory, made);
    return made;
  };
  const own: Record<string, Words> = {
    become: record => {
      now.isHandler = (word(now.memory as WebAssembly.Memory, record + FLAGS) & IS_HANDLER) !== 0;
      port().globals.me.value = record;
    },
    // The module does not export it, because only receives use it. A walk joins dead items on its way.
    findTag: (record, position, tag) => {
      const { from, next } = port().functions;
      const read = (place: number) => word(now.memory as WebAssembly.Memory, place);
      let at = from(record, position);
      while (at !== 0 && (read(at + TAG) !== tag || ![MESSAGE, TIMER].includes(read(at + KIND) & ~OUTSIDE))) {
        at = next(record, at);
      }
      return at;
    },
  };
  const useMemories = (memory: WebAssembly.Memory, guestMemory: WebAssembly.Memory) =>
    Object.assign(now, { memory, guestMemory });
  const useOutside = (outside: Outside) => Object.assign(now, { outside });
  const call =
    (name: string): Words =>
    (...values) => {
      const answer = port().functions[name](...values.map(Number));
      return DECIDES.includes(name) ? answer === 1 : answer;
    };
  const known = { ...own, useMemories, useOutside };
  return new Proxy(known, {
    get: (target, name: string) => target[name as keyof typeof target] ?? call(name),
  }) as unknown as Kernel;
}
