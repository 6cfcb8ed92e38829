/**
 * What holds for actors of one runtime holds for actors of several places, whichever way their signals arrive, and
 * wherever a place is lost. Host mailboxes do at random what actors can do, and note what they get.
 */
import { fc, test as law } from "@fast-check/vitest";
import { expect } from "vitest";
import type { HostMailbox } from "../../host/javascript/host-mailbox.ts";
import type { Received } from "../../host/wire/message.ts";
import type { Pid } from "../../host/wire/pid.ts";
import { Places } from "../support/places.ts";

const PLACES = 3;
const EACH = 2;
const ALL = PLACES * EACH;

const index = fc.nat(ALL - 1);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("send" as const), a: index, b: index }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("monitor" as const), a: index, b: index }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("demonitor" as const), a: index, b: index }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("link" as const), a: index, b: index }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("unlink" as const), a: index, b: index }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("request" as const), a: index, b: index }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("answer" as const), a: index, b: index }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("hand on" as const), a: index, b: index }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("end" as const), a: index, b: index }) },
  { weight: 12, arbitrary: fc.record({ do: fc.constant("arrive" as const), a: fc.nat(99), b: index }) },
);
type Step = (typeof step extends fc.Arbitrary<infer S> ? S : never) | { do: "lose"; a: number; b: number };

/** A mailbox, and what the rest of the world may expect of it. */
interface Player {
  readonly place: number;
  readonly mailbox: HostMailbox;
  readonly pid: Pid;
  readonly items: Received[];
  /** Refs of its monitors that it has not removed, with their targets. */
  readonly monitors: Map<number, Pid>;
  readonly removed: Set<number>;
  readonly requests: Map<number, Promise<string>>;
  sent: number;
  isLive: boolean;
}

class World {
  readonly places = new Places(PLACES, { onError: error => this.errors.push(error) });
  readonly errors: unknown[] = [];
  readonly players: Player[];

  constructor() {
    this.players = Array.from({ length: ALL }, (_, i): Player => {
      const mailbox = this.places.runtimes[i % PLACES].mailbox();
      const [items, requests] = [[] as Received[], new Map<number, Promise<string>>()];
      const rest = { monitors: new Map(), removed: new Set<number>(), requests, sent: 0, isLive: true };
      return { place: i % PLACES, mailbox, pid: mailbox.pid, items, ...rest };
    });
  }

  get isLost(): (place: number) => boolean {
    return place => this.places.lost.has(place);
  }

  play({ do: what, a, b }: Step): void {
    if (what === "arrive") this.arrive(a);
    else if (what === "lose") this.lose(a % PLACES);
    else this.#act(what, a, b);
  }

  #act(what: Exclude<Step["do"], "arrive" | "lose">, a: number, b: number): void {
    const [player, other] = [this.players[a], this.players[b]];
    if (!player.isLive) return;
    const { mailbox } = player;
    if (what === "send") mailbox.send(other.pid, `${player.sent++}`, { tag: a });
    else if (what === "monitor") player.monitors.set(mailbox.monitor(other.pid), other.pid);
    else if (what === "demonitor") this.demonitor(player);
    else if (what === "link") mailbox.link(other.pid);
    else if (what === "unlink") mailbox.unlink(other.pid);
    else if (what === "request") this.request(player, other);
    else if (what === "end") this.end(player);
    else this.answer(player, what === "answer" ? undefined : other);
  }

  arrive(number: number): void {
    const filled = this.places.lanes.filter(({ from, to }) => !this.isLost(from) && !this.isLost(to));
    if (filled.length > 0) this.places.deliver(filled[number % filled.length]);
  }

  lose(place: number): void {
    if (this.isLost(place)) return;
    this.places.lose(place);
    for (const player of this.players) if (player.place === place) player.isLive = false;
  }

  end(player: Player): void {
    player.isLive = false;
    player.mailbox.close();
  }

  demonitor(player: Player): void {
    const [ref] = player.monitors.keys();
    if (ref === undefined) return;
    player.monitors.delete(ref);
    player.removed.add(ref);
    player.mailbox.demonitor(ref, { flush: true });
  }

  request(player: Player, other: Player): void {
    const answer = player.mailbox.call(other.pid, "?", { timeoutMs: Number.POSITIVE_INFINITY }).then(
      () => "answered",
      error => `${error.code}: ${error.reason?.kind}`,
    );
    player.requests.set(player.requests.size, answer);
  }

  /** Answers the oldest request, or hands it on. */
  answer(player: Player, to: Player | undefined): void {
    void player.mailbox
      .receiveMatch(item => item.kind === "message" && item.ref !== 0, { timeoutMs: 0 })
      .then(item => {
        if (item?.kind !== "message") return;
        if (to === undefined) player.mailbox.reply(item, "!");
        else if (!player.mailbox.delegate(item, to.pid)) player.mailbox.reply(item, "!");
      })
      .catch(() => undefined);
  }

  async drain(): Promise<void> {
    await this.places.settle();
    for (const player of this.players.filter(({ isLive }) => isLive)) {
      for (;;) {
        const item = await player.mailbox.receive({ timeoutMs: 0 }).catch(() => undefined);
        if (item === undefined) break;
        player.items.push(item);
      }
    }
  }
}

