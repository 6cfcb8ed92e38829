/**
 * Two links over a network that loses, repeats, delays and reorders frames, stops for a while, and begins a side
 * anew. ISOPOD_LINK_SEEDS says how many such runs there are.
 */
import { fc, test as law } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { frameFrom, HEADER_BYTES, MAX_FRAME_BYTES } from "../../host/cluster/frame.ts";
import { Link } from "../../host/cluster/link.ts";

const SEEDS = Number(process.env.ISOPOD_LINK_SEEDS ?? 1_000);
const OPTIONS = { tickMs: 10, downAfterMs: 50, windowBytes: 3_000, pieceBytes: 1 << 20 };
/** Frames of a run have at most this many bytes, so bounds are reached soon. */
const RECORD_BYTES = 200;

/** One side: a link, what it has sent, and what has arrived. */
class Side {
  readonly got: number[] = [];
  /** By number of the record: which link of this side has carried it. */
  readonly sentBy = new Map<number, number>();
  links = 0;
  ended = 0;
  lost = 0;
  epoch: number;
  link: Link;
  readonly #net: Net;
  readonly #me: number;
  #session = 0;

  constructor(net: Net, me: number, epoch: number) {
    this.#net = net;
    this.#me = me;
    this.epoch = epoch;
    this.link = this.#newLink();
  }

  #newLink(): Link {
    const { epoch } = this;
    return new Link(OPTIONS, {
      epoch,
      newSession: () => ++this.#session,
      now: () => this.#net.now,
      send: frame => this.#net.send(this.#me, frame),
      arrived: records => {
        if (epoch === this.epoch) this.got.push(new DataView(records.buffer, records.byteOffset).getFloat64(0));
      },
      ended: (_, lost) => {
        this.ended++;
        this.links++;
        this.lost += lost.length;
      },
      ready: () => undefined,
    });
  }

  /** Its process is gone, and another one has its number. */
  restart(): void {
    this.epoch++;
    this.links++;
    this.link = this.#newLink();
  }

  send(number: number): void {
    if (!this.link.isReady) return;
    const record = new Uint8Array(RECORD_BYTES);
    new DataView(record.buffer).setFloat64(0, number);
    this.sentBy.set(number, this.links);
    this.link.carry(record);
  }
}

class Net {
  now = 0;
  readonly wires: { to: number; bytes: Uint8Array }[] = [];
  readonly sides: Side[];
  isBroken = false;
  /** Only frames of this side are lost; -1: of both. */
  oneWay = -1;

  constructor() {
    this.sides = [new Side(this, 0, 1), new Side(this, 1, 1)];
  }

  send(from: number, frame: Uint8Array): void {
    if (this.#isLost(from)) return;
    this.wires.push({ to: 1 - from, bytes: frame.slice() });
  }

  #isLost(from: number): boolean {
    return this.isBroken && (this.oneWay === -1 || this.oneWay === from);
  }

  /** The frame at this place arrives. */
  arrive(place: number, isKept = false): void {
    if (this.wires.length === 0) return;
    const at = place % this.wires.length;
    const { to, bytes } = this.wires[at];
    if (!isKept) this.wires.splice(at, 1);
    const frame = frameFrom(bytes);
    if (frame === undefined) throw new Error("a frame cannot be read");
    const { link } = this.sides[to];
    if (link.meet(frame.epoch)) link.take(frame);
  }

