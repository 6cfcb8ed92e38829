/**
 * The peers: the same actor workloads in other languages (bench/peers/README.md), each in a process of its own that plays one round whenever it
 * is asked to. Between rounds it only waits, so a driver can start several and alternate between them while all stay warm.
 */
import { type ChildProcessWithoutNullStreams, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, mkdirSync, readdirSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { PACKAGE_FOLDER } from "../host/node/installation.ts";
import { ROUND_LIMIT_MS } from "./scenario.ts";

export type PeerName = "erlang" | "go" | "rust" | "nact";

export interface PeerInfo {
  readonly name: PeerName;
  /** For people. */
  readonly title: string;
  /** The command that provides what is missing, where something is. */
  readonly install: string;
  /** What starts it, before the scenario. */
  readonly command: readonly string[];
  /** What has to be there, and newer than all of the sources. */
  readonly product: string;
  /** What makes the product, in the peer's folder; undefined where that is `install`. */
  readonly build: readonly string[] | undefined;
}

/** A scenario of a peer, with the defaults of its parameters. */
export interface PeerScenario {
  readonly scenario: string;
  readonly parameters: Readonly<Record<string, number>>;
}

/** One round, as the peer itself measured it. */
export interface Round {
  readonly scenario: string;
  /** What there was to do; of which thing, says the table in bench/peers/README.md. */
  readonly operations: number;
  readonly elapsedMs: number;
  /** How many operations the actors counted. A peer in which that is another number ends with an error instead. */
  readonly check: number;
  /** The scenario memory: of one actor that waits. */
  readonly bytesEach?: number;
  /** The scenario ping-pong: what became of the sender's bytes. */
  readonly payload?: "copied" | "moved" | "shared";
}

/** A peer that has been started. */
export interface Peer {
  /** Plays one round; one at a time. Rejects with a PeerError that has what the peer said on stderr, where it ended instead, or took too long and was ended. */
  round(): Promise<Round>;
  /** Resolves when the process has ended: after the round that it is at, or when it is told to by force. */
  stop(): Promise<void>;
}

/** The peer cannot be started here, before this command has been run. */
export interface Skipped {
  readonly skipped: string;
}

/** A peer could not be built, or ended before its answer. */
export class PeerError extends Error {
  override readonly name = "PeerError";
  readonly code: "build" | "ended";

  constructor(code: "build" | "ended", message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Sources, which stand in the checkout only: not beside this file where that was compiled. */
const folder = join(PACKAGE_FOLDER, "bench", "peers");
const inFolder = (...path: string[]): string => join(folder, ...path);

export const peers: readonly PeerInfo[] = [
  {
    name: "erlang",
    title: "Erlang/OTP, one scheduler",
    install: "apt-get install erlang-base",
    command: ["erl", "+S", "1:1", "-noshell", "-pa", inFolder("erlang", "build"), "-s", "peer_main", "main", "-extra"],
    product: inFolder("erlang", "build", "peer_main.beam"),
    build: ["erlc", "-o", "build", ...readdirSync(inFolder("erlang")).filter(file => file.endsWith(".erl"))],
  },
  {
    name: "go",
    title: "Go, GOMAXPROCS=1",
    install: "apt-get install golang-go",
    command: [inFolder("go", "build", "peer")],
    product: inFolder("go", "build", "peer"),
    // No version control in the binary: where git mistrusts the folder's owner, the build would fail for it.
    build: ["go", "build", "-buildvcs=false", "-o", "build/peer", "."],
  },
  {
    name: "rust",
    title: "Rust with Tokio, current-thread runtime",
    install: "apt-get install rustup && rustup default stable",
    command: [inFolder("rust", "target", "release", "peer")],
    product: inFolder("rust", "target", "release", "peer"),
    build: ["cargo", "build", "--release", "--target-dir", "target"],
  },
  {
    name: "nact",
    title: "JavaScript with nact, in this Node",
    install: "npm ci --prefix bench/peers/nact",
    command: [process.execPath, "--expose-gc", inFolder("nact", "peer.js")],
    product: inFolder("nact", "node_modules", "nact", "package.json"),
    build: undefined,
  },
];

/** Whether the product is there and newer than every source. What npm installed is as old as its package, so there is no telling. */
export function isBuilt(name: PeerName): boolean {
  const { build, product } = info(name);
  const madeMs = modifiedMs(product);
  if (madeMs === undefined || build === undefined) return madeMs !== undefined;
  return sources(name).every(source => (modifiedMs(source) ?? 0) <= madeMs);
}

/** The command that has to be run before this peer can be built and started, or undefined where nothing is missing. */
export function missing(name: PeerName): string | undefined {
  const { build, command, install } = info(name);
  if (isBuilt(name)) return isProgram(command[0]) ? undefined : install;
  return build !== undefined && isProgram(build[0]) ? undefined : install;
}

/**
 * The scenarios of a peer, which is built first if it has to be.
 * Rejects with a PeerError with the code `build` where that fails.
 */
export async function scenariosOf(name: PeerName): Promise<readonly PeerScenario[] | Skipped> {
  const skipped = missing(name);
  if (skipped !== undefined) return { skipped };
  await makeReady(name);
  const [program, ...before] = info(name).command;
  const { stdout } = await promisify(execFile)(program, [...before, "--list"]);
  return stdout
    .trim()
    .split("\n")
    .map(line => JSON.parse(line) as PeerScenario);
}

/**
 * Starts a peer, which is built first if it has to be. A scenario or a parameter that it does not have makes the first round fail.
 *
 * @param parameters whole numbers; those left out have their defaults, which `scenariosOf` tells
 * @returns the peer, to be stopped by the caller; or what to install
 * Rejects with a PeerError with the code `build` where building fails.
 */
export async function startPeer(
  name: PeerName,
  scenario: string,
  parameters: Readonly<Record<string, number>> = {},
): Promise<Peer | Skipped> {
  const skipped = missing(name);
  if (skipped !== undefined) return { skipped };
  await makeReady(name);
  const [program, ...before] = info(name).command;
  const settings = Object.entries(parameters).map(([key, value]) => `${key}=${value}`);
  return new PeerProcess(name, spawn(program, [...before, scenario, ...settings]));
}

class PeerProcess implements Peer {
  readonly #name: PeerName;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;
  /** Settles when the process has ended and all that it wrote has been read. */
  readonly #closed: Promise<unknown>;
  #complaint = "";

  constructor(name: PeerName, child: ChildProcessWithoutNullStreams) {
    this.#name = name;
    this.#child = child;
    this.#answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    child.stderr.setEncoding("utf8").on("data", text => {
      this.#complaint += text;
    });
    // That nobody reads what is asked is seen by the answers' end, where there is a reason to tell.
    child.stdin.on("error", () => {});
    this.#closed = once(child, "close").catch(error => {
      this.#complaint += String(error);
    });
  }

  async round(): Promise<Round> {
    this.#child.stdin.write("round\n");
    const hanging = setTimeout(() => {
      this.#complaint += ` it had not answered for ${ROUND_LIMIT_MS / 1000} s`;
      this.#child.kill("SIGKILL");
    }, ROUND_LIMIT_MS);
    const answer = await this.#answers.next();
    clearTimeout(hanging);
    if (answer.done !== true) return JSON.parse(answer.value) as Round;
    await this.#closed;
    throw new PeerError("ended", `the peer ${this.#name} ended: ${this.#complaint.trim()}`);
  }

  async stop(): Promise<void> {
    this.#child.stdin.end();
    const hanging = setTimeout(() => this.#child.kill("SIGKILL"), ROUND_LIMIT_MS);
    await this.#closed;
    clearTimeout(hanging);
  }
}

