/** The modules that get between a guest and its port: the one of recorded actors, and the one that plays. */
import { playerBinary } from "../kernel/player-binary.ts";
import { tapeBinary } from "../kernel/tape-binary.ts";
import type { Kernel } from "../mail/kernel.ts";
import { bytesOf } from "../mail/kernel-module.ts";
import type { Import } from "../wire/abi.ts";

/** What the modules call, by name. What is missing is never called. */
export type Gate = Readonly<Record<string, (...words: number[]) => unknown>>;

/** The exports that have the names of imports of `actor`. */
export type PortImports = Readonly<Record<string, Import>>;

export interface TapeExports {
  sit(record: number, lo: number, reel: number): void;
  turn(record: number): number;
  begin(): void;
  noteMeanwhile(): void;
  noteHead(item: number): void;
}

export interface PlayerExports {
  open(record: number, from: number, to: number, items: number): void;
  forgetItems(): void;
  position(): number;
  seek(at: number): void;
  brought(): number;
  countItem(): void;
  play(turns: number, lastItem: number): number;
}

const modules: Partial<Record<"tape" | "player", WebAssembly.Module>> = {};

/** Of recorded actors, one for each guest. */
export function tapeInstance(kernel: AnyKernel, memory: WebAssembly.Memory, gate: Gate): TapeExports & PortImports {
  modules.tape ??= new WebAssembly.Module(bytesOf(tapeBinary.tape));
  return instance(modules.tape, kernel, memory, gate) as unknown as TapeExports & PortImports;
}

export function playerInstance(kernel: AnyKernel, memory: WebAssembly.Memory, gate: Gate): PlayerExports & PortImports {
  modules.player ??= new WebAssembly.Module(bytesOf(playerBinary.player));
  return instance(modules.player, kernel, memory, gate) as unknown as PlayerExports & PortImports;
}

type AnyKernel = Pick<Kernel, "memory" | "turns" | "gate">;

function instance(
  module: WebAssembly.Module,
  kernel: AnyKernel,
  memory: WebAssembly.Memory,
  gate: Gate,
): WebAssembly.Exports {
  const missing = (name: string) => () => {
    throw new Error(`${name} is not called here`);
  };
  const names = WebAssembly.Module.imports(module).filter(({ module }) => module === "gate");
  const all: Gate = { ...(kernel.gate as Gate), ...gate };
  return new WebAssembly.Instance(module, {
    kernel: { memory: kernel.memory, turns: kernel.turns },
    guest: { memory },
    gate: Object.fromEntries(names.map(({ name }) => [name, all[name] ?? missing(name)])),
  } as WebAssembly.Imports).exports;
}
