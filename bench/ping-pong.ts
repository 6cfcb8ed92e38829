/**
 * The scenario ping-pong: pairs of guests, each of which has one message under way. What is measured is what guests received, between
 * two looks at the clock, after a warm-up; neither compiling nor spawning is in it.
 */

import { engineFlags, engineName } from "../host/node/engine.ts";
import { type GuestModule, type HostMailbox, hasJspi, type Pid, type Runtime } from "../host/node/index.ts";
import { loadExamples } from "./examples.ts";
import { percentile } from "./percentile.ts";

/** How the guests wait: run to completion, as a process by Asyncify, or as a process by JSPI. */
export const styles = ["handler", "process", "jspi"] as const;
export type Style = (typeof styles)[number];

export interface PingPongOptions {
  readonly style: Style;
  readonly pairs: number;
  readonly payloadBytes: number;
  /** How long to measure. */
  readonly seconds: number;
  /** How long to play before. Default 1. */
  readonly warmUpSeconds?: number;
  /** How often to call `onProgress`. Default 500. */
  readonly progressMs?: number;
  readonly onProgress?: (progress: Progress) => void;
}

export interface Progress {
  readonly warmingUp: boolean;
  /** Since the phase began. */
  readonly seconds: number;
  /** Since the last call. */
  readonly messagesPerSecond: number;
}

/** One run. The keys are those of the JSON that `isopod bench` prints. */
export interface PingPongResult {
  readonly scenario: "ping-pong";
  readonly style: Style;
  readonly pairs: number;
  readonly threads: number;
  readonly payloadBytes: number;
  readonly messages: number;
  readonly seconds: number;
  readonly messagesPerSecond: number;
  /** Of single round trips, timed by the guests; null where none was. */
  readonly roundTripNs: { readonly p50: number | null; readonly p99: number | null };
  readonly engine: string;
  readonly flags: readonly string[];
}

/** Pairs at most: beyond, engines run out of memories, and with JSPI of stacks. */
export const maxPairs = (style: Style): number => (style === "jspi" ? 3000 : 10_000);

const WARM_UP_PAIRS = 100;
/** Enough for a p99, and too few to be felt. */
const SAMPLES = 5000;
/** The measured actors play so long before the clock is looked at, because their first turns are dear. */
const SETTLE_MS = 100;

/** Plays and resolves to what was measured. Rejects where the guests cannot be built, or one of them ends before the time. */
export async function pingPong(options: PingPongOptions): Promise<PingPongResult> {
  const { style, pairs, payloadBytes, seconds, warmUpSeconds = 1 } = options;
  if (pairs > maxPairs(style)) throw new RangeError(`${style}: at most ${maxPairs(style)} pairs, not ${pairs}`);
  if (style === "jspi" && !hasJspi()) {
    throw new Error(`${engineName()} has no JSPI: use Node 24.20 or later, or the style process`);
  }
  const game = await Game.load(style, payloadBytes);
  try {
    const warmUpPairs = Math.min(pairs, WARM_UP_PAIRS);
    const warmUp = game.spawn(warmUpPairs, 0);
    const warm = await game.play(warmUpSeconds, true, options);
    for (const pid of warmUp) game.runtime.kill(pid);

    // All pairs together shall report about SAMPLES times, and each at least once: where memories are many, caches miss, and a round
    // of many pairs may take ten times as long as in the warm-up.
    const rounds = (warm.messages / 2) * (seconds / Math.max(warm.seconds, 0.001));
    game.spawn(pairs, Math.max(1, Math.floor(Math.min(rounds / SAMPLES, rounds / pairs / 30))));
    await game.play(SETTLE_MS / 1000, true, {});
    game.roundTrips.length = 0;
    const played = await game.play(seconds, false, options);
    return {
      scenario: "ping-pong",
      style,
      pairs,
      threads: 1,
      payloadBytes,
      messages: played.messages,
      seconds: played.seconds,
      messagesPerSecond: Math.round(played.messages / played.seconds),
      roundTripNs: { p50: percentile(game.roundTrips, 0.5), p99: percentile(game.roundTrips, 0.99) },
      engine: engineName(),
      flags: engineFlags(),
    };
  } finally {
    await game.stop();
  }
}

