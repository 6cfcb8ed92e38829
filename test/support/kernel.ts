/**
 * The kernel compiled to WebAssembly, for tests that compare it with its TypeScript. Imports have
 * the names that outside.ts gives them.
 */
import { readFileSync } from "node:fs";
import { kernelModule } from "../../host/mail/kernel-module.ts";
import { assemble } from "./wat.ts";

/** A function of the kernel's TypeScript: its name, the names of its parameters, its result's type. */
export interface Signature {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly result: string;
}

type Words = (...values: number[]) => unknown;

/** What a compiled kernel is linked with. */
export interface Surroundings {
  readonly memory: WebAssembly.Memory;
  readonly guestMemory: WebAssembly.Memory;
  /** Functions of the host and the guest, and the turns, by their names in outside.ts. */
  readonly outside?: Readonly<Record<string, Words>>;
  /** The kernel that is committed, unless this says otherwise. */
  readonly wasm?: Uint8Array<ArrayBuffer>;
}

/** The exports of a compiled kernel. Those named here are what this file knows. */
export interface CompiledKernel {
  readonly functions: Readonly<Record<string, (...values: number[]) => number>>;
  readonly globals: Readonly<Record<string, WebAssembly.Global>>;
  readonly guest: WebAssembly.Table;
  readonly turns: WebAssembly.Table;
}

export const kernelFile = (name: string): string =>
  readFileSync(new URL(`../../host/kernel/${name}`, import.meta.url), "utf8");

/** The functions that a file of the kernel exports, in either language. */
export function signaturesIn(text: string): Signature[] {
  const functions = text.matchAll(/^(?:@.*\) |@inline )?export (?:declare )?function (\w+)\((.*?)\): (\w+)/gm);
  const constants = text.matchAll(/^export const (\w+): \(([^)]*)\) => (\w+) =\s+named\("\1"\);$/gm);
  return [...functions, ...constants].map(([, name, parameters, result]) => ({
    name,
    parameters: parameters
      .split(",")
      .map(parameter => parameter.trim())
      .filter(parameter => parameter !== ""),
    result,
  }));
}

/** The host's functions: the name of an import of "gate", by its name in outside.ts. */
const gateNames = [
  ...kernelFile("outside.as.ts").matchAll(/@external\("gate", "(.+?)"\) export declare function (\w+)/g),
].map(([, gate, name]) => ({ gate, name }));

/** The entries of the table "guest", by the names that outside.ts gives them. */
const GUEST_ENTRIES = {
  callHandle: 0,
  callResume: 0,
  callEntry: 0,
  callMatch: 1,
  callMatchFirst: 2,
  callGlobals: 3,
  callStart: 4,
};

/** A committed or given kernel, linked with what a test has in place of the host and the guest. */
export function instantiateKernel(surroundings: Surroundings): CompiledKernel {
  const { memory, guestMemory, outside = {}, wasm } = surroundings;
  const turns = new WebAssembly.Table({ element: "anyfunc", initial: 64 });
  const missing = (name: string) => () => {
    throw new Error(`the kernel calls ${name}, which this test does not have`);
  };
  const module = wasm === undefined ? kernelModule() : new WebAssembly.Module(wasm);
  const { exports } = new WebAssembly.Instance(module, {
    kernel: { memory, turns },
    guest: { memory: guestMemory },
    gate: Object.fromEntries(gateNames.map(({ gate, name }) => [gate, outside[name] ?? missing(name)])),
  });
  const guest = exports.guest as WebAssembly.Table;
  for (const [name, entry] of Object.entries(GUEST_ENTRIES))
    if (outside[name] !== undefined) guest.set(entry, inWebAssembly(name, outside[name]));
  for (let index = 0; index < turns.length; index++) {
    const call = turnAt(outside, index);
    if (call !== undefined)
      turns.set(
        index,
        inWebAssembly("callTurn", address => call(address, index)),
      );
  }
  const all = Object.entries(exports);
  return {
    functions: Object.fromEntries(
      all.filter(([, value]) => typeof value === "function"),
    ) as CompiledKernel["functions"],
    globals: Object.fromEntries(
      all.filter(([, value]) => value instanceof WebAssembly.Global),
    ) as CompiledKernel["globals"],
    guest,
    turns,
  };
}

/** What stands in the table of turns: an instance has two places, for its actor's turn and for its leaving. */
function turnAt({ callTurn, callLeave }: Readonly<Record<string, Words>>, index: number): Words | undefined {
  return index % 2 === 0 ? (callTurn ?? callLeave) : (callLeave ?? callTurn);
}

const modules = new Map<string, WebAssembly.Module>();
const outsideSignatures = signaturesIn(kernelFile("outside.ts"));

/** A function as an entry of a table, which takes only those of WebAssembly. */
function inWebAssembly(name: string, call: Words): unknown {
  const signature = outsideSignatures.find(found => found.name === name);
  // A turn knows its place in the table without being told.
  const count = name === "callTurn" ? 1 : (signature?.parameters.length ?? 0);
  const type = `(param ${"i32 ".repeat(count)}) ${signature?.result === "void" ? "" : "(result i32)"}`;
  const text = `(module (import "a" "b" (func $f ${type})) (export "f" (func $f)))`;
  const module = modules.get(text) ?? new WebAssembly.Module(assemble(text));
  modules.set(text, module);
  return new WebAssembly.Instance(module, { a: { b: call } }).exports.f;
}
