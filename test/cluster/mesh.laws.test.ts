/**
 * Actors of three nodes do at random what actors can do, while the network loses, repeats and reorders frames, is
 * cut, and nodes are replaced by new ones. Order holds for each pair, and every tie is told once.
 */
import { fc, test as law } from "@fast-check/vitest";
import { expect } from "vitest";
import type { HostMailbox } from "../../host/javascript/host-mailbox.ts";
import type { Received } from "../../host/wire/message.ts";
import type { Pid } from "../../host/wire/pid.ts";
import { TestNet, TICK_MS } from "../support/mesh.ts";

const NODES = [1, 2, 3];
const index = fc.nat(5);
const act = (what: string, weight: number) => ({
  weight,
  arbitrary: fc.record({ do: fc.constant(what), a: index, b: index }),
});
const step = fc.oneof(
  act("send", 8),
  act("monitor", 3),
  act("demonitor", 2),
  act("link", 3),
  act("unlink", 2),
  act("end", 1),
  { weight: 14, arbitrary: fc.record({ do: fc.constant("arrive"), a: fc.constant(0), b: index }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("arrive"), a: fc.nat(20), b: index }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("lose"), a: fc.nat(20), b: index }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("repeat"), a: fc.nat(20), b: index }) },
  act("tick", 3),
  act("cut", 1),
  act("mend", 2),
  act("pause", 1),
  act("restart", 1),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

interface Player {
  readonly mailbox: HostMailbox;
  readonly node: number;
  readonly items: Received[];
  readonly monitors: Map<number, Pid>;
  readonly removed: Set<number>;
  sent: number;
  isLive: boolean;
}

class World {
  readonly net = new TestNet(NODES, { onError: error => this.errors.push(error) });
  readonly errors: unknown[] = [];
  readonly players: Player[] = [];

  async begin(): Promise<void> {
    await this.net.settle();
    for (const node of [...NODES, ...NODES]) this.#player(node);
  }

  #player(node: number): void {
    const mailbox = this.net.node(node).runtime.mailbox();
    const rest = { items: [], monitors: new Map(), removed: new Set<number>(), sent: 0, isLive: true };
    this.players.push({ mailbox, node, ...rest });
  }

  async play({ do: what, a, b }: Step): Promise<void> {
    const { net } = this;
    if (what === "arrive" || what === "repeat") this.#arrive(a, what === "repeat");
    else if (what === "lose") net.wires.splice(a % Math.max(1, net.wires.length), 1);
    else if (what === "cut") net.cut.add(NODES[a % 3]);
    else if (what === "mend") net.cut.clear();
    else if (what === "restart") await this.#restart(NODES[a % 3]);
    else if (what === "tick" || what === "pause") {
      for (let i = what === "tick" ? 1 : 7; i > 0; i--) {
        await net.clock.advance(TICK_MS);
        net.tick();
      }
    } else this.#act(what, this.players[a], this.players[b]);
    for (const { away } of net.nodes.values()) away.flush();
  }

  #arrive(at: number, isKept: boolean): void {
    this.net.arrive(at % Math.max(1, this.net.wires.length), isKept);
  }

  async #restart(node: number): Promise<void> {
    const { net } = this;
    const isOf = (player: Player) => player.node === node;
    for (const player of this.players) if (isOf(player)) player.isLive = false;
    const { runtime } = net.node(node);
    // What it says while it stops is never sent: the process is gone.
    net.cut.add(node);
    net.nodes.delete(node);
    await runtime.stop();
    net.cut.delete(node);
    net.begin(node);
    this.#player(node);
    this.players.splice(this.players.findIndex(isOf), 1, this.players.pop() as Player);
  }

  #act(what: string, player: Player, other: Player): void {
    if (!player.isLive) return;
    const { mailbox } = player;
    if (what === "send") mailbox.send(other.mailbox.pid, `${player.sent++}`);
    else if (what === "monitor") player.monitors.set(mailbox.monitor(other.mailbox.pid), other.mailbox.pid);
    else if (what === "link") mailbox.link(other.mailbox.pid);
    else if (what === "unlink") mailbox.unlink(other.mailbox.pid);
    else if (what === "end") this.end(player);
    else {
      const [ref] = player.monitors.keys();
      if (ref === undefined) return;
      player.monitors.delete(ref);
      player.removed.add(ref);
      mailbox.demonitor(ref, { flush: true });
    }
  }

  end(player: Player): void {
    player.isLive = false;
    player.mailbox.close();
  }

  async heal(): Promise<void> {
    this.net.cut.clear();
    await this.net.settle();
    await this.net.pass(8 * TICK_MS);
    for (const player of this.players.filter(({ isLive }) => isLive)) {
      for (let item = player.mailbox.poll(); item !== undefined; item = player.mailbox.poll()) player.items.push(item);
    }
  }
}

function checkOrder({ items }: Player): void {
  const last = new Map<Pid, number>();
  for (const item of items) {
    if (item.kind !== "message") continue;
    const number = Number(new TextDecoder().decode(item.bytes));
    if (number <= (last.get(item.from) ?? -1)) throw new Error(`message ${number} came behind ${last.get(item.from)}`);
    last.set(item.from, number);
  }
}

law.prop([fc.array(step, { maxLength: 120, size: "max" })], { numRuns: Number(process.env.ISOPOD_MESH_SEEDS ?? 150) })(
  "messages keep their order, every tie is told once, and nothing is left behind",
  async steps => {
    const world = new World();
    await world.begin();
    try {
      for (const each of steps) await world.play(each);
      await world.heal();
      const [last] = world.players.filter(({ isLive }) => isLive);
      for (const player of world.players) if (player !== last && player.isLive) world.end(player);
      await world.heal();
      for (const player of world.players) checkOrder(player);
      if (last !== undefined) {
        const downs = last.items.filter(item => item.kind === "down");
        expect(new Set(downs.map(({ ref }) => ref)).size).toBe(downs.length);
        for (const [ref, target] of last.monitors) {
          expect(downs.filter(down => down.ref === ref).length).toBe(target === last.mailbox.pid ? 0 : 1);
        }
        expect(downs.some(({ ref }) => last.removed.has(ref))).toBe(false);
        world.end(last);
        await world.heal();
      }
      for (const { away } of world.net.nodes.values()) expect(away.isIdle).toBe(true);
      expect(world.errors).toEqual([]);
    } finally {
      await world.net.stop();
    }
  },
);
