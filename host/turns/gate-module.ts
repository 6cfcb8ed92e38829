/**
 * The gate: a module that hands calls on to the host's functions. What a guest or a port imports from
 * JavaScript costs each instance 130 bytes more than what it imports from another instance (V8 14, x64). It
 * is made from the types of the imports, because as text it would be 1 KB of the core, gzipped.
 */
import { counted, leb, moduleOf, section, vector } from "../mail/module-bytes.ts";
import { actorImportTypes, envImportTypes, type Signature } from "../wire/abi.ts";

/** What ports ask of the host beside the imports of guests. */
const hostTypes: Readonly<Record<string, Signature>> = {
  call: "() -> ()",
  grown: "() -> ()",
  charge: "(i32) -> ()",
  doomed: "() -> ()",
  astray: "() -> ()",
  left: "(i32) -> ()",
  show: "(i32, i32, i32) -> ()",
  drop: "(i32) -> ()",
  headroom: "() -> ()",
  timed: "(i32) -> ()",
  goOn: "() -> i32",
  answer: "() -> i32",
  disarm: "() -> ()",
  seed: "() -> ()",
  strayed: "(i32) -> ()",
};

/** Imports `module` `name`, and exports `module.name`, which calls it. */
export function gateBytes(): Uint8Array<ArrayBuffer> {
  const functions = Object.entries({ actor: actorImportTypes, env: envImportTypes, host: hostTypes }).flatMap(
    ([module, types]) => Object.entries(types).map(([name, signature]) => ({ module, name, ...typesOf(signature) })),
  );
  const each = (write: (found: (typeof functions)[number], index: number) => number[]) => vector(functions.map(write));
  return moduleOf(
    section(
      1,
      each(({ parameters, results }) => [0x60, ...counted(parameters), ...counted(results)]),
    ),
    section(
      2,
      each(({ module, name }, i) => [...text(module), ...text(name), 0, ...leb(i)]),
    ),
    section(
      3,
      each((_, i) => leb(i)),
    ),
    section(
      7,
      each(({ module, name }, i) => [...text(`${module}.${name}`), 0, ...leb(functions.length + i)]),
    ),
    section(
      10,
      each(({ parameters }, i) =>
        counted([0, ...parameters.flatMap((_, local) => [0x20, local]), 0x10, ...leb(i), 0x0b]),
      ),
    ),
  );
}

function typesOf(signature: Signature): { readonly parameters: number[]; readonly results: number[] } {
  const [parameters = [], results = []] = signature
    .split("->")
    .map(types => (types.match(/\w+/g) ?? []).map(type => (type === "i32" ? 0x7f : 0x7c)));
  return { parameters, results };
}

function text(name: string): number[] {
  return counted(Array.from(name, character => character.charCodeAt(0)));
}