async function makeReady(name: PeerName): Promise<void> {
  const { build, product } = info(name);
  if (build === undefined || isBuilt(name)) return;
  mkdirSync(join(product, ".."), { recursive: true });
  const [program, ...rest] = build;
  try {
    await promisify(execFile)(program, rest, { cwd: inFolder(name) });
  } catch (error) {
    throw new PeerError("build", `the peer ${name} could not be built by ${build.join(" ")}`, { cause: error });
  }
}

function info(name: PeerName): PeerInfo {
  const found = peers.find(peer => peer.name === name);
  if (found === undefined)
    throw new RangeError(`there is no peer ${name}; there are: ${peers.map(p => p.name).join(", ")}`);
  return found;
}

/** The files from which a peer is built: those beside its build folder, and in `src`. */
function sources(name: PeerName): string[] {
  return ["", "src"].flatMap(part => {
    const from = inFolder(name, part);
    if (modifiedMs(from) === undefined) return [];
    return readdirSync(from, { withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(from, entry.name));
  });
}

function modifiedMs(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

/** Whether that can be run: a path, or a program on the PATH. */
function isProgram(program: string): boolean {
  if (program.includes("/")) return isExecutable(program);
  return (process.env.PATH ?? "").split(delimiter).some(path => isExecutable(join(path, program)));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
