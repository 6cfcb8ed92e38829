/**
 * Compiles what is written in the page: one guest after another, each in a thread that is ended where it takes too long. What comes out counts its reductions, so that no guest holds
 * up the page.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { build } from "../build.ts";
import type { Compiled } from "../compiler.ts";
import { EXAMPLES_FOLDER } from "../installation.ts";
import type { DemoGuest } from "./files.ts";

export const PARK_WAYS = ["asyncify", "jspi"] as const;
export type ParkWay = (typeof PARK_WAYS)[number];

/** A message of the compiler; `line` and `column` are in what was handed in. */
export interface Complaint {
  readonly severity: "error" | "warning" | "info";
  readonly message: string;
  readonly line?: number;
  readonly column?: number;
}

export type Outcome =
  | { readonly wasm: Uint8Array<ArrayBuffer>; readonly complaints: Complaint[] }
  | { readonly wasm?: undefined; readonly complaints: Complaint[] };

const TIMEOUT_MS = 30_000;
const MAX_WAITING = 4;

export class Workshop {
  /** Ends when all that was handed in is done. */
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  readonly #examples = new Map<string, Promise<Outcome>>();

  /** Too many are waiting: compile nothing more for now. */
  get isBusy(): boolean {
    return this.#waiting >= MAX_WAITING;
  }

  /** An example as it is, compiled once. */
  example(name: DemoGuest, park: ParkWay): Promise<Outcome> {
    const key = `${name} ${park}`;
    const found =
      this.#examples.get(key) ??
      readFile(join(EXAMPLES_FOLDER, `${name}.ts`), "utf8").then(source => this.compile(name, source, park));
    this.#examples.set(key, found);
    return found;
  }

  /** `name` is what its crashes call the file. */
  compile(name: DemoGuest, source: string, park: ParkWay): Promise<Outcome> {
    this.#waiting++;
    const done = this.#last.then(() => compileOne(name, source, park)).finally(() => this.#waiting--);
    this.#last = done.catch(() => undefined);
    return done;
  }
}

async function compileOne(name: DemoGuest, source: string, park: ParkWay): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), "isopod-demo-"));
  try {
    const file = `${name}.ts`;
    await writeFile(join(folder, file), source);
    // By JSPI a guest that is only counted can give way; Asyncify needs more code for it.
    const reductions = park === "jspi" ? "count" : "yield";
    const [compiled] = await build([file], { baseDir: folder, park, reductions, timeoutMs: TIMEOUT_MS });
    const complaints = complaintsOf(compiled, file);
    return compiled.wasm === undefined ? { complaints } : { wasm: new Uint8Array(compiled.wasm), complaints };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function complaintsOf({ diagnostics }: Compiled, entry: string): Complaint[] {
  return diagnostics.map(({ severity, message, file, line, column }) => {
    if (line === undefined || column === undefined) return { severity, message };
    const name = basename(file ?? entry);
    return name === entry ? { severity, message, line, column } : { severity, message: `${name}:${line}: ${message}` };
  });
}
