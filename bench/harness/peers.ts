/**
 * The peers: the same scenarios in other languages. This file knows where each peer is, what it
 * needs and how it is built. `bench/peers/README.md` describes the peers themselves.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { PACKAGE_FOLDER } from "../../host/node/installation.ts";
import { isExecutable, onPath } from "./programs.ts";

export const peerNames = ["erlang", "go", "rust", "nact"] as const;
export type PeerName = (typeof peerNames)[number];

/** A peer could not be built, or ended before its answer. */
export class PeerError extends Error {
  override readonly name = "PeerError";
  readonly code: "build" | "ended";

  constructor(code: "build" | "ended", message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface PeerInfo {
  readonly name: PeerName;
  /** The full name, for reports. */
  readonly title: string;
  /** The command that installs the peer's toolchain or packages. */
  readonly install: string;
  /** The command that starts the peer. The scenario and its parameters follow. */
  readonly command: readonly string[];
  /** The file that the build makes. The peer is built again when a source is newer. */
  readonly product: string;
  /** The build command, run in the peer's folder. Undefined if `install` makes the product. */
  readonly build: readonly string[] | undefined;
  /** The file of a group of scenarios, relative to `bench/peers/`. */
  readonly sourceOf: (peerFile: string) => string;
}

/** The peers' sources are in the checkout only, not in the package. */
const folder = join(PACKAGE_FOLDER, "bench", "peers");
const inFolder = (...path: string[]): string => join(folder, ...path);

export const peers: readonly PeerInfo[] = [
  {
    name: "erlang",
    title: "Erlang/OTP, one scheduler",
    install: "apt-get install erlang-base",
    command: ["erl", "+S", "1:1", "-noshell", "-pa", inFolder("erlang", "build"), "-s", "peer_main", "main", "-extra"],
    product: inFolder("erlang", "build", "peer_main.beam"),
    get build() {
      return ["erlc", "-o", "build", ...readdirSync(inFolder("erlang")).filter(file => file.endsWith(".erl"))];
    },
    sourceOf: peerFile => `erlang/peer_${peerFile}.erl`,
  },
  {
    name: "go",
    title: "Go, GOMAXPROCS=1",
    install: "apt-get install golang-go",
    command: [inFolder("go", "build", "peer")],
    product: inFolder("go", "build", "peer"),
    // Without the version from git: the build would fail in a folder that git does not trust.
    build: ["go", "build", "-buildvcs=false", "-o", "build/peer", "."],
    sourceOf: peerFile => `go/${peerFile}.go`,
  },
  {
    name: "rust",
    title: "Rust with Tokio, current-thread runtime",
    install: "apt-get install rustup && rustup default stable",
    command: [inFolder("rust", "target", "release", "peer")],
    product: inFolder("rust", "target", "release", "peer"),
    build: ["cargo", "build", "--release", "--target-dir", "target"],
    sourceOf: peerFile => `rust/src/${peerFile}.rs`,
  },
  {
    name: "nact",
    title: "JavaScript with nact, in this Node",
    install: "npm ci --prefix bench/peers/nact",
    command: [process.execPath, "--expose-gc", inFolder("nact", "peer.js")],
    product: inFolder("nact", "node_modules", "nact", "package.json"),
    build: undefined,
    sourceOf: peerFile => `nact/${peerFile}.js`,
  },
];

export function peerInfo(name: PeerName): PeerInfo {
  const found = peers.find(peer => peer.name === name);
  if (found === undefined) throw new RangeError(`there is no peer ${name}; the peers are ${peerNames.join(", ")}`);
  return found;
}

/** True if the peer has a file for this group of scenarios. */
export function hasSource(name: PeerName, peerFile: string): boolean {
  return existsSync(inFolder(peerInfo(name).sourceOf(peerFile)));
}

/**
 * True if the product exists and no source is newer. Packages of npm keep their own dates, so
 * nact's only has to exist.
 */
export function isBuilt(name: PeerName): boolean {
  const { build, product } = peerInfo(name);
  const madeMs = modifiedMs(product);
  if (madeMs === undefined || build === undefined) return madeMs !== undefined;
  return sources(name).every(source => (modifiedMs(source) ?? 0) <= madeMs);
}

/** Why the peer cannot play here: the command that has to be run first. Undefined if nothing is missing. */
export function missing(name: PeerName): string | undefined {
  if (!existsSync(inFolder(name))) return "the peers are in the repository, not in the package";
  const { build, command, install } = peerInfo(name);
  const program = isBuilt(name) ? command[0] : build?.[0];
  return program !== undefined && isProgram(program) ? undefined : install;
}

/**
 * Builds the peer if a source is newer than the product. Rejects with a PeerError with the code
 * `build`.
 */
export async function makeReady(name: PeerName): Promise<void> {
  const { build, product } = peerInfo(name);
  if (build === undefined || isBuilt(name)) return;
  mkdirSync(join(product, ".."), { recursive: true });
  const [program, ...rest] = build;
  try {
    await promisify(execFile)(program, rest, { cwd: inFolder(name) });
  } catch (error) {
    throw new PeerError("build", `the peer ${name} could not be built by ${build.join(" ")}`, { cause: error });
  }
}

/** The files of a peer's folder and of its `src`. */
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

/** True if this is an executable file, or a program on the PATH. */
function isProgram(program: string): boolean {
  if (program.includes("/")) return isExecutable(program);
  return onPath(program) !== undefined;
}
