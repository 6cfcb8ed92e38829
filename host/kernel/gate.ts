/**
 * The text of the gate: a module that hands calls on to the host's functions. What a guest or a port
 * imports from JavaScript costs each instance 130 bytes more than what it imports from another instance
 * (V8 14, x64). Only compile.ts uses this file.
 */
import { actorImportTypes, envImportTypes } from "../wire/abi.ts";

/** What ports ask of the host beside the imports of guests. */
const hostTypes = {
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

/** A function of the same type, which calls what it is named after. */
function handedOn(module: string, name: string, signature: string): readonly [imported: string, own: string] {
  const [, parameters, result] = /^\((.*)\) -> (.*)$/.exec(signature) ?? [];
  const types = parameters.split(", ").filter(type => type !== "");
  const type = `${types.length > 0 ? ` (param ${types.join(" ")})` : ""}${result === "()" ? "" : ` (result ${result})`}`;
  const given = types.map((_, i) => ` (local.get ${i})`).join("");
  const inner = `$${module}.${name}`;
  return [
    `(import "${module}" "${name}" (func ${inner}${type}))`,
    `(func (export "${module}.${name}")${type} (call ${inner}${given}))`,
  ];
}

export function gateText(): string {
  const functions = Object.entries({ actor: actorImportTypes, env: envImportTypes, host: hostTypes }).flatMap(
    ([module, types]) => Object.entries(types).map(([name, signature]) => handedOn(module, name, signature)),
  );
  return `(module ${functions.map(([imported]) => imported).join("\n")}\n${functions.map(([, own]) => own).join("\n")})`;
}
