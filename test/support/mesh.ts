/** Nodes of one process, over a network that does what the test says, at the times that it says. */
import { Away } from "../../host/away/away.ts";
import type { GuestLimits } from "../../host/cluster/guard.ts";
import { Mesh, type NodeEvent } from "../../host/cluster/mesh.ts";
import type { RuntimeOptions } from "../../host/options.ts";
import { partsOf, Runtime } from "../../host/runtime.ts";
import { ManualClock } from "../../host/test.ts";
import { macrotask } from "./clock.ts";

export const TICK_MS = 1_000;
export const DOWN_AFTER_MS = 5_000;

/** One frame that is under way. */
export interface Wire {
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array;
}

export class TestNode {
  readonly runtime: Runtime;
  readonly away: Away;
  readonly mesh: Mesh;
  readonly events: NodeEvent[] = [];
  readonly exported = new Set<number>();
  readonly node: number;

  constructor(node: number, epoch: number, net: TestNet, options: RuntimeOptions, limits: Partial<GuestLimits>) {
    this.node = node;
    this.runtime = new Runtime({ grants: "all", clock: net.clock, ...options });
    const parts = partsOf(this.runtime);
    this.away = new Away(parts, { thread: 0, node });
    this.mesh = new Mesh({
      away: this.away,
      clock: net.clock,
      callOut: parts.notices.callOut,
      network: { publish: (to, frame) => net.publish(node, to, frame) },
      node,
      epoch,
      options: { tickMs: TICK_MS, downAfterMs: DOWN_AFTER_MS, windowBytes: 256 << 10, pieceBytes: 32 << 20 },
      guestLimits: { messagesPerSecond: 100, bytesPerSecond: 100_000, ties: 10, ...limits },
      isExported: (lo, hi) => this.exported.has(hi * 2 ** 32 + lo),
      told: event => this.events.push(event),
    });
  }
}

export class TestNet {
  readonly clock = new ManualClock();
  readonly nodes = new Map<number, TestNode>();
  /** Frames that are under way, in order. */
  readonly wires: Wire[] = [];
  /** Nodes that are cut off from all others. */
  readonly cut = new Set<number>();
  readonly #options: RuntimeOptions;
  #epoch = 1;

  constructor(numbers: readonly number[], options: RuntimeOptions = {}, limits: Partial<GuestLimits> = {}) {
    this.#options = options;
    for (const number of numbers) this.begin(number, limits);
  }

  /** A node begins, also anew. */
  begin(number: number, limits: Partial<GuestLimits> = {}): TestNode {
    const node = new TestNode(number, this.#epoch++, this, this.#options, limits);
    this.nodes.set(number, node);
    node.mesh.tick();
    return node;
  }

  node(number: number): TestNode {
    const node = this.nodes.get(number);
    if (node === undefined) throw new Error(`no node ${number}`);
    return node;
  }

  publish(from: number, to: number, frame: Uint8Array): void {
    if (this.cut.has(from)) return;
    // As Node's client of NATS hands over what comes: anywhere in a Buffer.
    const bytes = Buffer.concat([new Uint8Array(1), frame]).subarray(1);
    if (to !== 0) this.wires.push({ from, to, bytes });
    else for (const each of this.nodes.keys()) if (each !== from) this.wires.push({ from, to: each, bytes });
  }

  /** A frame arrives. */
  arrive(at = 0, isKept = false): void {
    const wire = this.wires[at];
    if (wire === undefined) return;
    if (!isKept) this.wires.splice(at, 1);
    const { from, to, bytes } = wire;
    if (!this.cut.has(to)) this.nodes.get(to)?.mesh.receive(from, from >= 128, bytes);
  }

  /** Time goes on for all. */
  tick(): void {
    for (const node of this.nodes.values()) node.mesh.tick();
  }

  /** Everything arrives, and every actor waits. */
  async settle(): Promise<void> {
    let rounds = 0;
    while (rounds < 3) {
      for (const { runtime, away } of this.nodes.values()) {
        await runtime.settled();
        away.flush();
      }
      rounds = this.wires.length > 0 ? 0 : rounds + 1;
      while (this.wires.length > 0) this.arrive();
      await macrotask();
    }
  }

  /** Some ticks, with all that they cause. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= TICK_MS) {
      await this.clock.advance(Math.min(left, TICK_MS));
      this.tick();
      await this.settle();
    }
  }

  async stop(): Promise<void> {
    for (const { runtime } of this.nodes.values()) await runtime.stop();
  }
}
