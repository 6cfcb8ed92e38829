/**
 * Plays steps on the kernel's mailboxes and on plain arrays, and compares. For tests of the kernel
 * without guests.
 */

import { HostBlocks } from "./host-blocks.ts";
import { type Kernel, kernel } from "./kernel-functions.ts";
import { bears, hasTag, type Item, type Model } from "./kernel-items.ts";
import {
  insist,
  kernelMemory,
  readMailbox,
  seedGenerations,
  setWord,
  takeAllOtherSlots,
  word,
} from "./kernel-memory.ts";
import { type Tie, TieModel } from "./kernel-ties.ts";
import { poll, predicates } from "./mailbox-poll.ts";
import { ACTORS, type Step } from "./mailbox-steps.ts";
import * as W from "./words.ts";

/** Bytes that payloads of one actor can have: no other actor's payloads have one of them. */
const ALPHABET = 64;
const GUEST_PAGES = 3;
const FIRST_REF = -2000;
/** A mailbox of this size is never refused its room. */
const ALWAYS_ROOM_BYTES = 65_536;

export class KernelPlayer {
  readonly memory: WebAssembly.Memory;
  readonly guest = new WebAssembly.Memory({ initial: GUEST_PAGES });
  readonly records: number[] = [];
  readonly models: Model[] = [];
  /** Payloads that the host keeps. */
  readonly kept = new Map<number, Uint8Array>();
  /** Links and monitors. */
  readonly ties = new TieModel(ACTORS);
  /** Records in the order in which they should get their turns. */
  readonly queue: number[] = [];
  readonly kernel: Kernel;
  readonly blocks: HostBlocks;
  /** The item that a step brings. */
  coming: Item | undefined;
  /** What a step does to the ties, once the kernel has done it. */
  change: () => void = () => undefined;
  /** A step has thrown in between: where there could be less in the memory, there may be more. */
  hasFallen = false;
  readonly #maxItemBytes: number;
  #ids = 0;
  #refs = 0;

