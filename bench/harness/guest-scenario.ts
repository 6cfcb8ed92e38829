/**
 * Scenarios that are played by guests only. The host spawns one actor for a round, the conductor.
 * The conductor starts the others, reads the clock and sends the host one result.
 */
import { formatReason, type Runtime } from "../../host/node/index.ts";
import { type Parameters, ROUND_LIMIT_MS, type Round } from "./round.ts";
import type { Scenario, Style } from "./scenario.ts";
import { runtimeWith } from "./scenario-runtime.ts";

export interface GuestScenario extends Omit<Scenario, "styles" | "prepare"> {
  /** Default: process and jspi. */
  readonly styles?: readonly Style[];
  /** The conductor's export in the guest. Default: `run`. */
  readonly entry?: string;
  /** More guests: the name under which the conductor spawns each, and its file in `bench/guests/`. */
  readonly modules?: (style: Style) => Readonly<Record<string, string>>;
  /** The number of operations of a round with these parameters. */
  readonly operations: (parameters: Parameters) => number;
  /**
   * Called before the conductor is spawned. The function that it returns is called after the
   * conductor's result.
   */
  readonly around?: (runtime: Runtime, parameters: Parameters) => Promise<() => Partial<Round>>;
  /**
   * True if each round has a runtime of its own, which is stopped after it. The actors of a round may
   * then live until its end.
   */
  readonly ownRuntime?: boolean;
}

export function guestScenario(given: GuestScenario): Scenario {
  const { entry = "run", modules, operations, around, ownRuntime = false, ...others } = given;
  const { styles = ["process", "jspi"], ...scenario } = others;
  const { name } = scenario;
  return {
    ...scenario,
    styles,
    async prepare(parameters, style) {
      const make = () => runtimeWith({ guest: scenario.guest, ...modules?.(style) }, style);
      const values = Object.keys(scenario.parameters).map(key => parameters[key]);
      const play = async (runtime: Runtime): Promise<Round> => {
        const after = await around?.(runtime, parameters);
        const { elapsedMs, check, samplesNs } = await conduct(runtime, name, entry, values);
        const expected = operations(parameters);
        if (check !== expected) throw new Error(`${name}: the actors counted ${check} instead of ${expected}`);
        const samples = samplesNs.length > 0 && { samplesNs };
        return { operations: expected, elapsedMs, check, ...samples, ...after?.() };
      };
      if (ownRuntime) return { round: () => playOnce(make, play), stop: async () => {} };
      const runtime = await make();
      return { round: () => play(runtime), stop: () => runtime.stop() };
    },
  };
}

async function playOnce(make: () => Promise<Runtime>, play: (runtime: Runtime) => Promise<Round>): Promise<Round> {
  const runtime = await make();
  try {
    return await play(runtime);
  } finally {
    await runtime.stop();
  }
}

/**
 * Spawns a conductor, and receives what it measured with its own clock. Afterwards all actors of
 * the round have ended, unless the round has a runtime of its own.
 */
async function conduct(
  runtime: Runtime,
  name: string,
  entry: string,
  parameters: readonly number[],
): Promise<{ elapsedMs: number; check: number; samplesNs: readonly number[] }> {
  const mailbox = runtime.mailbox();
  const args = new DataView(new ArrayBuffer(8 + 8 * parameters.length));
  args.setBigUint64(0, BigInt(mailbox.pid), true);
  parameters.forEach((value, i) => {
    args.setFloat64(8 + 8 * i, value, true);
  });
  const conductor = runtime.spawn("guest", { entry, args: new Uint8Array(args.buffer) });
  mailbox.monitor(conductor);
  const next = async () => {
    const item = await mailbox.receive({ timeoutMs: ROUND_LIMIT_MS });
    if (item?.kind === "message") return numbersIn(item.bytes);
    const why = item?.kind === "down" ? formatReason(item.reason) : `no message within ${ROUND_LIMIT_MS / 1000} s`;
    throw new Error(`${name}: the round ended before its result: ${why}`);
  };
  const [elapsedMs, check] = await next();
  const samplesNs = await next();
  mailbox.close();
  return { elapsedMs, check, samplesNs };
}

function numbersIn(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / 8 }, (_, i) => view.getFloat64(8 * i, true));
}
