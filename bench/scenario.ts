/**
 * What a scenario is. Most of them are guests only: a conductor, bench/guests/<guest>.ts, plays a round by itself, looks at the clock, and says what the
 * actors counted; here is what spawns it. A round in which the count is not what it must be is an error, and never a figure.
 */

import { createRuntime, formatReason, type GuestModule, type Runtime } from "../host/node/index.ts";
import { compiled } from "./compiled.ts";
import type { PeerName } from "./peers.ts";

export type Parameters = Readonly<Record<string, number>>;

/** How isopod's guests wait: run to completion, as a process by Asyncify, or as a process by JSPI. */
export type Style = "handler" | "process" | "jspi";

/** One round, as the actors measured it. */
export interface Round {
  readonly operations: number;
  readonly elapsedMs: number;
  /** How many operations the actors counted: as many as there were to do. */
  readonly check: number;
  /** Of one actor that waits. */
  readonly bytesEach?: number;
  /** A peer's ping-pong: what became of the sender's bytes. */
  readonly payload?: "copied" | "moved" | "shared";
  /** Of single operations, where they were timed. */
  readonly samplesNs?: readonly number[];
}

/** A scenario that is ready to be played, its guests compiled. */
export interface Stage {
  round(): Promise<Round>;
  stop(): Promise<void>;
}

/** Something that is no actor and that a scenario is measured by, in the same rounds. */
export interface Beside {
  readonly name: string;
  prepare(parameters: Parameters): Promise<Stage>;
}

/** The same scenario at several sizes. */
export interface Sweep {
  /** The parameter that grows. */
  readonly along: string;
  /** What each size replaces of the parameters. */
  readonly points: readonly Parameters[];
  readonly styles: readonly Style[];
  /** Those of the peers that play it too. */
  readonly peers: readonly PeerName[];
  readonly beside?: readonly Beside[];
}

export interface Scenario {
  readonly name: string;
  readonly summary: string;
  /** What is counted, for example `a message received`. */
  readonly operation: string;
  /** The parameters that there are, and their defaults. Peers get the same. */
  readonly parameters: Parameters;
  readonly styles: readonly Style[];
  /** Those of them that are played where nobody asks for one. Default: the first. */
  readonly usualStyles?: readonly Style[];
  /** What the peers call it. Default: its name. */
  readonly peerScenario?: string;
  /** Whether only the distribution of single operations says something: because of a natural pace, or because all of them are timed. */
  readonly paced?: boolean;
  /** Why a default is not that of the peers. */
  readonly note?: string;
  readonly sweep?: Sweep;
  prepare(parameters: Parameters, style: Style): Promise<Stage>;
}

/** A scenario whose conductor is a guest. */
export interface GuestScenario extends Omit<Scenario, "styles" | "prepare"> {
  readonly styles?: readonly Style[];
  /** The file in bench/guests, without `.ts`. */
  readonly guest: string;
  /** The conductor's export. Default `run`. */
  readonly entry?: string;
  /** Further modules that the guests spawn, by the name under which they do. */
  readonly modules?: (style: Style) => Readonly<Record<string, string>>;
  /** How many operations a round of these parameters has. */
  readonly operations: (parameters: Parameters) => number;
  /** Called before the conductor is spawned; what it returns is called when its result is there. */
  readonly around?: (troupe: Troupe, parameters: Parameters) => Promise<() => Partial<Round>>;
}

/** A round that takes longer hangs. */
export const ROUND_LIMIT_MS = 60_000;
const LONGEST_ROUND = { timeoutMs: ROUND_LIMIT_MS };

/** Savina's crowds are larger than what a family may be by default. */
const LIMITS = {
  familyActors: 30_000,
  spawnsPerSecond: 10_000_000,
  timers: 1_000_000,
  ties: 100_000,
  mailboxMessages: 2 ** 21,
};

export function guestScenario(scenario: GuestScenario): Scenario {
  const { guest, entry, modules, operations, around, styles = ["process", "jspi"], ...rest } = scenario;
  return {
    ...rest,
    styles,
    async prepare(parameters, style) {
      const troupe = await Troupe.gather({ guest, ...modules?.(style) }, style);
      const given = Object.keys(scenario.parameters).map(name => parameters[name]);
      return {
        async round() {
          const more = await around?.(troupe, parameters);
          const played = await troupe.play(scenario.name, operations(parameters), given, entry ?? "run");
          return { ...played, ...more?.() };
        },
        stop: () => troupe.stop(),
      };
    },
  };
}

/** A runtime with a scenario's modules. */
export class Troupe {
  readonly runtime: Runtime;

  private constructor(runtime: Runtime, modules: ReadonlyMap<string, GuestModule>) {
    this.runtime = runtime;
    for (const [name, module] of modules) runtime.define(name, module);
  }

  static async gather(files: Readonly<Record<string, string>>, style: Style): Promise<Troupe> {
    const runtime = createRuntime({ grants: "all", quiet: true, limits: LIMITS });
    const modules = new Map<string, GuestModule>();
    for (const [name, file] of Object.entries(files)) {
      const wasm = await compiled(file, style === "jspi" ? "jspi" : "asyncify");
      modules.set(name, await runtime.load(wasm, { name: file }));
    }
    return new Troupe(runtime, modules);
  }

  /** Plays a round, of which the conductor's own clock tells how long it took. All but what `memory` leaves alive has ended after it. */
  async play(name: string, operations: number, parameters: readonly number[], entry: string): Promise<Round> {
    const mailbox = this.runtime.mailbox();
    const args = new DataView(new ArrayBuffer(8 + 8 * parameters.length));
    args.setBigUint64(0, BigInt(mailbox.pid), true);
    parameters.forEach((value, i) => {
      args.setFloat64(8 + 8 * i, value, true);
    });
    const conductor = this.runtime.spawn("guest", { entry, args: new Uint8Array(args.buffer) });
    mailbox.monitor(conductor);
    const [elapsedMs, check] = numbersIn(await messageOf(mailbox.receive(LONGEST_ROUND), name));
    const samplesNs = numbersIn(await messageOf(mailbox.receive(LONGEST_ROUND), name));
    mailbox.close();
    if (check !== operations) throw new Error(`${name}: the actors counted ${check} instead of ${operations}`);
    return { operations, elapsedMs, check, ...(samplesNs.length > 0 && { samplesNs }) };
  }

  stop(): Promise<void> {
    return this.runtime.stop();
  }
}

type Item = Awaited<ReturnType<ReturnType<Runtime["mailbox"]>["receive"]>>;

async function messageOf(receiving: Promise<Item>, name: string): Promise<Uint8Array> {
  const item = await receiving;
  if (item?.kind === "message") return item.bytes;
  const why = item?.kind === "down" ? formatReason(item.reason) : `nothing came for ${ROUND_LIMIT_MS / 1000} s`;
  throw new Error(`${name}: the round ended before its result: ${why}`);
}

function numbersIn(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / 8 }, (_, i) => view.getFloat64(8 * i, true));
}

/** What each of so many does of a total: rounded down, as the guests and the peers do. */
export function share(total: number, actors: number): number {
  return Math.max(1, Math.floor(total / actors));
}
