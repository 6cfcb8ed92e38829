/** Serves the demo's page on the loopback address. */
import { randomBytes } from "node:crypto";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { demoApp } from "./app.ts";
import { Workshop } from "./workshop.ts";

export interface DemoServer extends AsyncDisposable {
  readonly url: string;
  close(): Promise<void>;
}

/** `port` 0 is a free one. Rejects with what Node says where it is taken. */
export async function serveDemo(port: number): Promise<DemoServer> {
  const workshop = new Workshop();
  const app = demoApp({ workshop, token: randomBytes(24).toString("base64url"), port: () => actual });
  const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port, overrideGlobalObjects: false });
  await new Promise<void>((resolve, reject) => server.once("listening", resolve).once("error", reject));
  const actual = (server.address() as AddressInfo).port;
  // It is what the page asks for first. Where that fails, the page is told.
  workshop.example("table-tennis", "asyncify").catch(() => undefined);
  const close = () =>
    new Promise<void>(resolve => {
      server.close(() => resolve());
      if ("closeAllConnections" in server) server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${actual}/`, close, [Symbol.asyncDispose]: close };
}
