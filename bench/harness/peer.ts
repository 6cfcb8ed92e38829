/**
 * A peer that runs: a process that plays one round each time it is asked. Between rounds it only
 * waits, so several peers can run side by side, take turns and stay warm.
 */
import { type ChildProcessWithoutNullStreams, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { makeReady, missing, PeerError, type PeerName, peerInfo } from "./peers.ts";
import { type Parameters, type Prepared, ROUND_LIMIT_MS, type Round } from "./round.ts";

/** A scenario of a peer, with the defaults of its parameters. */
export interface PeerScenario {
  readonly scenario: string;
  readonly parameters: Parameters;
}

/** A round, as the peer itself measured it. */
export interface PeerRound extends Round {
  readonly scenario: string;
}

/** A peer that has been started. */
export interface Peer extends Prepared {
  /**
   * Plays one round. If the process ends instead of answering, this rejects with a PeerError that
   * has the text of stderr. A peer that takes too long is killed.
   */
  round(): Promise<PeerRound>;
  /**
   * Resolves when the process has ended. The process finishes its current round; if that takes too
   * long, it is killed.
   */
  stop(): Promise<void>;
}

/** The peer cannot be started here. */
export interface Skipped {
  /** The command that has to be run first. */
  readonly skipped: string;
}

/**
 * The scenarios of a peer, which is built first if necessary. Rejects with a PeerError with the
 * code `build`.
 */
export async function scenariosOf(name: PeerName): Promise<readonly PeerScenario[] | Skipped> {
  const skipped = missing(name);
  if (skipped !== undefined) return { skipped };
  await makeReady(name);
  const [program, ...before] = peerInfo(name).command;
  const { stdout } = await promisify(execFile)(program, [...before, "--list"]);
  return stdout
    .trim()
    .split("\n")
    .map(line => JSON.parse(line) as PeerScenario);
}

/**
 * Starts a peer, which is built first if necessary. An unknown scenario or parameter makes the
 * first round fail.
 *
 * @param parameters whole numbers; missing ones have the defaults that `scenariosOf` tells
 * @returns the peer, which the caller has to stop, or the reason why it cannot be started
 * Rejects with a PeerError with the code `build` if the build fails.
 */
export async function startPeer(
  name: PeerName,
  scenario: string,
  parameters: Parameters = {},
): Promise<Peer | Skipped> {
  const skipped = missing(name);
  if (skipped !== undefined) return { skipped };
  await makeReady(name);
  const [program, ...before] = peerInfo(name).command;
  const settings = Object.entries(parameters).map(([key, value]) => `${key}=${value}`);
  return new PeerProcess(name, spawn(program, [...before, scenario, ...settings]));
}

class PeerProcess implements Peer {
  readonly #name: PeerName;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;
  /** Settles when the process has ended and all its output has been read. */
  readonly #closed: Promise<unknown>;
  /** The text of stderr so far, and errors of the process itself. */
  #complaint = "";

  constructor(name: PeerName, child: ChildProcessWithoutNullStreams) {
    this.#name = name;
    this.#child = child;
    this.#answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    child.stderr.setEncoding("utf8").on("data", text => {
      this.#complaint += text;
    });
    // If the process has ended, writing fails. The end of the answers then reports the reason.
    child.stdin.on("error", () => {});
    this.#closed = once(child, "close").catch(error => {
      this.#complaint += String(error);
    });
  }

  async round(): Promise<PeerRound> {
    this.#child.stdin.write("round\n");
    const hanging = setTimeout(() => {
      this.#complaint += ` it had not answered for ${ROUND_LIMIT_MS / 1000} s`;
      this.#child.kill("SIGKILL");
    }, ROUND_LIMIT_MS);
    const answer = await this.#answers.next();
    clearTimeout(hanging);
    if (answer.done !== true) return JSON.parse(answer.value) as PeerRound;
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
