/**
 * Plays guests on the kernel that are written in TypeScript, and checks each answer that they get
 * against docs/abi.md: a mailbox is a plain array, and a receive takes the first item that it wants.
 */

import { checkGuests } from "./guest-check.ts";
import { type Command, type Step, WIDE } from "./guest-programs.ts";
import { answered, flush, receive, wantedPlace } from "./guest-receives.ts";
import { HostBlocks } from "./host-blocks.ts";
import { type Kernel, kernel } from "./kernel-functions.ts";
import { bears } from "./kernel-items.ts";
import { insist, kernelMemory, seedGenerations, setWord, word } from "./kernel-memory.ts";
import {
  CANARY,
  checkShown,
  FOREIGN,
  type Guest,
  keptAt,
  match,
  matchFirst,
  newGuest,
  payloadFor,
} from "./shown-items.ts";
import * as W from "./words.ts";

const SEND_FROM = 33_333;
const TURNS_AT_MOST = 5000;

export class KernelGuests {
  readonly memory = kernelMemory();
  readonly guests: Guest[] = [];
  readonly kernel: Kernel;
  readonly blocks: HostBlocks;
  readonly #kept = new Map<number, Uint8Array>();
  /** Requests that no one has answered, and that are not demonitored: who asked whom. */
  readonly requests = new Map<number, { readonly by: number; readonly of: number; answered: boolean }>();
  #nowMs = 0;
  #ids = 1;
  #refs = 0;
  sent = 0;
  received = 0;
  /** Reductions that the fourth guest has paid. */
  paid = 0;

  constructor(given: readonly (readonly Command[])[], used: Kernel = kernel) {
    this.kernel = used;
    this.blocks = new HostBlocks(this.memory, used);
    this.kernel.useMemories(this.memory, new WebAssembly.Memory({ initial: 1 }));
    this.#useOutside();
    // Slot 0, whose actor no one knows.
    this.kernel.open();
    given.forEach((program, at) => {
      const record = this.kernel.open();
      const isHandler = at === 2;
      const may = W.TAKES_MESSAGES | W.RESIDENT | W.TAKES_TURNS | W.HAS_MATCH;
      const ways = isHandler ? W.IS_HANDLER : W.MAY_PARK | W.KNOWS_PARK | W.GIVES_WAY;
      this.#set(record + W.FLAGS, may | ways | (at === 1 ? 0 : W.HAS_MATCH_FIRST) | (at === 3 ? W.PAYS : 0));
      this.#set(record + W.MAX_MESSAGES, at === 3 ? 60 : 1 << 30);
      this.#set(record + W.MAX_BYTES, 1 << 30);
      this.#set(record + W.MAX_MESSAGE_BYTES, 4000);
      this.#set(record + W.BODY, this.blocks.instance);
      this.#set(record + W.SPEC, this.blocks.specWith(at === 1 ? 3 : 1 << 30));
      this.guests.push(newGuest(this.kernel, at, record, program, isHandler));
      if (isHandler) this.#window(record, 64, 3000, 100);
      this.kernel.enqueue(record);
    });
  }