  /** `called` is told the name of each function of the host before it runs. */
  constructor(maxItemBytes = 2 ** 30, used: Kernel = kernel, called: (name: string) => void = () => undefined) {
    this.kernel = used;
    this.#maxItemBytes = maxItemBytes;
    this.memory = kernelMemory(maxItemBytes);
    this.blocks = new HostBlocks(this.memory, used);
    used.useMemories(this.memory, this.guest);
    const drop = (handle: number) =>
      insist(this.kept.delete(handle), "a payload is dropped that the host does not keep");
    const outside = {
      hostCall: () => setWord(this.memory, W.CALLED, 1),
      hostHeadroom: () => undefined,
      hostDrop: drop,
      hostSend: () => -1,
      hostRequest: () => 1,
      ...{ hostMonitor: () => 1, hostLink: () => -1, hostUnlink: () => -1, hostDemonitor: () => -1 },
      hostCharge: () => undefined,
      hostShow: () => undefined,
      hostGrown: () => undefined,
      hostSeed: () => seedGenerations(this.memory, 7 << 10),
      ...predicates(this.guest),
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
    // Slot 0, whose actor no one knows.
    used.open();
    for (let index = 0; index < ACTORS; index++) {
      this.models.push({ items: [], seen: 0, marks: [] });
      this.records.push(this.#open(index));
    }
    takeAllOtherSlots(this.memory);
  }

  #open(index: number): number {
    const record = this.kernel.open();
    insist(record !== 0, "there is no memory for a record");
    insist(this.kernel.recordAt(index + 1) === record, "a slot has another record");
    setWord(this.memory, record + W.STATE, W.RUNNING);
    setWord(this.memory, record + W.FLAGS, W.TAKES_MESSAGES | W.MAY_END | W.HAS_MATCH | W.HAS_MATCH_FIRST);
    setWord(this.memory, record + W.SPEC, this.blocks.specWith(1 << 30));
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
      this.takeOut(model, place);
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
        const [tag, bearing] = given.kind === W.MESSAGE ? [ref, 0] : [0, ref];
        this.#deliver(index, given.kind, tag, bearing, this.#payload(index, given.length), 0, false);
        break;
      }
      case "send": {
        const me = this.enter(given.from);
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
        // The limit of all mailboxes counts for the Down, too.
        const mayGetDown = kernel.mayTake(this.records[given.from], kernel.sizeFor(0));
        if (given.from === index || !mayGetDown) break;
        const me = this.enter(given.from);
        const ref = this.#draw();
        const payload = this.#payload(index, given.length);
        const pointer = this.#stage(payload);
        const item = { kind: W.MESSAGE, tag: given.tag, from: this.#pid(me), ref, reason: 0, outside: 0, payload };
        this.change = () => this.ties.add(W.MONITOR, given.from, index, ref);
        let answer = 0;
        this.#arrive(index, item, true, () => {
          answer = kernel.request(...this.#pid(record), given.tag, pointer, given.length);
          return answer === ref;
        });
        if (answer === ref) this.#made(given.from, ref);
        this.change = () => undefined;
        break;
      }
      case "monitor": {
        if (!kernel.mayTake(this.records[given.from], kernel.sizeFor(0))) break;
        this.enter(given.from);
        const ref = this.#draw();
        this.change = () => this.ties.add(W.MONITOR, given.from, index, ref);
        insist(kernel.monitor(...this.#pid(record)) === ref, "a monitor has no ref");
        this.#made(given.from, ref);
        break;
      }
      case "link": {
        this.enter(given.from);
        const isNew = given.from !== index && this.ties.linkOf(given.from, index) === undefined;
        if (isNew) this.change = () => this.ties.add(W.LINK, given.from, index, 0);
        insist(kernel.link(...this.#pid(record)) === 1, "a link is not made");
        this.#changed();
        break;
      }
      case "unlink": {
        this.enter(given.from);
        const tie = this.ties.linkOf(given.from, index);
        if (tie !== undefined) this.change = () => this.ties.remove(tie);
        insist(kernel.unlink(...this.#pid(record)) === 1, "a link is not removed");
        this.#changed();
        break;
      }
      case "trapExit": {
        this.enter(index);
        const before = (field(W.FLAGS) & W.TRAPS_EXITS) === 0 ? 0 : 1;
        insist(kernel.trapExit(given.on) === before, "trap_exit answers another state");
        insist(kernel.trapExit(given.on) === given.on, "trap_exit has set another state");
        break;
      }
      case "delegate": {
        const tie = this.#monitor(index, given.which);
        if (tie === undefined || kernel.findDelegated(this.records[given.by], tie.ref) !== 0) break;
        const via = this.#pid(this.records[tie.other]);
        this.change = () => this.ties.delegate(tie, given.by, via);
        kernel.delegateTie(kernel.findMonitor(record, tie.ref), this.records[given.by], ...via);
        this.#changed();
        break;
      }
      case "reply": {
        const tie = this.#monitor(index, given.which);
        if (tie === undefined) break;
        const me = this.enter(given.by < 0 ? tie.other : given.by);
        const mayAnswer = this.records[tie.other] === me && !tie.isAnswered;
        const payload = this.#payload(index, given.length);
        const pointer = this.#stage(payload);
        const item = { kind: W.MESSAGE, tag: tie.ref, from: this.#pid(me), ref: 0, reason: 0, outside: 0, payload };
        const reply = () => kernel.send(...this.#pid(record), tie.ref, pointer, given.length);
        if (!mayAnswer) {
          insist(reply() === -1, "a message is taken for an answer that is none");
          break;
        }
        this.change = () => {
          tie.isAnswered = true;
        };
        let answer = 0;
        this.#arrive(index, item, true, () => {
          answer = reply();
          return answer === 1;
        });
        if (answer === 1) this.#changed();
        this.change = () => undefined;
        break;
      }
      case "demonitor": {
        this.enter(index);
        const tie = this.#monitor(index, given.which);
        if (tie === undefined) {
          insist(kernel.demonitor(-99, 0) === -1, "a monitor is known that never was");
          break;
        }
        this.change = () => this.ties.remove(tie);
        insist(kernel.demonitor(tie.ref, 0) === 1, "a monitor is not known");
        model.marks = model.marks.filter(ref => ref !== tie.ref);
        this.#changed();
        break;
      }
      case "receive":
        poll(
          this,
          index,
          [0, given.tag, this.#ref(index, given.which), given.tag][given.want],
          given.want,
          given.capacity,
        );
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
      case "takeRef":
      case "flush": {
        const ref = this.#ref(index, given.which);
        for (let place = 0; place >= 0; ) {
          place = model.items.findIndex(item => bears(item, ref));
          take(kernel.findRef(record, kernel.startFor(record, ref), ref), place);
          if (given.do === "takeRef") break;
        }
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
      case "end": {
        this.#announce(index);
        kernel.hide(record);
        insist((field(W.LO) & W.SLOT_MASK) !== index + 1 && field(W.HI) === -1, "an ended actor has a pid");
        kernel.close(record);
        insist(this.#open(index) === record, "a slot has got another record");
        this.models[index] = { items: [], seen: 0, marks: [] };
        break;
      }
    }
  }

  /** What the host does with the ties of an ended actor: linked actors first, then those that watch it. */
  #announce(index: number): void {
    const { kernel, ties } = this;
    const record = this.records[index];
    const linked = ties.ties[index].filter(({ kind }) => kind === W.LINK).map(tie => tie.owner + tie.other - index);
    // Its own monitors end with it.
    const watchers = ties.watchers[index].filter(({ owner }) => owner !== index);
    const told: number[] = [];
    for (let tie = kernel.firstTie(record); tie !== 0; tie = kernel.firstTie(record)) {
      const kind = word(this.memory, tie + W.TIE_KIND);
      if (kind === W.WAS_LINKED) break;
      if (kind === W.MONITOR) kernel.dropTie(tie);
      else {
        const [owner, other] = [W.TIE_OWNER, W.TIE_OTHER].map(place =>
          this.records.indexOf(word(this.memory, tie + place)),
        );
        told.push(owner + other - index);
        kernel.loosenLink(tie, record);
      }
    }
    insist(told.join() === linked.join(), `the linked actors are told in the order ${told}, not ${linked}`);
    for (const { owner, ref } of watchers) {
      const tie = kernel.firstWatcher(record);
      insist(word(this.memory, tie + W.TIE_REF) === ref, "a watcher is told out of order");
      const link = kernel.findLink(this.records[owner], record);
      insist(
        (link !== 0) === linked.includes(owner),
        "a watcher was linked, or was not, and the kernel says otherwise",
      );
      insist(link === 0 || word(this.memory, link + W.TIE_KIND) === W.WAS_LINKED, "a link is left");
      kernel.dropTie(tie);
    }
    insist(kernel.firstWatcher(record) === 0, "a watcher is left");
    for (let tie = kernel.firstTie(record); tie !== 0; tie = kernel.firstTie(record)) kernel.dropTie(tie);
    for (const tie of [...ties.ties[index], ...ties.watchers[index]]) ties.remove(tie);
  }

  /** The only ref that the kernel can draw. */
  #draw(): number {
    const ref = -1_000_001 - 2 * this.#ids++;
    setWord(this.memory, W.REFS_LEFT, 1);
    setWord(this.memory, W.REFS, ref);
    return ref;
  }

  /** A monitor is made, with its mark. */
  #made(index: number, ref: number): void {
    this.#changed();
    const isMarked = word(this.memory, this.records[index] + W.TAIL) !== 0;
    const model = this.models[index];
    if (isMarked) model.marks = [...model.marks.slice(-7), ref];
  }

  #changed(): void {
    const { change } = this;
    this.change = () => undefined;
    change();
  }

  /** One of the monitors that an actor has. */
  #monitor(index: number, which: number): Tie | undefined {
    const monitors = this.ties.monitorsOf(index);
    return monitors[which % Math.max(1, monitors.length)];
  }

  enter(index: number): number {
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
      // A new segment has at most twice the bytes that the item needs, or that four short ones need.
      const most = Math.max(4096, (inside < 4000 ? 8 : 2) * (inside + 64));
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

  takeOut(model: Model, place: number): void {
    const [{ outside }] = model.items.splice(place, 1);
    if (place < model.seen) model.seen--;
    if (outside !== 0) insist(!this.kept.has(outside), "the payload of an item that is taken is kept");
    if (model.items.length === 0) model.marks.length = 0;
  }
}
