/**
 * Compiles what is written in the page: one guest after another, each in a thread that is ended where it takes too long. What comes out counts its reductions, so that no guest holds
 * up the page.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { build } from "../compile/build.ts";
import type { Compiled } from "../compile/compiled.ts";
import { EXAMPLES_FOLDER } from "../installation.ts";
import { DEMO_GUESTS, type DemoGuest } from "./files.ts";

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
  /** Ends when all that was asked for is done. */
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  readonly #examples = new Map<ParkWay, Promise<Compiled[]>>();

  /** Too many are waiting: compile nothing more for now. */
  get isBusy(): boolean {
    return this.#waiting >= MAX_WAITING;
  }

  /** An example as it is. All of them are compiled at once, and once. */
  async example(name: DemoGuest, park: ParkWay): Promise<Outcome> {
    const found = this.#examples.get(park) ?? this.#soon(() => buildAll(EXAMPLES_FOLDER, DEMO_GUESTS, park));
    this.#examples.set(park, found);
    return outcomeOf((await found)[DEMO_GUESTS.indexOf(name)]);
  }

  /** `name` is what its crashes call the file. */
  compile(name: DemoGuest, source: string, park: ParkWay): Promise<Outcome> {
    return this.#soon(async () => {
      const folder = await mkdtemp(join(tmpdir(), "isopod-demo-"));
      try {
        await writeFile(join(folder, `${name}.ts`), source);
        const [compiled] = await buildAll(folder, [name], park);
        return outcomeOf(compiled);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
  }

  #soon<T>(act: () => Promise<T>): Promise<T> {
    this.#waiting++;
    const done = this.#last.then(act).finally(() => this.#waiting--);
    this.#last = done.catch(() => undefined);
    return done;
  }
}

function buildAll(baseDir: string, names: readonly DemoGuest[], park: ParkWay): Promise<Compiled[]> {
  // By JSPI a guest that is only counted can give way; Asyncify needs more code for it.
  const reductions = park === "jspi" ? "count" : "yield";
  const entries = names.map(name => `${name}.ts`);
  return build(entries, { baseDir, park, reductions, timeoutMs: TIMEOUT_MS });
}

function outcomeOf(compiled: Compiled): Outcome {
  const complaints = complaintsOf(compiled);
  return compiled.wasm === undefined ? { complaints } : { wasm: new Uint8Array(compiled.wasm), complaints };
}

function complaintsOf({ diagnostics, entry }: Compiled): Complaint[] {
  return diagnostics.map(({ severity, message, file, line, column }) => {
    if (line === undefined || column === undefined) return { severity, message };
    const name = basename(file ?? entry);
    return name === entry ? { severity, message, line, column } : { severity, message: `${name}:${line}: ${message}` };
  });
}