/** The guests of one style, and the mailbox that ping reports to. */
class Game {
  readonly runtime: Runtime;
  /** Nanoseconds, as reported. */
  readonly roundTrips: number[] = [];
  readonly #ping: GuestModule;
  readonly #pong: GuestModule;
  readonly #payloadBytes: number;
  readonly #reports: HostMailbox;
  /** What the host itself received, which is no part of the game. */
  #received = 0;
  #stopping = false;
  #failure: Error | undefined;

  private constructor(
    runtime: Runtime,
    ping: GuestModule,
    pong: GuestModule,
    payloadBytes: number,
    failed: Promise<Error>,
  ) {
    this.runtime = runtime;
    this.#ping = ping;
    this.#pong = pong;
    this.#payloadBytes = payloadBytes;
    this.#reports = runtime.mailbox();
    void this.#collect();
    void failed.then(failure => {
      if (!this.#stopping) this.#failure ??= failure;
    });
  }

  static async load(style: Style, payloadBytes: number): Promise<Game> {
    const names = style === "handler" ? ["ping-handler", "pong-handler"] : ["ping", "pong"];
    const { promise, resolve } = Promise.withResolvers<Error>();
    const { runtime, modules } = await loadExamples(names, style === "jspi" ? "jspi" : "asyncify", {
      onExit({ module, reason }) {
        if (reason.kind !== "killed" && module !== undefined) {
          resolve(
            new Error(
              `${module} ended in the middle of the game: ${"message" in reason ? reason.message : reason.kind}`,
            ),
          );
        }
      },
    });
    return new Game(runtime, modules[0], modules[1], payloadBytes, promise);
  }

  /** Starts pairs that play until they are killed, and report each `every` rounds; 0: never. */
  spawn(pairs: number, every: number): Pid[] {
    const pids: Pid[] = [];
    for (let i = 0; i < pairs; i++) {
      const pong = this.runtime.spawn(this.#pong);
      const args = new DataView(new ArrayBuffer(28));
      args.setBigUint64(0, BigInt(pong), true);
      args.setUint32(8, this.#payloadBytes, true);
      args.setUint32(12, 0, true);
      args.setBigUint64(16, BigInt(this.#reports.pid), true);
      args.setUint32(24, every, true);
      pids.push(pong, this.runtime.spawn(this.#ping, { args: new Uint8Array(args.buffer) }));
    }
    return pids;
  }

  /** Lets them play for a while. */
  async play(
    seconds: number,
    warmingUp: boolean,
    { progressMs = 500, onProgress }: Pick<PingPongOptions, "progressMs" | "onProgress">,
  ): Promise<{ messages: number; seconds: number }> {
    const begin = this.#look();
    let last = begin;
    const ticking = setInterval(() => {
      const now = this.#look();
      onProgress?.({
        warmingUp,
        seconds: (now.ms - begin.ms) / 1000,
        messagesPerSecond: ((now.messages - last.messages) / (now.ms - last.ms)) * 1000,
      });
      last = now;
    }, progressMs);
    await new Promise(resolve => setTimeout(resolve, seconds * 1000));
    const end = this.#look();
    clearInterval(ticking);
    if (this.#failure !== undefined) throw this.#failure;
    return { messages: end.messages - begin.messages, seconds: (end.ms - begin.ms) / 1000 };
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.runtime.stop();
  }

  #look(): { messages: number; ms: number } {
    return { messages: this.runtime.counters.received - this.#received, ms: performance.now() };
  }

  async #collect(): Promise<void> {
    for await (const item of this.#reports) {
      if (item.kind !== "message") continue;
      this.#received++;
      // A report: u32 how many rounds, f64 nanoseconds of the last of them.
      const { buffer, byteOffset } = item.bytes;
      this.roundTrips.push(new DataView(buffer, byteOffset, 12).getFloat64(4, true));
    }
  }
}
