/**
 * Serves the demo's page on the loopback address. The first file of `demo/`.
 *
 * The page compiles its guests and runs them, so the server only has files. This folder imports
 * `compile/`, `serve/` and the protocol of `web/demo/`.
 */
import { Hono } from "hono";
import { listen, ownHostOnly } from "../serve/loopback.ts";
import { typeOf } from "../serve/page-files.ts";
import { demoFiles } from "./files.ts";

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
  const { server, port: actual } = await listen(
    demoApp(() => actual),
    port,
  );
  const close = () =>
    new Promise<void>(resolve => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${actual}/`, close, [Symbol.asyncDispose]: close };
}

/** @param port is asked at each request */
export function demoApp(port: () => number): Hono {
  const app = new Hono();
  app.use(ownHostOnly(port, { "cache-control": "no-store", "x-content-type-options": "nosniff" }));
  app.get("*", async context => {
    const path = context.req.path.slice(1) || "index.html";
    const load = demoFiles.get(path);
    return load === undefined ? context.notFound() : context.body(await load(), 200, { "content-type": typeOf(path) });
  });
  return app;
}
