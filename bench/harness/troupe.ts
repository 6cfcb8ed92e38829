/**
 * A runtime with the guests of one scenario. It spawns the conductor of each round and reads its
 * result.
 */
import { engineName } from "../../host/node/engine.ts";
import { createRuntime, formatReason, type GuestModule, hasJspi, type Runtime } from "../../host/node/index.ts";
import { compiled } from "./compiled.ts";
import { ROUND_LIMIT_MS, type Round } from "./round.ts";
import type { Style } from "./scenario.ts";

const LONGEST_ROUND = { timeoutMs: ROUND_LIMIT_MS };

/** Savina's scenarios need more actors, timers and messages than the default limits allow. */
const LIMITS = {
  familyActors: 30_000,
  spawnsPerSecond: 10_000_000,
  timers: 1_000_000,
  ties: 100_000,
  mailboxMessages: 2 ** 21,
};

export class Troupe {
  readonly runtime: Runtime;

  private constructor(runtime: Runtime, modules: ReadonlyMap<string, GuestModule>) {
    this.runtime = runtime;
    for (const [name, module] of modules) runtime.define(name, module);
  }

  /**
   * Compiles and loads guests. `files` maps the name that spawns a guest to its file in
   * `bench/guests/`.
   */
  static async gather(files: Readonly<Record<string, string>>, style: Style): Promise<Troupe> {
    if (style === "jspi" && !hasJspi()) {
      throw new Error(`${engineName()} has no JSPI: use Node 24.20 or later, or the style process`);
    }
    const runtime = createRuntime({ grants: "all", quiet: true, limits: LIMITS });
    const modules = new Map<string, GuestModule>();
    for (const [name, file] of Object.entries(files)) {
      const wasm = await compiled(file, style === "jspi" ? "jspi" : "asyncify");
      modules.set(name, await runtime.load(wasm, { name: file }));
    }
    return new Troupe(runtime, modules);
  }

  /**
   * Plays a round, which the conductor times with its own clock. Afterwards all its actors have
   * ended, except in `memory`.
   */
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
  const why = item?.kind === "down" ? formatReason(item.reason) : `no message within ${ROUND_LIMIT_MS / 1000} s`;
  throw new Error(`${name}: the round ended before its result: ${why}`);
}

function numbersIn(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / 8 }, (_, i) => view.getFloat64(8 * i, true));
}
