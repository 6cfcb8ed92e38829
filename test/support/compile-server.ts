/**
 * Vitest's global setup: compiles guests for all suites of a run, and packs the package once, on a
 * socket that compiler.ts knows. Two threads compile, and neither starts before it is asked for
 * something. All processes of the run share one folder of compiled guests.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { deserialize, serialize } from "node:v8";
import { Builder, type BuildOptions } from "../../host/node/compile/build.ts";
import type { Compiled } from "../../host/node/compile/compiled.ts";
import { type Order, packHere, SERVER } from "./compiler.ts";

const CACHE = fileURLToPath(new URL("../../node_modules/.cache/", import.meta.url));
const THREADS = 2;

/**
 * Each thread takes the next of the guests that wait. A guest that is asked for twice at the same
 * time is compiled once.
 */
class Pool {
  readonly #idle = Array.from({ length: THREADS }, () => new Builder());
  readonly #builders = [...this.#idle];
  readonly #waiting: ((builder: Builder) => void)[] = [];
  readonly #running = new Map<string, Promise<Compiled>>();

  build(entry: string, options: BuildOptions): Promise<Compiled> {
    const key = JSON.stringify([entry, options]);
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const compiled = this.#compile(entry, options).finally(() => this.#running.delete(key));
    this.#running.set(key, compiled);
    return compiled;
  }

  async close(): Promise<void> {
    await Promise.all(this.#builders.map(builder => builder.close()));
  }

  async #compile(entry: string, options: BuildOptions): Promise<Compiled> {
    const builder = this.#idle.pop() ?? (await new Promise<Builder>(done => this.#waiting.push(done)));
    try {
      return await builder.build(entry, options);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#idle.push(builder);
      else next(builder);
    }
  }
}

export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  process.env.ISOPOD_CACHE ??= join(CACHE, "isopod");
  // A command of ours starts in half of the CPU time where its sources need not be parsed again.
  process.env.NODE_COMPILE_CACHE ??= join(CACHE, "node");
  // The other project of the same run has started it.
  if (process.env[SERVER] !== undefined) return undefined;
  const folder = await mkdtemp(join(tmpdir(), "isopod-compiler-"));
  const socket = process.platform === "win32" ? `\\\\.\\pipe\\${folder}` : join(folder, "socket");
  const pool = new Pool();
  let packed: Promise<string> | undefined;
  const server = createServer(async (request, response) => {
    try {
      const body = await buffer(request);
      if (request.url === "/pack") {
        packed ??= packHere(folder);
        response.end(await packed);
        return;
      }
      const { entries, options } = deserialize(body) as Order;
      response.end(serialize(await Promise.all(entries.map(entry => pool.build(entry, options)))));
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  await new Promise<void>(done => server.listen(socket, done));
  process.env[SERVER] = socket;
  return async () => {
    delete process.env[SERVER];
    server.close();
    server.closeAllConnections();
    await pool.close();
    await rm(folder, { recursive: true, force: true });
  };
}
