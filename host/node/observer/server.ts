/**
 * Serves a page about one runtime on the loopback address. The first file of `observer/`.
 *
 * Guarantee: an observer keeps no process alive, and takes at most a twentieth of the thread to
 * answer. This folder imports host/index.ts, wire/, `serve/` and the protocol of `web/observer/`.
 */
import { randomBytes } from "node:crypto";
import type { Server } from "node:http";
import type { Runtime } from "../../index.ts";
import { checkOptions, checksOf, text, wholeNumber } from "../../wire/checks.ts";
import { listen } from "../serve/loopback.ts";
import { observerApp } from "./app.ts";
import { History } from "./history.ts";
import { Looks } from "./looks.ts";
import { Metrics } from "./metrics.ts";
import { Samples } from "./samples.ts";
import { Shares } from "./shares.ts";
import { Talk } from "./talk.ts";
import { View } from "./view.ts";

/**
 * How long `close` lets open requests finish. A kill may end the last actor, and with it the
 * program, before it is answered.
 */
const GRACE_MS = 500;
/** How often `close` looks for connections that have become idle. */
const IDLE_CHECK_MS = 10;

export interface ObserveOptions {
  /** Default: a free port. */
  readonly port?: number;
  /**
   * The token that every request about the runtime must carry: at least 16 letters, digits or `-`,
   * `.`, `_`, `~`. Default: a random one.
   */
  readonly token?: string;
}

const observeChecks = checksOf<ObserveOptions>({ port: wholeNumber(0, 65_535), token: text });

/** A running observer. */
export interface ObserverServer extends AsyncDisposable {
  /**
   * The address of the page, with the token. A person who has it can read every queued message, and
   * kill actors.
   */
  readonly url: string;
  readonly port: number;
  readonly token: string;
  close(): Promise<void>;
}

/**
 * @throws {RangeError} where the token is too short, or has other characters
 * @throws what Node reports where the port is taken
 */
export async function observe(runtime: Runtime, options: ObserveOptions = {}): Promise<ObserverServer> {
  checkOptions("observe", options, observeChecks);
  const token = options.token ?? randomBytes(24).toString("base64url");
  if (!/^[\w.~-]{16,}$/.test(token)) {
    throw new RangeError("a token has at least 16 characters, each a letter, a digit or one of - . _ ~");
  }
  let port = 0;
  const looks = new Looks(runtime);
  const history = new History(runtime);
  const metrics = new Metrics(runtime, () => looks.whole());
  const samples = new Samples(runtime, metrics.delays);
  const shares = new Shares(runtime);
  const talk = new Talk(runtime, pid => history.endedLabel(pid));
  const view = new View(runtime, looks, samples, history, shares, talk);
  const stop = () => {
    samples.stop();
    history.stop();
    shares.stop();
    talk.stop();
  };
  const app = observerApp({ runtime, view, history, talk, metrics, token, port: () => port });
  const listening = await listen(app, options.port ?? 0).catch(error => {
    stop();
    throw error;
  });
  const { server } = listening;
  server.unref();
  server.on("connection", socket => socket.unref());
  port = listening.port;

  const close = () => {
    stop();
    return closed(server);
  };
  return { url: `http://127.0.0.1:${port}/#token=${token}`, port, token, close, [Symbol.asyncDispose]: close };
}

async function closed(server: Server): Promise<void> {
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  const late = setTimeout(() => server.closeAllConnections(), GRACE_MS);
  await new Promise(resolve => server.close(resolve));
  clearInterval(idle);
  clearTimeout(late);
}