  #get(address: number): number {
    return word(this.memory, address);
  }

  #set(address: number, value: number): void {
    setWord(this.memory, address, value);
  }

  /** What the import `window` does. */
  #window(record: number, ...window: readonly number[]): void {
    const cold = this.#get(record + W.COLD);
    window.forEach((value, i) => {
      this.#set(cold + W.HANDLER_INFO + 4 * i, value);
      this.#set(record + W.INFO + 4 * i, value);
    });
  }

  /** The guest whose turn it is. */
  get #me(): Guest {
    const me = this.guests.find(({ record }) => record === this.#get(W.CURRENT));
    insist(me !== undefined, "no guest has a turn");
    return me;
  }

  #enter(guest: Guest): void {
    // The memory says whose port it is.
    this.kernel.useMemories(this.memory, guest.memory);
    this.kernel.become(guest.record);
  }

  #useOutside(): void {
    this.kernel.useOutside({
      hostCall: () => this.#set(W.CALLED, 1),
      ...{ hostGrown: () => undefined, hostHeadroom: () => undefined },
      hostSeed: () => seedGenerations(this.memory, ((3 << 10) | 77) - 1),
      // Every third turn is timed.
      hostTimed: record => record !== 0 && this.#set(W.UNTIMED, 2),
      hostDrop: handle => insist(this.#kept.delete(handle), "a payload is dropped twice"),
      hostShow: (handle, pointer, length) =>
        new Uint8Array(this.#me.memory.buffer).set((this.#kept.get(handle) as Uint8Array).subarray(0, length), pointer),
      hostDisarm: () => {
        insist(this.#me.deadlineMs !== undefined, "a timer is cancelled that is not set");
        this.#me.deadlineMs = undefined;
      },
      hostCharge: reductions => {
        insist(this.#me.at === 3 && reductions > 0, "an actor pays that has not to");
        this.paid += reductions;
      },
      hostRecv: () => FOREIGN,
      hostSend: (lo, hi, tag, _pointer, length) => this.#hostSend(lo, hi, tag, length),
      hostRequest: (lo, hi, _tag, _pointer, length) => {
        const to = this.#guestOf(lo, hi);
        const made = [...this.requests.values()].filter(({ by }) => by === this.#me.at).length;
        const isFull = this.#isFull(to, length) || this.#isFull(this.#me, 0) || (this.#me.at === 1 && made === 3);
        insist(to === this.#me || isFull, "a request is left to the host for no reason");
        return 1;
      },
      hostDemonitor: (ref, flushes) => {
        if (flushes !== 0) flush(this.#me, ref);
        this.kernel.unmark(this.#me.record, ref);
        return this.requests.has(ref) ? this.kernel.demonitor(ref, 0) : 0;
      },
      callTurn: record => this.#turn(this.guests.find(guest => guest.record === record) as Guest),
      callResume: result => this.#resume(this.#me, result),
      callHandle: length => this.#handle(this.#me, length),
      callMatch: (predicate, pointer, length) => match(this.#me, predicate, pointer, length),
      callMatchFirst: (predicate, pointer, bytes) => matchFirst(this.#me, predicate, pointer, bytes),
    });
  }

  #guestOf(lo: number, hi: number): Guest | undefined {
    const guest = this.guests[(lo & 0xfffff) - 1];
    return guest?.isAlive && this.#get(guest.record + W.LO) === lo && hi === 3 ? guest : undefined;
  }

  #isFull(to: Guest | undefined, length: number): boolean {
    return to === undefined || length > 4000 || to.mailbox.length >= this.#get(to.record + W.MAX_MESSAGES);
  }

  /** Only what the kernel may not decide comes here. */
  #hostSend(lo: number, hi: number, tag: number, length: number): number {
    if (this.#get(this.#me.record + W.RESTRAINT) === W.ASKING) return FOREIGN;
    const to = this.#guestOf(lo, hi);
    const request = this.requests.get(tag);
    const mayAnswer = request !== undefined && request.of === this.#me.at && request.by === to?.at && !request.answered;
    insist(this.#isFull(to, length) || (tag < 0 && !mayAnswer), "a message is left to the host for no reason");
    return 0;
  }

  #turn(guest: Guest): number {
    this.#enter(guest);
    guest.takenInTurn = 0;
    const left = this.kernel.turn(guest.record);
    insist(guest.takenInTurn <= W.TURN_ITEMS, "a turn takes too many items");
    return left;
  }

  /** The guest's `resume:E`. */
  #resume(me: Guest, result: number): number {
    insist(me.deadlineMs === undefined, "a timer is not cancelled");
    if (me.waiting !== undefined) answered(this, me, me.waiting, result, true);
    me.waiting = undefined;
    me.isOver = false;
    me.givesWay = false;
    while (me.pc < me.program.length) {
      this.#execute(me, me.program[me.pc++]);
      if (me.waiting !== undefined || me.givesWay) return 1;
    }
    return 0;
  }

  /** The guest's `handle`: two commands for each item. */
  #handle(me: Guest, length: number): void {
    const item = me.mailbox[0];
    insist(item !== undefined && item.payload.length === length, "a handler gets another item");
    checkShown(me, item, 64, 3000, 100, false);
    if (length <= 100) this.take(me, 0);
    else this.#execute(me, { ...WIDE, info: 8, pointer: 1000 });
    for (let i = 0; i < 2 && me.pc < me.program.length; i++) this.#execute(me, me.program[me.pc++]);
  }

  #execute(me: Guest, given: Command): void {
    if (given.do === "receive") receive(this, me, given);
    else if (given.do === "repeat") {
      for (let i = 0; i < given.times && me.waiting === undefined; i++)
        receive(this, me, { ...given.receive, timeoutMs: 0 });
    } else if (given.do === "again") receive(this, me, { ...(me.last ?? WIDE), capacity: 30_000, pointer: 1111 });
    else if (given.do === "send") this.#send(me, this.guests[given.to], given.tag, given.length);
    else if (given.do === "flood") {
      for (let i = 0; i < given.many && !me.givesWay; i++) this.#send(me, this.guests[given.to], 3, 4);
    } else if (given.do === "request") this.#request(me, this.guests[given.to], given.tag, given.length);
    else if (given.do === "answer") {
      // It may be another one that was asked.
      const { asked } = given.which === 5 ? this.guests[me.at ^ 1] : me;
      const request = asked[given.which % Math.max(1, asked.length)];
      if (request !== undefined) this.#send(me, request.by, request.ref, given.length);
    } else if (given.do === "demonitor") {
      const ref = me.refs[given.which % Math.max(1, me.refs.length)];
      if (ref === undefined) return;
      const isPending = this.requests.has(ref);
      insist(this.kernel.demonitor(ref, given.flush) === (isPending ? 1 : 0), "demonitor answers something else");
      this.requests.delete(ref);
      insist(given.flush === 0 || !me.mailbox.some(item => bears(item, ref)), "a flush leaves an item");
    } else if (given.do === "monitor") {
      const ref = -9000 - 2 * this.#refs++;
      this.kernel.mark(me.record, ref);
      me.refs.unshift(ref);
    } else this.#set(me.record + W.BUDGET, Math.min(given.left, this.#get(me.record + W.BUDGET)));
  }

  /** The payload stands in the guest's memory while it sends. */
  #from(me: Guest, payload: Uint8Array, send: () => number): number {
    const bytes = new Uint8Array(me.memory.buffer);
    bytes.set(payload, SEND_FROM);
    const answer = send();
    bytes.fill(CANARY, SEND_FROM, SEND_FROM + payload.length);
    return answer;
  }

  #send(me: Guest, to: Guest, tag: number, length: number): void {
    const payload = payloadFor(to, this.#ids++, length);
    const [lo, hi] = [(77 << 20) | (to.at + 1), 3];
    const paid = this.paid;
    const answer = this.#from(me, payload, () => this.kernel.send(lo, hi, tag, SEND_FROM, length));
    insist(answer === 0 || this.paid - paid === (me.at === 3 ? length >> 6 : 0), "a message has another price");
    const request = this.requests.get(tag);
    const mayAnswer = tag >= 0 || (request?.of === me.at && request.by === to.at && !request.answered);
    const isTaken = !this.#isFull(to.isAlive ? to : undefined, length) && mayAnswer;
    insist(answer === (isTaken ? 1 : 0) || (answer === 2 && isTaken && !me.isHandler), `send answers ${answer}`);
    if (answer === 2) me.givesWay = true;
    if (!isTaken) return;
    if (request !== undefined && tag < 0) request.answered = true;
    this.sent++;
    to.mailbox.push({
      kind: W.MESSAGE,
      tag,
      from: [(77 << 20) | (me.at + 1), 3],
      ref: 0,
      reason: 0,
      outside: 0,
      payload,
    });
  }

  #request(me: Guest, to: Guest, tag: number, length: number): void {
    const left = this.#get(W.REFS_LEFT);
    if (left === 0) {
      this.#set(W.REFS_LEFT, 4);
      for (let i = 0; i < 4; i++) this.#set(W.REFS + 4 * i, -3001 - 2 * this.#refs++);
    }
    const payload = payloadFor(to, this.#ids++, length);
    const paid = this.paid;
    const ref = this.#from(me, payload, () => this.kernel.request((77 << 20) | (to.at + 1), 3, tag, SEND_FROM, length));
    if (ref === 1) return;
    insist(this.paid - paid === (me.at === 3 ? W.TIE_PRICE + (length >> 6) : 0), "a request has another price");
    insist(ref < -1023 && !this.requests.has(ref), "a request has no ref of its own");
    this.requests.set(ref, { by: me.at, of: to.at, answered: false });
    me.refs.unshift(ref);
    this.sent++;
    const from = [(77 << 20) | (me.at + 1), 3] as const;
    to.asked.unshift({ ref, by: me });
    to.mailbox.push({ kind: W.MESSAGE, tag, from, ref, reason: 0, outside: 0, payload });
  }

  take(me: Guest, place: number): void {
    const [{ kind }] = me.mailbox.splice(place, 1);
    if (kind === W.MESSAGE || kind === W.TIMER) this.received++;
    me.held = undefined;
    me.takenInTurn++;
  }

  play(given: Step): void {
    if (given.do === "run") this.run(given.turns, given.isTimed);
    else if (given.do === "advance") this.#advance(given.byMs);
    else if (given.do === "deliver") {
      const { kind, tag } = given;
      const ofTag = kind === W.MESSAGE || kind === W.TIMER ? tag : 0;
      for (let i = 0; i < given.many; i++)
        this.#deliver(given.to, kind, ofTag === 0 ? 0 : (ofTag + i) & 3, 0, given.length, given.isOutside);
    } else {
      const { refs } = this.guests[given.to];
      const ref = refs[given.which % Math.max(1, refs.length)];
      if (ref !== undefined) this.#deliver(given.to, W.DOWN, 0, ref, given.length, false);
    }
    checkGuests(this);
  }

  #deliver(to: number, kind: number, tag: number, ref: number, length: number, isOutside: boolean): void {
    const guest = this.guests[to];
    if (!guest.isAlive) return;
    const payload = payloadFor(guest, this.#ids++, length);
    const outside = isOutside ? keptAt(guest, this.#ids) : 0;
    if (isOutside) this.#kept.set(outside, payload);
    else new Uint8Array(this.memory.buffer).set(payload, W.STAGING);
    const item = { kind, tag, from: [to, 1] as const, ref, reason: this.#ids, outside, payload };
    const { from, reason } = item;
    insist(
      this.kernel.deliver(guest.record, kind, tag, ...from, ref, reason, length, outside, false),
      "there is no room",
    );
    guest.mailbox.push(item);
  }

  #advance(byMs: number): void {
    this.#nowMs += byMs;
    for (const guest of this.guests) {
      if (guest.deadlineMs === undefined || guest.deadlineMs > this.#nowMs) continue;
      guest.deadlineMs = undefined;
      guest.isOver = true;
      this.#set(guest.record + W.TIMED, W.OVER);
      this.kernel.enqueue(guest.record);
    }
  }

  /** Gives turns, and does what the host does after them. */
  run(turns: number, isTimed = false): void {
    for (let left = turns; left > 0 && this.#get(W.QUEUE_LENGTH) > 0; left -= 50) {
      const answer = isTimed ? this.kernel.runTimed(Math.min(left, 50)) : this.kernel.run(Math.min(left, 50));
      for (let i = 0; i < this.#get(W.TIMED_LENGTH); i++) {
        const guest = this.guests.find(({ record }) => record === this.#get(W.TIMED_LIST + 4 * i)) as Guest;
        if (!guest.isAlive || this.#get(guest.record + W.TIMED) !== W.TIMED_BY_KERNEL) continue;
        this.#set(guest.record + W.TIMED, W.TIMED_BY_HOST);
        guest.deadlineMs = this.#nowMs + this.#get(guest.record + W.TIMEOUT);
      }
      this.#set(W.TIMED_LENGTH, 0);
      if (answer === 0) continue;
      insist((answer & 127) === W.RETURNED, `a turn leaves ${answer & 127} to the host`);
      this.#end(this.guests.find(({ record }) => record === (answer & -128)) as Guest);
    }
  }

  /** An actor ends. Whoever has asked it gets its Down; what it has asked is forgotten. */
  #end(guest: Guest): void {
    for (const [ref, { by, of }] of this.requests) {
      if (by !== guest.at && of !== guest.at) continue;
      const tie = this.kernel.findMonitor(this.guests[by].record, ref);
      insist(tie !== 0, "a request is not known");
      this.kernel.dropTie(tie);
      this.requests.delete(ref);
      if (by !== guest.at) this.#deliver(by, W.DOWN, 0, ref, 0, false);
    }
    this.kernel.hide(guest.record);
    this.kernel.close(guest.record);
    guest.isAlive = false;
    guest.mailbox = [];
  }

  /** All that could have a turn has had it: whoever waits has nothing to wait for. */
  settle(): void {
    this.run(TURNS_AT_MOST);
    insist(this.#get(W.QUEUE_LENGTH) === 0, "some actor takes turns for ever");
    for (const guest of this.guests) {
      if (!guest.isAlive) continue;
      insist(this.#get(guest.record + W.STATE) === W.PARKED, "an actor that has no turn is not parked");
      if (guest.isHandler) insist(guest.mailbox.length === 0, "a handler has left items");
      else insist(guest.waiting !== undefined && wantedPlace(guest, guest.waiting) < 0, "an actor is not woken");
      insist(guest.waiting?.timeoutMs !== 0 && !guest.isOver, "a receive has not ended after its time");
    }
    checkGuests(this);
  }
}
