/**
 * A nats-server on loopback, for tests: Debian's, or the one on the PATH, or what ISOPOD_NATS_SERVER names. What a
 * test has started ends with it.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, connect as dial, type Socket } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type NatsConnection } from "@nats-io/transport-node";

/** How to get one, for what skips its tests without it. */
export const NO_NATS = "there is no nats-server: apt-get install nats-server";

/** The program; undefined: there is none. */
export const natsServer: string | undefined = [
  process.env.ISOPOD_NATS_SERVER ?? "nats-server",
  join(homedir(), "go/bin/nats-server"),
].find(program => {
  try {
    return execFileSync(program, ["--version"], { stdio: "pipe" }).length > 0;
  } catch {
    return false;
  }
});

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** Whether something takes connections there, within ten seconds. */
async function listening(port: number): Promise<void> {
  const untilMs = performance.now() + 10_000;
  while (performance.now() < untilMs) {
    const socket = dial(port, "127.0.0.1");
    const answer = await Promise.race([once(socket, "connect"), once(socket, "error")]).catch(() => [new Error()]);
    socket.destroy();
    if (!(answer[0] instanceof Error)) return;
    await new Promise(resolve => setImmediate(resolve));
  }
  throw new Error(`nothing listens at port ${port}`);
}

export class NatsServer {
  readonly port: number;
  readonly monitor: number;
  readonly webSocket: number;
  readonly #folder = mkdtempSync(join(tmpdir(), "isopod-nats-"));
  readonly #connections: NatsConnection[] = [];
  #process: ChildProcess | undefined;

  private constructor(port: number, monitor: number, webSocket: number) {
    this.port = port;
    this.monitor = monitor;
    this.webSocket = webSocket;
  }

  /** Starts one. `more`: lines of its configuration. */
  static async start(more = "", hasJetStream = true): Promise<NatsServer> {
    const server = new NatsServer(await freePort(), await freePort(), await freePort());
    const jetStream = hasJetStream ? `jetstream { store_dir: "${server.#folder}/js" }` : "";
    const lines = [
      `listen: "127.0.0.1:${server.port}"`,
      `http: "127.0.0.1:${server.monitor}"`,
      `websocket { listen: "127.0.0.1:${server.webSocket}", no_tls: true }`,
      jetStream,
      more,
    ];
    writeFileSync(join(server.#folder, "nats.conf"), lines.join("\n"));
    await server.restart();
    return server;
  }

  async restart(): Promise<void> {
    if (natsServer === undefined) throw new Error(NO_NATS);
    this.#process = spawn(natsServer, ["-c", join(this.#folder, "nats.conf")], { stdio: "ignore" });
    await listening(this.port);
  }

  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const ended = this.#process && once(this.#process, "exit");
    this.#process?.kill(signal);
    await ended;
  }

  async connect(options: Parameters<typeof connect>[0] = {}): Promise<NatsConnection> {
    const servers = `127.0.0.1:${this.port}`;
    const forever = { reconnectTimeWait: 20, reconnectJitter: 5, maxReconnectAttempts: -1 };
    const connection = await connect({ servers, ...forever, ...options });
    this.#connections.push(connection);
    return connection;
  }

  /** A figure of its page /varz. */
  async figure(name: string): Promise<number> {
    const answer = (await (await fetch(`http://127.0.0.1:${this.monitor}/varz`)).json()) as Record<string, number>;
    return answer[name];
  }

  async stop(): Promise<void> {
    for (const connection of this.#connections) await connection.close();
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Passes bytes on to a port of this machine, until it is told to hold them. */
export class Passage {
  readonly port: number;
  readonly #server = createServer(socket => this.#pass(socket));
  readonly #to: number;
  readonly #sockets = new Set<Socket>();
  #isHeld = false;

  private constructor(port: number, to: number) {
    this.port = port;
    this.#to = to;
  }

  static async start(to: number): Promise<Passage> {
    const proxy = new Passage(await freePort(), to);
    proxy.#server.listen(proxy.port, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  /** Nothing passes any more, and nobody is told. */
  hold(): void {
    this.#isHeld = true;
    for (const socket of this.#sockets) socket.pause();
  }

  release(): void {
    this.#isHeld = false;
    for (const socket of this.#sockets) socket.resume();
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #pass(from: Socket): void {
    const to = dial(this.#to, "127.0.0.1");
    for (const [socket, other] of [
      [from, to],
      [to, from],
    ]) {
      this.#sockets.add(socket);
      socket.on("data", bytes => other.write(bytes));
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
      if (this.#isHeld) socket.pause();
    }
  }
}
