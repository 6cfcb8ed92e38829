/**
 * The compiler as test suites use it. One process of a run compiles for all others (compile-server.ts), because a compiler's first guest costs three
 * seconds of CPU, and each further one half a second. What is said of a guest is the same as that of `build()` of the product.
 */
import { request } from "node:http";
import { resolve } from "node:path";
import { buffer } from "node:stream/consumers";
import { deserialize, serialize } from "node:v8";
import { type BuildOptions, build as buildHere } from "../../host/node/compile/build.ts";
import type { Compiled } from "../../host/node/compile/compiler.ts";

/** Names the socket of the server to the other processes. */
export const SERVER = "ISOPOD_TEST_COMPILER";

export interface Order {
  readonly entries: string[];
  readonly options: BuildOptions;
}

/** As `build()` of isopod/node. It also fills the cache in which the commands of a suite look, so that they need not compile what it has built. */
export async function build(entries: string[], options: BuildOptions = {}): Promise<Compiled[]> {
  const socketPath = process.env[SERVER];
  const order: Order = { entries, options: { ...options, baseDir: resolve(options.baseDir ?? ".") } };
  return socketPath === undefined ? buildHere(entries, order.options) : ask(socketPath, order);
}

function ask(socketPath: string, order: Order): Promise<Compiled[]> {
  return new Promise((done, fail) => {
    const asked = request({ socketPath, method: "POST" }, async response => {
      const body = await buffer(response);
      if (response.statusCode === 200) done(deserialize(body) as Compiled[]);
      else fail(new Error(body.toString()));
    });
    asked.on("error", fail).end(serialize(order));
  });
}