/**
 * The messages of a player are in the order of their numbers, and none comes after the sender's Down. A request that
 * was handed on comes by the asker's place, so it may come later.
 */
function checkOrder({ items }: Player): void {
  const last = new Map<Pid, number>();
  const over = new Set<Pid>();
  for (const item of items) {
    if (item.kind === "down") over.add(item.from);
    if (item.kind !== "message" || item.ref !== 0) continue;
    expect(over.has(item.from)).toBe(false);
    const number = Number(new TextDecoder().decode(item.bytes));
    expect(number).toBeGreaterThan(last.get(item.from) ?? -1);
    last.set(item.from, number);
  }
}

/** Two live actors are linked for both of them, or for neither. */
function checkLinks({ places, players }: World): void {
  const live = players.filter(({ isLive }) => isLive);
  const links = new Map(live.map(({ pid, place }) => [pid, places.runtimes[place].info(pid)?.links ?? []]));
  for (const [pid, others] of links) for (const other of others) expect(links.get(other) ?? [pid]).toContain(pid);
}

law.prop([fc.array(step, { maxLength: 120, size: "max" }), fc.option(fc.nat(119)), fc.nat(PLACES - 1)], {
  numRuns: 60,
})("messages keep their order, every tie is told once, and nothing is left behind", async (steps, losesAt, lost) => {
  const world = new World();
  const { places, players } = world;
  try {
    for (const [i, each] of steps.entries()) {
      if (i === losesAt) world.play({ do: "lose", a: lost, b: 0 });
      world.play(each);
      // Answers are given in a later step.
      if (i % 8 === 0) await Promise.resolve();
    }
    await world.drain();
    checkLinks(world);
    // Who is still there may be told no more: all others end.
    const [last] = players.filter(({ isLive }) => isLive);
    for (const player of players) if (player !== last && player.isLive) world.end(player);
    await world.drain();
    for (const player of players.filter(({ place }) => !world.isLost(place))) checkOrder(player);
    if (last === undefined) return;
    const downs = last.items.filter(item => item.kind === "down");
    const refs = downs.map(({ ref }) => ref);
    expect(new Set(refs).size).toBe(refs.length);
    for (const [ref, target] of last.monitors) {
      const told = downs.filter(down => down.ref === ref);
      const mayLive = target === last.pid;
      expect(told.length).toBe(mayLive ? 0 : 1);
      expect(told.every(({ from }) => from === target)).toBe(true);
    }
    expect(refs.filter(ref => last.removed.has(ref))).toEqual([]);
    // What it has asked others is over.
    world.end(last);
    await places.settle();
    for (const player of players.filter(({ place }) => !world.isLost(place))) {
      for (const request of player.requests.values()) await request;
    }
    for (const [i, away] of places.aways.entries()) if (!world.isLost(i)) expect(away.isIdle).toBe(true);
    const live = places.runtimes.filter((_, i) => !world.isLost(i));
    const sum = (what: "sent" | "received" | "dead") => live.reduce((all, { counters }) => all + counters[what], 0);
    if (live.length === PLACES) expect(sum("received") + sum("dead")).toBe(sum("sent"));
    expect(world.errors).toEqual([]);
  } finally {
    await places.stop();
  }
});
