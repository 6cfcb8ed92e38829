/** The observer: serves a page about one runtime, on the loopback address. It keeps no process alive. */

import { randomBytes } from "node:crypto";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import type { Runtime } from "../../index.ts";
import { checkOptions, checksOf, text, wholeNumber } from "../../wire/checks.ts";
import { observerApp } from "./app.ts";
import { History } from "./history.ts";
import { Metrics } from "./metrics.ts";
import { Samples } from "./samples.ts";
import { View } from "./view.ts";

/** Who has asked before the end is answered, if that takes no longer: a kill may end the last actor, and the program with it. */
const GRACE_MS = 500;
const LOOK_MS = 10;

export interface ObserveOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** What a request has to bear that wants to know or do something; at least 16 characters that a URL takes as they are. Default: a random one. */
  readonly token?: string;
}

const observeChecks = checksOf<ObserveOptions>({ port: wholeNumber(0, 65_535), token: text });

/** An observer that runs. */
export interface ObserverServer extends AsyncDisposable {
  /** Of the page, the token included. Whoever has it can see every message that waits, and end actors. */
  readonly url: string;
  readonly port: number;
  readonly token: string;
  close(): Promise<void>;
}

/** Rejects with what Node says where the port is taken; with a RangeError where the token is none. */
export async function observe(runtime: Runtime, options: ObserveOptions = {}): Promise<ObserverServer> {
  checkOptions("observe", options, observeChecks);
  const token = options.token ?? randomBytes(24).toString("base64url");
  if (!/^[\w.~-]{16,}$/.test(token)) {
    throw new RangeError("a token has at least 16 characters, each a letter, a digit or one of - . _ ~");
  }
  let port = 0;
  const history = new History(runtime);
  const metrics = new Metrics(runtime, () => view.snapshot());
  const samples = new Samples(runtime, metrics.delays);
  const view = new View(runtime, samples, history);
  const stop = () => {
    samples.stop();
    history.stop();
  };
  const app = observerApp({ runtime, view, history, metrics, token, port: () => port });
  const server = serve({
    fetch: app.fetch,
    hostname: "127.0.0.1",
    port: options.port ?? 0,
    // The process is not ours.
    overrideGlobalObjects: false,
  }) as Server;
  server.unref();
  server.on("connection", socket => socket.unref());
  await new Promise<void>((resolve, reject) => {
    server.once("listening", resolve).once("error", reject);
  }).catch(error => {
    stop();
    throw error;
  });
  port = (server.address() as AddressInfo).port;

  const close = () => {
    stop();
    return closed(server);
  };
  return { url: `http://127.0.0.1:${port}/#token=${token}`, port, token, close, [Symbol.asyncDispose]: close };
}

async function closed(server: Server): Promise<void> {
  const idle = setInterval(() => server.closeIdleConnections(), LOOK_MS);
  const late = setTimeout(() => server.closeAllConnections(), GRACE_MS);
  await new Promise(resolve => server.close(resolve));
  clearInterval(idle);
  clearTimeout(late);
}
