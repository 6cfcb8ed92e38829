/** Compiles AssemblyScript guests for tests: those in guests/ here, and the examples of the guest library. */
import { fileURLToPath } from "node:url";
import { build } from "../host/node/build.ts";

/** How a process was built to park. */
export type ParkWay = "asyncify" | "jspi";

/** The compiled guests by the name of their file. Fails with the compiler's own words. */
export async function buildGuests(
  folder: "guests" | "examples",
  names: string[],
  park: ParkWay,
  reductions: "none" | "count" | "yield" = "none",
): Promise<Map<string, Uint8Array>> {
  const path = folder === "guests" ? "./guests/" : "../guest/examples/";
  const entries = names.map(name => fileURLToPath(new URL(`${path}${name}.ts`, import.meta.url)));
  const built = await build(entries, { park, reductions });
  return new Map(
    built.map(({ wasm, text }, i) => {
      if (wasm === undefined) throw new Error(text);
      return [names[i], wasm];
    }),
  );
}

/** Lets every actor go on until all of them wait: with a manual clock one macrotask runs all there is to run. */
export async function quiet(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise<void>(resolve => setImmediate(resolve));
}
