/** The gate: what a guest calls of it, the host's function gets, with all values and the answer. */
import { expect, test } from "vitest";
import { kernelBytes } from "../../host/mail/kernel-module.ts";
import { gateBytes } from "../../host/turns/gate-module.ts";
import { actorImportTypes, envImportTypes } from "../../host/wire/abi.ts";

const module = new WebAssembly.Module(gateBytes());

test("the gate has each import of the ABI, and exports it by its whole name", () => {
  const imports = WebAssembly.Module.imports(module);
  const named = (module: string, types: object) => Object.keys(types).map(name => `${module}.${name}`);
  const names = imports.map(({ module, name }) => `${module}.${name}`);
  expect(names).toEqual(expect.arrayContaining([...named("actor", actorImportTypes), ...named("env", envImportTypes)]));
  expect(WebAssembly.Module.exports(module).map(({ name }) => name)).toEqual(names);
});

test("the gate has all that a port imports of it", () => {
  const exported = WebAssembly.Module.exports(module).map(({ name }) => name);
  const imported = WebAssembly.Module.imports(new WebAssembly.Module(kernelBytes())).filter(
    ({ module }) => module === "gate",
  );
  expect(imported.length).toBeGreaterThan(10);
  expect(exported).toEqual(expect.arrayContaining(imported.map(({ name }) => name)));
});

test("what is called of the gate has the type of the ABI", () => {
  const called: (readonly [name: string, values: number[]])[] = [];
  const functions: Record<string, Record<string, (...values: number[]) => number>> = {};
  for (const { module: of, name } of WebAssembly.Module.imports(module)) {
    functions[of] ??= {};
    functions[of][name] = (...values) => called.push([`${of}.${name}`, values]) + 0.5;
  }
  const { exports } = new WebAssembly.Instance(module, functions);
  for (const [of, types] of Object.entries({ actor: actorImportTypes, env: envImportTypes })) {
    for (const [name, signature] of Object.entries(types)) {
      const [parameters, result] = signature.split(" -> ");
      const values = (parameters.match(/\w+/g) ?? []).map((type, i) => (type === "f64" ? i + 0.25 : i + 1));
      const answer = (exports[`${of}.${name}`] as (...values: number[]) => number | undefined)(...values);
      expect(called.at(-1)).toEqual([`${of}.${name}`, values]);
      expect(answer).toBe(result === "()" ? undefined : result === "f64" ? called.length + 0.5 : called.length);
    }
  }
});
