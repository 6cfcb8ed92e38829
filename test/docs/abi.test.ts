/**
 * docs/abi.md, the host's table of types, and the declarations for AssemblyScript, C and Rust name the same imports. The guests that the page shows do what it says.
 */
import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { Runtime } from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { actorImportTypes } from "../../host/wire/abi.ts";
import { assemble } from "../support/wat.ts";

const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), "utf8");

/** How many parameters, and whether there is a result, by name. */
type Shape = Readonly<Record<string, string>>;

function shape(parameters: string, result: boolean): string {
  return `${parameters.trim() === "" ? 0 : parameters.split(",").length} ${result ? "and a result" : ""}`;
}

describe("the imports of actor", () => {
  let table: Shape;

  /** The others are called by instrumented code only. */
  function called(all: Readonly<Record<string, string>> = table): Readonly<Record<string, string>> {
    const { yield: _yield, stack_out: _out, stack_in: _in, ...rest } = all;
    return rest;
  }

  const signature = (parameters: readonly string[], result: string) => `(${parameters.join(", ")}) -> ${result}`;

  beforeAll(() => {
    table = Object.fromEntries(
      Object.entries(actorImportTypes).map(([name, type]) => {
        const [, parameters, result] = /^\((.*)\) -> (.*)$/.exec(type) ?? [];
        return [name, shape(parameters, result !== "()")];
      }),
    );
  });

  test("are all on the page, with as many parameters and results as they have", async () => {
    const page: Record<string, string> = {};
    for (const [, heading] of (await read("docs/abi.md")).matchAll(/^### (`.*)$/gm)) {
      for (const [, name, parameters, result] of heading.matchAll(/`(\w+)\(([^)]*)\)( -> [^`]+)?`/g)) {
        page[name] = shape(parameters, result !== undefined);
      }
    }
    expect(page).toEqual(table);
  });

  test("are all declared in the guest library, of the same shape", async () => {
    const declared: Record<string, string> = {};
    const source = (await read("guest/actor.ts")).replace(/\s+/g, " ");
    for (const [, name, parameters, result] of source.matchAll(/export declare function (\w+)\(([^)]*)\): (\w+)/g)) {
      declared[name] = shape(parameters.replace(/,\s*$/, ""), result !== "void");
    }
    expect(declared).toEqual(called());
  });

  test("are all declared in the header for C, of the same types", async () => {
    const declared: Record<string, string> = {};
    const source = (await read("guest/c/isopod.h")).replace(/\s+/g, " ");
    const declaration = /ISOPOD_IMPORT\("(\w+)"\) (\w+) (?:(\w+) )?actor_(\w+)\(([^)]*)\);/g;
    for (const [, name, first, second, inC, parameters] of source.matchAll(declaration)) {
      expect(inC).toBe(name);
      const result = second ?? first;
      declared[name] = signature(
        parameters === "void" ? [] : parameters.split(",").map(type => (/\bdouble\b/.test(type) ? "f64" : "i32")),
        result === "void" ? "()" : result === "double" ? "f64" : "i32",
      );
      expect(parameters).not.toMatch(/int64_t [a-z]/);
    }
    expect(declared).toEqual(called(actorImportTypes));
  });

  test("are all declared in the crate for Rust, of the same types", async () => {
    const declared: Record<string, string> = {};
    const source = (await read("guest/rust/src/actor.rs")).replace(/\s+/g, " ");
    for (const [, name, parameters, result] of source.matchAll(/pub fn (\w+)\(([^)]*)\)(?: -> (\S+))?;/g)) {
      const types = parameters.split(",").filter(parameter => parameter.trim() !== "");
      for (const type of types) expect(type).toMatch(/: (u32|i32|usize|\*(const|mut) (u8|u64))$/);
      declared[name] = signature(
        types.map(() => "i32"),
        result === undefined || result === "!" ? "()" : result === "f64" ? "f64" : "i32",
      );
    }
    expect(declared).toEqual(called(actorImportTypes));
  });
});

describe("the guests that the page shows", () => {
  let handler: Uint8Array<ArrayBuffer>;
  let process: Uint8Array<ArrayBuffer>;

  beforeAll(async () => {
    const shown = [...(await read("docs/abi.md")).matchAll(/^```wat\n([\s\S]*?)^```$/gm)].map(([, text]) => text);
    [handler, process] = shown.map(text => assemble(text));
    expect(shown.length).toBe(2);
  });

  test("answer a call, as a handler and as a process that waits by a resume:run of its own", async () => {
    await using runtime = new Runtime();
    for (const bytes of [handler, process]) {
      const pid = runtime.spawn(await runtime.load(bytes));
      for (const word of ["hello", "again"]) {
        expect(new TextDecoder().decode(await runtime.call(pid, word))).toBe(word);
      }
      runtime.kill(pid);
    }
  });

  test("end after a second without a message, where the page says so", async () => {
    const clock = new ManualClock();
    await using runtime = new Runtime({ clock });
    const pid = runtime.spawn(await runtime.load(process));
    const end = runtime.exited(pid);
    await clock.advance(999);
    expect(runtime.isAlive(pid)).toBe(true);
    await clock.advance(1);
    expect(await end).toEqual({ kind: "normal" });
  });
});
