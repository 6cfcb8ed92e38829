/**
 * Plays steps on the kernel's mailboxes and on plain arrays, and compares. For tests of the kernel
 * without guests.
 */
import fc from "fast-check";
import * as functions from "../../host/kernel/kernel.ts";
import { findTag } from "../../host/kernel/mailbox.ts";
import { useMemories } from "../../host/kernel/memory.ts";
import { useOutside } from "../../host/kernel/outside.ts";
import { become } from "../../host/kernel/self.ts";
import * as W from "../../host/kernel/words.ts";
import {
  audit,
  kernelMemory,
  readMailbox,
  readMarks,
  readQueue,
  type StoredMailbox,
  setWord,
  word,
} from "./kernel-memory.ts";

/** A kernel, and what tests need to use it: the sources as they are, or a copy of them. */
export const kernel = { ...functions, findTag, useMemories, useOutside, become };
export type Kernel = typeof kernel;

export const ACTORS = 4;
/** Bytes that payloads of one actor can have: no other actor's payloads have one of them. */
const ALPHABET = 64;
const GUEST_PAGES = 3;
const FIRST_REF = -2000;
/** A mailbox of this size is never refused its room. */
const ALWAYS_ROOM_BYTES = 65_536;

export interface Item {
  readonly kind: number;
  readonly tag: number;
  readonly from: readonly [number, number];
  readonly ref: number;
  readonly reason: number;
  readonly outside: number;
  readonly payload: Uint8Array;
}

/** A mailbox as it should be: its items, and how many of them are before the save pointer. */
export interface Model {
  items: Item[];
  seen: number;
  /** The refs that have marks, the oldest first. */
  marks: number[];
  /** The request that it has made and the kernel keeps. */
  request: { readonly ref: number; readonly to: number } | undefined;
}

const length = fc.oneof(
  { weight: 6, arbitrary: fc.nat(80) },
  { weight: 3, arbitrary: fc.nat(3000) },
  { weight: 1, arbitrary: fc.nat(W.MAX_INSIDE_BYTES) },
  { weight: 1, arbitrary: fc.constantFrom(0, W.MAX_INSIDE_BYTES) },
);
// The first has as many steps as all others.
const actor = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: ACTORS - 1 }));
const to = actor;
const tag = fc.nat(4);
const which = fc.nat(11);
const kind = fc.constantFrom(W.MESSAGE, W.MESSAGE, W.DOWN, W.EXIT, W.TIMER);

const arbitraries = {
  deliver: fc.record({ do: fc.constant("deliver" as const), to, kind, tag, length, isBound: fc.boolean() }),
  burst: fc.record({ do: fc.constant("burst" as const), to, many: fc.nat(40), length: fc.nat(100) }),
  deliverOutside: fc.record({ do: fc.constant("deliverOutside" as const), to, kind, tag, length: fc.nat(1 << 20) }),
  answer: fc.record({ do: fc.constant("answer" as const), to, kind, which, length: fc.nat(80) }),
  send: fc.record({ do: fc.constant("send" as const), from: actor, to, tag, length }),
  takeFirst: fc.record({ do: fc.constant("takeFirst" as const), of: actor, many: fc.integer({ min: 1, max: 12 }) }),
  takeTag: fc.record({ do: fc.constant("takeTag" as const), of: actor, tag }),
  takeRef: fc.record({ do: fc.constant("takeRef" as const), of: actor, which }),
  takeAt: fc.record({
    do: fc.constant("takeAt" as const),
    of: actor,
    at: fc.nat(200),
    many: fc.integer({ min: 1, max: 25 }),
  }),
  look: fc.record({ do: fc.constant("look" as const), of: actor, many: fc.nat(20) }),
  rewind: fc.record({ do: fc.constant("rewind" as const), of: actor }),
  park: fc.record({ do: fc.constant("park" as const), of: actor, want: fc.nat(3), tag, which }),
  mark: fc.record({ do: fc.constant("mark" as const), of: actor, many: fc.integer({ min: 1, max: 4 }) }),
  receive: fc.record({
    ...{ do: fc.constant("receive" as const), of: actor, want: fc.nat(2), tag, which },
    capacity: fc.oneof(fc.nat(100), fc.constant(W.MAX_INSIDE_BYTES)),
  }),
  request: fc.record({ do: fc.constant("request" as const), from: actor, to, tag, length: fc.nat(200) }),
  demonitor: fc.record({ do: fc.constant("demonitor" as const), of: actor }),
  unmark: fc.record({ do: fc.constant("unmark" as const), of: actor, which }),
  flush: fc.record({ do: fc.constant("flush" as const), of: actor, which }),
  end: fc.record({ do: fc.constant("end" as const), of: actor }),
};

