/**
 * The compiler and the packed package, as test suites use them. One process of a run makes them for
 * all others (compile-server.ts): a compiler's first guest costs three seconds of CPU and each
 * further one half a second, and packing builds the whole package. Without that process a suite
 * makes them itself.
 */
import { execFile } from "node:child_process";
import { request } from "node:http";
import { delimiter, dirname, join, resolve } from "node:path";
import { buffer } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { deserialize, serialize } from "node:v8";
import { type BuildOptions, build as buildHere } from "../../host/node/compile/build.ts";
import type { Compiled } from "../../host/node/compile/compiled.ts";

/** Names the socket of the server to the other processes. */
export const SERVER = "ISOPOD_TEST_COMPILER";

export interface Order {
  readonly entries: string[];
  readonly options: BuildOptions;
}

/**
 * As `build()` of isopod/node. It also fills the cache in which the commands of a suite look, so
 * that they need not compile what it has built.
 */
export async function build(entries: string[], options: BuildOptions = {}): Promise<Compiled[]> {
  const socketPath = process.env[SERVER];
  const order: Order = { entries, options: { ...options, baseDir: resolve(options.baseDir ?? ".") } };
  return socketPath === undefined
    ? buildHere(entries, order.options)
    : (deserialize(await ask(socketPath, "/build", serialize(order))) as Compiled[]);
}

/** The path of the package as npm packs it, in `folder` or where the run has put it. */
export async function pack(folder: string): Promise<string> {
  const socketPath = process.env[SERVER];
  return socketPath === undefined ? packHere(folder) : (await ask(socketPath, "/pack", Buffer.from(""))).toString();
}

export async function packHere(folder: string): Promise<string> {
  // npm's scripts must run with this Node, even if another is installed.
  const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}` };
  const args = ["pack", "--silent", "--pack-destination", folder];
  const { stdout } = await promisify(execFile)("npm", args, {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    env,
  });
  return join(folder, String(stdout.trim().split("\n").pop()));
}

function ask(socketPath: string, path: string, body: Buffer): Promise<Buffer> {
  return new Promise((done, fail) => {
    // A connection of its own: one that is kept may be closed by the server just when it is used
    // again.
    const asked = request({ socketPath, path, method: "POST", agent: false }, async response => {
      const answer = await buffer(response);
      if (response.statusCode === 200) done(answer);
      else fail(new Error(answer.toString()));
    });
    asked.on("error", fail).end(body);
  });
}