  tick(): void {
    this.now += OPTIONS.tickMs;
    for (const [i, { link, epoch }] of this.sides.entries()) {
      link.tick();
      // A beacon, which says no more than that this incarnation is there.
      if (!this.#isLost(i)) this.sides[1 - i].link.meet(epoch);
    }
  }

  /** The network does what it should, until nothing is under way. */
  settle(): void {
    this.isBroken = false;
    for (let i = 0; i < 12; i++) {
      this.tick();
      this.arriveAll();
    }
  }

  arriveAll(): void {
    let left = 10_000;
    while (this.wires.length > 0 && left-- > 0) this.arrive(0);
    expect(left).toBeGreaterThan(0);
  }
}

const step = fc.oneof(
  { weight: 10, arbitrary: fc.record({ do: fc.constant("send" as const), n: fc.nat(1) }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constant("arrive" as const), n: fc.constant(0) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("reorder" as const), n: fc.nat(30) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("repeat" as const), n: fc.nat(30) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("lose" as const), n: fc.nat(30) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("tick" as const), n: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("drop" as const), n: fc.constant(0) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("all" as const), n: fc.constant(0) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("break" as const), n: fc.integer({ min: -1, max: 1 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("mend" as const), n: fc.constant(0) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("silence" as const), n: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const), n: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reconnect" as const), n: fc.nat(1) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

class World {
  readonly net = new Net();
  number = 0;

  play({ do: what, n }: Step): void {
    const { net } = this;
    if (what === "send") net.sides[n].send(this.number++);
    else if (what === "arrive" || what === "reorder") net.arrive(n);
    else if (what === "repeat") net.arrive(n, true);
    else if (what === "lose") net.wires.splice(n % Math.max(1, net.wires.length), 1);
    else if (what === "tick") net.tick();
    else if (what === "drop") net.wires.length = 0;
    else if (what === "all") net.arriveAll();
    else if (what === "restart") net.sides[n].restart();
    else if (what === "reconnect") net.sides[n].link.repeat();
    else if (what === "silence") for (let i = 0; i < 7; i++) net.tick();
    else {
      net.isBroken = what === "break";
      net.oneWay = n;
    }
  }
}

law.prop([fc.array(step, { maxLength: 150, size: "max" })], { numRuns: SEEDS })(
  "records arrive in order, once or never, and the loss of one is the end of its link",
  steps => {
    const world = new World();
    const { net } = world;
    const { sides } = net;
    const restarted = steps.some(({ do: what }) => what === "restart");
    for (const each of steps) {
      world.play(each);
      for (const { link } of sides) {
        expect(link.keptBytes).toBeLessThan(OPTIONS.windowBytes + RECORD_BYTES + HEADER_BYTES + 65);
      }
    }
    net.settle();
    // What is sent now finds a link.
    const ends = sides.map(({ ended }) => ended);
    const fresh = sides.map(side => {
      side.send(world.number);
      return world.number++;
    });
    net.settle();
    expect(sides.map(({ ended }) => ended)).toEqual(ends);
    for (const [i, { got }] of sides.entries()) {
      const other = sides[1 - i];
      expect(got.at(-1)).toBe(fresh[1 - i]);
      for (let at = 1; at < got.length; at++) if (got[at] <= got[at - 1]) throw new Error(`order: ${got}`);
      expect(got.every(number => other.sentBy.has(number))).toBe(true);
      if (restarted) continue;
      // Of each link, what was sent has arrived up to some record, and no further one; of the last one all.
      const arrived = new Set(got);
      let last = -1;
      let isHole = false;
      for (const [number, by] of other.sentBy) {
        if (by !== last) isHole = false;
        last = by;
        if (!arrived.has(number)) isHole = true;
        else if (isHole) throw new Error(`record ${number} came behind a lost one`);
      }
      if (other.ended === 0 && sides[i].ended === 0) expect(arrived.size).toBe(other.sentBy.size);
      expect(arrived.size + other.lost).toBeGreaterThanOrEqual(other.sentBy.size);
    }
  },
);

const small = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("send" as const), n: fc.nat(1) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("reorder" as const), n: fc.nat(6) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("repeat" as const), n: fc.nat(6) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("lose" as const), n: fc.nat(6) }) },
);

law.prop([fc.array(fc.array(small, { maxLength: 12 }), { maxLength: 12 })], { numRuns: SEEDS / 2 })(
  "frames that are lost in between two whole ticks end no link, and all arrive",
  ticks => {
    const world = new World();
    const { net } = world;
    for (const steps of ticks) {
      net.tick();
      for (const each of steps) world.play(each);
      net.arriveAll();
      net.tick();
      net.arriveAll();
    }
    net.settle();
    for (const [i, side] of net.sides.entries()) {
      expect(side.ended).toBe(0);
      expect(side.got).toEqual([...net.sides[1 - i].sentBy.keys()]);
      expect(side.link.keptBytes).toBe(0);
    }
  },
);

test("the bytes of a frame are read, whatever they are", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
      if (bytes.length > 1) [bytes[0], bytes[1]] = [1, 1 + (bytes[1] % 6)];
      const frame = frameFrom(bytes);
      if (frame === undefined) return;
      const { link } = new Net().sides[0];
      if (link.meet(frame.epoch)) link.take(frame);
    }),
    { numRuns: 2_000 },
  );
  expect(frameFrom(new Uint8Array(MAX_FRAME_BYTES + 1).fill(1))).toBeUndefined();
});