export type Step = {
  [Name in keyof typeof arbitraries]: (typeof arbitraries)[Name] extends fc.Arbitrary<infer S> ? S : never;
}[keyof typeof arbitraries];

const weights: Readonly<Record<keyof typeof arbitraries, number>> = {
  deliver: 12,
  burst: 3,
  deliverOutside: 1,
  answer: 4,
  send: 8,
  takeFirst: 5,
  takeTag: 4,
  takeRef: 3,
  takeAt: 8,
  look: 4,
  rewind: 1,
  park: 2,
  mark: 2,
  receive: 3,
  request: 2,
  demonitor: 1,
  unmark: 1,
  flush: 2,
  end: 0.2,
};

export const step: fc.Arbitrary<Step> = fc.oneof(
  ...Object.entries(arbitraries).map(([name, arbitrary]) => ({
    weight: weights[name as keyof typeof arbitraries] * 10,
    arbitrary: arbitrary as fc.Arbitrary<Step>,
  })),
);

function insist(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

export class KernelPlayer {
  readonly memory: WebAssembly.Memory;
  readonly guest = new WebAssembly.Memory({ initial: GUEST_PAGES });
  readonly records: number[] = [];
  readonly models: Model[] = [];
  /** Payloads that the host keeps. */
  readonly kept = new Map<number, Uint8Array>();
  /** Records in the order in which they should get their turns. */
  readonly queue: number[] = [];
  readonly kernel: Kernel;
  /** The item that a step brings. */
  coming: Item | undefined;
  /** A step has thrown in between: where there could be less in the memory, there may be more. */
  hasFallen = false;
  readonly #maxItemBytes: number;
  #ids = 0;
  #refs = 0;
  #generation = 0;

  /** `called` is told the name of each function of the host before it runs. */
  constructor(maxItemBytes = 2 ** 30, used: Kernel = kernel, called: (name: string) => void = () => undefined) {
    this.kernel = used;
    this.#maxItemBytes = maxItemBytes;
    this.memory = kernelMemory(maxItemBytes);
    used.useMemories(this.memory, this.guest);
    const drop = (handle: number) =>
      insist(this.kept.delete(handle), "a payload is dropped that the host does not keep");
    const outside = {
      hostCall: () => setWord(this.memory, W.CALLED, 1),
      hostHeadroom: () => undefined,
      hostDrop: drop,
      hostSend: () => -1,
      hostRequest: () => 1,
      hostShow: () => undefined,
    };
    used.useOutside(
      Object.fromEntries(
        Object.entries(outside).map(([name, call]) => [
          name,
          (...values: number[]) => {
            called(name);
            return (call as (...values: number[]) => unknown)(...values);
          },
        ]),
      ),
    );
    for (let index = 0; index < ACTORS; index++) {
      this.models.push({ items: [], seen: 0, marks: [], request: undefined });
      this.records.push(this.#claim(index));
    }
  }

  #claim(index: number): number {
    this.#generation++;
    const record = this.kernel.claim((this.#generation << 20) | (index + 1), 7);
    insist(record !== 0, "there is no memory for a record");
    setWord(this.memory, record + W.STATE, W.RUNNING);
    setWord(this.memory, record + W.FLAGS, W.TAKES_MESSAGES | W.MAY_REQUEST);
    for (const limit of [W.MAX_MESSAGES, W.MAX_BYTES, W.MAX_MESSAGE_BYTES])
      setWord(this.memory, record + limit, 1 << 30);
    return record;
  }

  #payload(index: number, length: number): Uint8Array {
    const id = this.#ids++;
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = index * ALPHABET + ((id * 7 + i + (i >> 8)) & (ALPHABET - 1));
    return bytes;
  }

  /** A ref that was made for an actor; each actor has its own. */
  #ref(index: number, which: number): number {
    return FIRST_REF - ACTORS * Math.max(0, this.#refs - 1 - which) - index;
  }

  /** What a step does to the kernel and to the model. The model comes last: a step that throws leaves it. */
  play(given: Step): void {
    const { kernel, memory } = this;
    const index = "to" in given ? given.to : given.of;
    const record = this.records[index];
    const model = this.models[index];
    const field = (name: number) => word(memory, record + name);
    const set = (name: number, value: number) => setWord(memory, record + name, value);
    const items = () => readMailbox(memory, record).items;
    const take = (at: number, place: number) => {
      insist((at === 0) === place < 0, `found ${at}, and not the item ${place}`);
      if (at === 0) return;
      const found = items().findIndex(item => item.at === at);
      insist(found === place, `found the item ${found}, and not ${place}`);
      kernel.remove(record, at);
      this.#remove(model, place);
    };
    if (!("to" in given) && given.do !== "park" && given.do !== "end") set(W.STATE, W.RUNNING);
    switch (given.do) {
      case "deliver":
        this.#deliver(index, given.kind, given.tag, 0, this.#payload(index, given.length), 0, given.isBound);
        break;
      case "burst":
        for (let i = 0; i < given.many; i++)
          this.#deliver(index, W.MESSAGE, i % 5, 0, this.#payload(index, (given.length * i) % 101), 0, false);
        break;
      case "deliverOutside":
        this.#deliver(index, given.kind, given.tag, 0, this.#payload(index, given.length), ++this.#ids, false);
        break;
      case "answer": {
        if (this.#refs === 0) break;
        const ref = this.#ref(index, given.which);
        const isMessage = given.kind === W.MESSAGE;
        this.#deliver(
          index,
          given.kind,
          isMessage ? ref : 0,
          isMessage ? 0 : ref,
          this.#payload(index, given.length),
          0,
          false,
        );
        break;
      }
      case "send": {
        const me = this.#enter(given.from);
        const payload = this.#payload(index, given.length);
        const pointer = this.#stage(payload);
        const item = { kind: W.MESSAGE, tag: given.tag, from: this.#pid(me), ref: 0, reason: 0, outside: 0, payload };
        this.#arrive(
          index,
          item,
          true,
          () => kernel.send(...this.#pid(record), given.tag, pointer, given.length) === 1,
        );
        break;
      }
      case "request": {
        const mine = this.models[given.from];
        if (mine.request !== undefined || given.from === index || !this.#mayGetDown(given.from)) break;
        const me = this.#enter(given.from);
        const ref = -1_000_001 - 2 * this.#ids;
        setWord(memory, W.REFS_LEFT, 1);
        setWord(memory, W.REFS, ref);
        const payload = this.#payload(index, given.length);
        const pointer = this.#stage(payload);
        const item = { kind: W.MESSAGE, tag: given.tag, from: this.#pid(me), ref, reason: 0, outside: 0, payload };
        this.#arrive(
          index,
          item,
          true,
          () => kernel.request(...this.#pid(record), given.tag, pointer, given.length) === ref,
        );
        if (word(memory, W.REFS_LEFT) === 0) mine.request = { ref, to: index };
        break;
      }
      case "demonitor":
        this.#enter(index);
        if (model.request === undefined) break;
        insist(kernel.demonitor(model.request.ref, 0) === 1, "a request is not known");
        model.request = undefined;
        break;
      case "receive":
        this.#receive(index, [0, given.tag, this.#ref(index, given.which)][given.want], given.want, given.capacity);
        break;
      case "takeFirst":
        for (let i = 0; i < given.many; i++) {
          if (model.items.length > 0) take(kernel.first(record), 0);
        }
        break;
      case "takeTag": {
        const place = model.items.findIndex((item, i) => i >= model.seen && hasTag(item, given.tag));
        take(kernel.findTag(record, field(W.SAVED), given.tag), place);
        break;
      }
      case "takeRef": {
        const ref = this.#ref(index, given.which);
        const place = model.items.findIndex(item => bears(item, ref));
        take(kernel.findRef(record, kernel.startFor(record, ref), ref), place);
        break;
      }
      case "takeAt":
        for (let i = 0; i < given.many && model.items.length > 0; i++) {
          const place = (given.at * (i + 1)) % model.items.length;
          take(items()[place].at, place);
        }
        break;
      case "look":
        for (let i = 0; i < given.many; i++) {
          const at = kernel.from(record, field(W.SAVED));
          insist((at === 0) === (model.seen === model.items.length), "from finds another number of items");
          if (at === 0) break;
          const next = kernel.next(record, at);
          set(W.SAVED, next === 0 ? field(W.TAIL) : next);
          model.seen++;
        }
        break;
      case "rewind":
        set(W.SAVED, field(W.HEAD));
        model.seen = 0;
        break;
      case "park":
        set(W.STATE, W.PARKED);
        set(W.WANT, [W.WANT_ANY, W.WANT_TAG, W.WANT_REF, W.WANT_MATCH][given.want]);
        set(W.WANTED, given.want === 1 ? given.tag : given.want === 2 ? this.#ref(index, given.which) : 0);
        set(W.SAVED, field(W.TAIL));
        model.seen = model.items.length;
        break;
      case "mark":
        for (let i = 0; i < given.many; i++) {
          this.#refs++;
          const ref = this.#ref(index, 0);
          const hasMark = field(W.TAIL) !== 0;
          kernel.mark(record, ref);
          if (hasMark) model.marks = [...model.marks.slice(-7), ref];
        }
        break;
      case "unmark": {
        const ref = this.#ref(index, given.which);
        kernel.unmark(record, ref);
        model.marks = model.marks.filter(other => other !== ref);
        break;
      }
      case "flush": {
        const ref = this.#ref(index, given.which);
        for (;;) {
          const place = model.items.findIndex(item => bears(item, ref));
          take(kernel.findRef(record, kernel.startFor(record, ref), ref), place);
          if (place < 0) break;
        }
        break;
      }
      case "end": {
        this.models.forEach(({ request }, of) => {
          if (of === index || request?.to === index) this.play({ do: "demonitor", of });
        });
        kernel.release(record);
        insist(field(W.LO) === 0 && field(W.HI) === -1, "an ended actor has a pid");
        insist(kernel.recordAt(index + 1) === record, "a slot has another record");
        insist(this.#claim(index) === record, "a slot has got another record");
        this.models[index] = { items: [], seen: 0, marks: [], request: undefined };
        break;
      }
    }
  }

  #enter(index: number): number {
    const me = this.records[index];
    this.kernel.become(me);
    setWord(this.memory, W.CURRENT, me);
    return me;
  }

  #pid(record: number): [number, number] {
    return [word(this.memory, record + W.LO), word(this.memory, record + W.HI)];
  }

  /** Puts a payload into the guest's memory, with other bytes around it. */
  #stage(payload: Uint8Array): number {
    const pointer = (this.#ids * 13) % 1000;
    new Uint8Array(this.guest.buffer).fill(0x5a, pointer, pointer + payload.length + 16).set(payload, pointer);
    return pointer;
  }

  /** The limit of all mailboxes counts for the Down, too. */
  #mayGetDown(index: number): boolean {
    return this.kernel.mayTake(this.records[index], this.kernel.sizeFor(0));
  }

  /** A poll of the actor's guest. */
  #receive(index: number, wanted: number, want: number, capacity: number): void {
    const { kernel } = this;
    const record = this.#enter(index);
    const model = this.models[index];
    setWord(this.memory, record + W.HELD, 0);
    const wants = [() => true, hasTag, bears][want];
    const place = model.items.findIndex(item => wants(item, wanted));
    const answer = want === 0 ? kernel.recv(64, 65_536, capacity, 0) : kernel.recvTag(64, 65_536, capacity, 0, wanted);
    insist(answer === (place < 0 ? -1 : model.items[place].payload.length), `a receive answers ${answer}`);
    const { items, positions } = readMailbox(this.memory, record);
    model.seen = positions.get(word(this.memory, record + W.SAVED)) ?? 0;
    if (place < 0) insist(want === 0 || model.seen === items.length, "a poll has not looked at all items");
    else if (answer > capacity)
      insist(model.seen === (want === 0 ? 0 : place), "the save pointer is not at the held item");
    else this.#remove({ ...model, seen: 0 }, place);
  }

  #deliver(
    index: number,
    kind: number,
    tag: number,
    ref: number,
    payload: Uint8Array,
    outside: number,
    isBound: boolean,
  ): void {
    const item = { kind, tag, from: [index + 5, 9] as const, ref, reason: this.#ids, outside, payload };
    if (outside === 0) {
      new Uint8Array(this.memory.buffer).fill(0xee, W.STAGING, W.STAGING + payload.length + 16);
      new Uint8Array(this.memory.buffer).set(payload, W.STAGING);
    } else {
      this.kept.set(outside, payload);
    }
    this.#arrive(index, item, isBound, () =>
      this.kernel.deliver(
        this.records[index],
        kind,
        tag,
        ...item.from,
        ref,
        item.reason,
        payload.length,
        outside,
        isBound,
      ),
    );
  }

  /** Whether there is room, who wakes, and what is passed over, is told from the words before. */
  #arrive(index: number, item: Item, isBound: boolean, bring: () => boolean): void {
    const { memory } = this;
    const record = this.records[index];
    const model = this.models[index];
    const field = (name: number) => word(memory, record + name);
    const inside = item.outside === 0 ? item.payload.length : 8;
    this.coming = item;
    const may = this.kernel.mayTake(record, this.kernel.sizeFor(inside));
    const room = field(W.ROOM);
    const used = word(memory, W.ITEM_BYTES);
    const isParked = field(W.STATE) === W.PARKED;
    const want = field(W.WANT);
    const isWanted =
      want === W.WANT_ANY ||
      want === W.WANT_MATCH ||
      (want === W.WANT_TAG ? hasTag(item, field(W.WANTED)) : bears(item, field(W.WANTED)));
    insist(bring() === (may || !isBound), "an item is taken and should not be, or the other way round");
    const added = word(memory, W.ITEM_BYTES) - used;
    if (!may && isBound) {
      this.coming = undefined;
      insist(added === 0 && field(W.ROOM) === room, "a mailbox that is refused has grown");
      // A new segment has at most twice the bytes that the item needs, or 4 KiB.
      const most = Math.max(4096, 2 * (inside + 64));
      insist(
        used + most > this.#maxItemBytes && room + most > ALWAYS_ROOM_BYTES,
        "there was room for an item that is refused",
      );
      return;
    }
    if (isBound && added > 0)
      insist(
        used + added <= this.#maxItemBytes || field(W.ROOM) <= ALWAYS_ROOM_BYTES,
        "a mailbox has passed the limit",
      );
    model.items.push(item);
    this.coming = undefined;
    if (!isParked) return;
    if (!isWanted) {
      model.seen = model.items.length;
    } else {
      insist(field(W.STATE) === W.READY, "an actor is not woken");
      if (!this.queue.includes(record)) this.queue.push(record);
    }
  }

  #remove(model: Model, place: number): void {
    const [{ outside }] = model.items.splice(place, 1);
    if (place < model.seen) model.seen--;
    if (outside !== 0) insist(!this.kept.has(outside), "the payload of an item that is taken is kept");
    if (model.items.length === 0) model.marks.length = 0;
  }

  /** Compares all that is stored with the models. */
  check(): void {
    const mailboxes = audit(this.memory, this.records);
    mailboxes.forEach((mailbox, index) => {
      this.#checkMailbox(index, mailbox);
    });
    const kept = mailboxes.flatMap(({ items }) => items.map(({ outside }) => outside).filter(outside => outside !== 0));
    insist(
      kept.length === this.kept.size && kept.every(handle => this.kept.has(handle)),
      "the host keeps other payloads",
    );
    const queue = readQueue(this.memory);
    insist(queue.join() === this.queue.join(), `the run queue is ${queue}, and should be ${this.queue}`);
  }

  #checkCallers(index: number): void {
    const cold = (record: number, name: number) => {
      const block = word(this.memory, record + W.COLD);
      return block === 0 ? 0 : word(this.memory, block + name);
    };
    const record = this.records[index];
    const { request } = this.models[index];
    insist(cold(record, W.CALL_REF) === (request?.ref ?? 0), `actor ${index} has another request`);
    const callers: number[] = [];
    let before = 0;
    for (let at = cold(record, W.FIRST_CALLER); at !== 0; at = cold(at, W.NEXT_CALLER)) {
      insist(cold(at, W.PREVIOUS_CALLER) === before && !callers.includes(at), "the list of callers is broken");
      callers.push(at);
      before = at;
    }
    const asking = this.records.filter((_, i) => this.models[i].request?.to === index);
    insist(callers.sort().join() === asking.sort().join(), `the callers of actor ${index} are others`);
  }

  #checkMailbox(index: number, { items, positions, dead, segments }: StoredMailbox): void {
    const model = this.models[index];
    const record = this.records[index];
    insist(items.length === model.items.length, `actor ${index} has ${items.length} items of ${model.items.length}`);
    items.forEach((item, i) => {
      insist(isSame(item, model.items[i]), `actor ${index}: the item ${i} is another one`);
    });
    const seen = positions.get(word(this.memory, record + W.SAVED));
    insist(seen === model.seen, `actor ${index}: the save pointer is before the item ${seen}, not ${model.seen}`);
    insist(this.hasFallen || items.length > 0 || segments.length === 0, "an empty mailbox has segments");
    insist(
      this.hasFallen || dead <= 16 || dead <= items.length,
      `actor ${index} has ${dead} dead items and ${items.length} live ones`,
    );
    const marks = readMarks(this.memory, record);
    insist(marks.map(({ ref }) => ref).join() === model.marks.join(), `actor ${index} has other marks`);
    if (model.request !== undefined)
      marks.push({ ref: model.request.ref, position: word(this.memory, record + W.CALL_MARK) });
    if (word(this.memory, record + W.STATE) === W.PARKED)
      insist(
        word(this.memory, record + W.SAVED) === word(this.memory, record + W.TAIL),
        "a parked actor has not seen all",
      );
    this.#checkCallers(index);
    for (const { ref, position } of marks) {
      const place = model.items.findIndex(item => bears(item, ref));
      insist(place < 0 || place >= (positions.get(position) ?? 0), "an item before its mark bears the ref");
      const at = this.kernel.findRef(record, this.kernel.startFor(record, ref), ref);
      insist(at === (items[place]?.at ?? 0), "an item is not found from its mark");
    }
  }
}

export function hasTag({ kind, tag }: Item, wanted: number): boolean {
  return (kind === W.MESSAGE || kind === W.TIMER) && tag === wanted;
}

export function bears({ kind, tag, ref }: Item, wanted: number): boolean {
  return (kind === W.MESSAGE ? tag : ref) === wanted;
}

/** Whether an item is stored as it was brought. */
export function isSame(stored: StoredMailbox["items"][number], item: Item): boolean {
  return (
    stored.kind === item.kind &&
    stored.tag === item.tag &&
    stored.ref === item.ref &&
    stored.reason === item.reason &&
    stored.from.join() === item.from.join() &&
    stored.outside === item.outside &&
    stored.length === item.payload.length &&
    (stored.outside !== 0 || Buffer.compare(stored.payload, item.payload) === 0)
  );
}
