/**
 * Compiles the page's guests, one after another. Each compilation runs in a worker, which is ended
 * when it takes too long. The modules count their reductions, so that no guest can block the page.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type Diagnostic, type GuestName, guestNames, type ParkWay } from "../../web/demo/protocol.ts";
import { build } from "../compile/build.ts";
import type { Compiled } from "../compile/compiled.ts";
import { EXAMPLES_FOLDER } from "../installation.ts";

export interface Outcome {
  /** Absent where there are errors. */
  readonly wasm?: Uint8Array<ArrayBuffer>;
  readonly diagnostics: readonly Diagnostic[];
}

const TIMEOUT_MS = 30_000;
const MAX_WAITING = 4;

export class CompileQueue {
  /** Resolves when all that was asked for is done. */
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  readonly #examples = new Map<ParkWay, Promise<Compiled[]>>();

  /** Whether so many compilations wait that the next should be refused. */
  get isBusy(): boolean {
    return this.#waiting >= MAX_WAITING;
  }

  /** An unchanged example. The first call compiles all examples, and later calls reuse them. */
  async example(name: GuestName, park: ParkWay): Promise<Outcome> {
    const found = this.#examples.get(park) ?? this.#enqueue(() => buildAll(EXAMPLES_FOLDER, guestNames, park));
    this.#examples.set(park, found);
    return outcomeOf((await found)[guestNames.indexOf(name)]);
  }

  /** @param name the name of the source file in crash reports */
  compile(name: GuestName, source: string, park: ParkWay): Promise<Outcome> {
    return this.#enqueue(async () => {
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

  #enqueue<T>(act: () => Promise<T>): Promise<T> {
    this.#waiting++;
    const done = this.#last.then(act).finally(() => this.#waiting--);
    this.#last = done.catch(() => undefined);
    return done;
  }
}

function buildAll(baseDir: string, names: readonly GuestName[], park: ParkWay): Promise<Compiled[]> {
  // With JSPI, a guest that only counts can be preempted. Asyncify needs more code for that.
  const reductions = park === "jspi" ? "count" : "yield";
  const entries = names.map(name => `${name}.ts`);
  return build(entries, { baseDir, park, reductions, timeoutMs: TIMEOUT_MS });
}

function outcomeOf(compiled: Compiled): Outcome {
  const diagnostics = diagnosticsOf(compiled);
  return compiled.wasm === undefined ? { diagnostics } : { wasm: new Uint8Array(compiled.wasm), diagnostics };
}

/**
 * Only places in the page's own source stay places. The place in another file becomes part of the
 * message.
 */
function diagnosticsOf({ diagnostics, entry }: Compiled): Diagnostic[] {
  return diagnostics.map(({ severity, message, file, line, column }) => {
    if (line === undefined || column === undefined) return { severity, message };
    const name = basename(file ?? entry);
    return name === entry ? { severity, message, line, column } : { severity, message: `${name}:${line}: ${message}` };
  });
}
