/** docs/abi.md, the host's table of types, its import functions and the guest library's declarations name the same imports. */
import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { actorImportTypes } from "../host/abi.ts";

const read = (path: string) => readFile(new URL(`../${path}`, import.meta.url), "utf8");

/** How many parameters, and whether there is a result, by name. */
type Shape = Readonly<Record<string, string>>;

function shape(parameters: string, result: boolean): string {
  return `${parameters.trim() === "" ? 0 : parameters.split(",").length} ${result ? "and a result" : ""}`;
}

describe("the imports of actor", () => {
  let table: Shape;

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
    // `yield` is called by instrumented code only.
    const { yield: _, ...called } = table;
    expect(declared).toEqual(called);
  });
});
