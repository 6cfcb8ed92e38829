/**
 * Serves the demo's page on the loopback address. The first file of `demo/`.
 *
 * The page runs its guests in the browser; here they are only compiled. This folder imports
 * `compile/`, `serve/` and the protocol of `web/demo/`.
 */
import { randomBytes } from "node:crypto";
import { listen } from "../serve/loopback.ts";
import { demoApp } from "./app.ts";
import { CompileQueue } from "./compile-queue.ts";

export interface DemoServer extends AsyncDisposable {
  readonly url: string;
  /** Ends the server and its connections. */
  close(): Promise<void>;
}

/**
 * @param port 0 takes a free port
 * @throws what Node reports where the port is taken
 */
export async function serveDemo(port: number): Promise<DemoServer> {
  const queue = new CompileQueue();
  const app = demoApp({ queue, token: randomBytes(24).toString("base64url"), port: () => actual });
  const { server, port: actual } = await listen(app, port);
  // The page asks for this example first. Where compiling it fails, the page gets the error.
  queue.example("table-tennis", "asyncify").catch(() => undefined);
  const close = () =>
    new Promise<void>(resolve => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${actual}/`, close, [Symbol.asyncDispose]: close };
}
