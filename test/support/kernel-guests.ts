/**
 * Plays guests on the kernel that are written in TypeScript, and checks each answer that they get
 * against docs/abi.md: a mailbox is a plain array, and a receive takes the first item that it wants.
 */
import fc from "fast-check";
import * as W from "../../host/kernel/words.ts";
import { audit, kernelMemory, readQueue, setWord, word } from "./kernel-memory.ts";
import { bears, hasTag, type Item, kernel } from "./kernel-player.ts";

const CANARY = 0x5a;
const UNTOUCHED = new Uint8Array(65_536).fill(CANARY);
const SEND_FROM = 33_333;
/** Bytes of the payloads of one actor: no other actor's have one of them. The canary is none. */
const ALPHABET = 16;
/** Below this, a predicate is asked about all items in one turn. */
const ASKED_BYTES_A_TURN = 262_144;
const FOREIGN = 12_345;
const TURNS_AT_MOST = 5000;

const index = fc.nat(3);
const length = fc.oneof({ weight: 6, arbitrary: fc.nat(60) }, { weight: 1, arbitrary: fc.nat(5000) });
const tag = fc.nat(3);
const which = fc.nat(5);

const receive = fc.record({
  do: fc.constant("receive" as const),
  how: fc.constantFrom("any" as const, "tag" as const, "ref" as const, "match" as const, "match" as const),
  tag,
  which,
  predicate: fc.nat(31),
  info: fc.nat(9),
  pointer: fc.integer({ min: 1000, max: 20_000 }),
  capacity: fc.oneof({ weight: 2, arbitrary: fc.nat(70) }, { weight: 3, arbitrary: fc.nat(6000) }),
  timeoutMs: fc.oneof(fc.constant(0), fc.constant(-1), fc.integer({ min: 1, max: 50 })),
});
type Receive = typeof receive extends fc.Arbitrary<infer R> ? R : never;

const command = fc.oneof(
  { weight: 10, arbitrary: receive },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("repeat" as const), receive, times: fc.nat(60) }) },
  // The same receive, with room for all that it may find.
  { weight: 3, arbitrary: fc.record({ do: fc.constant("again" as const) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("send" as const), to: index, tag, length }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("flood" as const), to: index, many: fc.integer({ min: 200, max: 300 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("request" as const), to: index, tag, length }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("answer" as const), which, length }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("demonitor" as const), which, flush: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("monitor" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("spend" as const), left: fc.nat(2) }) },
);
type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;

/** Processes, but the third, which is a handler. The second has no `match_first`. */
export const programs: fc.Arbitrary<Command[][]> = fc.array(fc.array(command, { minLength: 5, maxLength: 80 }), {
  minLength: 4,
  maxLength: 4,
});

export const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("deliver" as const),
      to: index,
      kind: fc.constantFrom(W.MESSAGE, W.MESSAGE, W.MESSAGE, W.TIMER, W.EXIT),
      tag,
      length,
      isOutside: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, fc.constant(true)),
      many: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 5 }) }, fc.integer({ min: 1, max: 120 })),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("down" as const), to: index, which, length: fc.nat(40) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("run" as const), turns: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("advance" as const), byMs: fc.nat(30) }) },
);
export type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** A receive in progress, as it should be. */
interface Waiting extends Receive {
  readonly wanted: number;
  /** How many items of the mailbox the predicate has been asked about. */
  asked: number;
  /** What its actor had paid before. */
  readonly paid: number;
  readonly asksAgain: boolean;
}

interface Guest {
  readonly at: number;
  readonly record: number;
  readonly memory: WebAssembly.Memory;
  readonly program: readonly Command[];
  readonly isHandler: boolean;
  pc: number;
  mailbox: Item[];
  refs: number[];
  /** Requests that it has got and may answer. */
  asked: { ref: number; lo: number; hi: number }[];
  waiting: Waiting | undefined;
  /** It waits for its next turn, because `send` has said so. */
  givesWay: boolean;
  last: Receive | undefined;
  held: { readonly item: Item; readonly how: string; readonly wanted: number } | undefined;
  deadlineMs: number | undefined;
  isAlive: boolean;
  takenInTurn: number;
}

function insist(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

export class KernelGuests {
  readonly memory = kernelMemory();
  readonly guests: Guest[] = [];
  readonly #kept = new Map<number, Uint8Array>();
  /** Requests that no one has answered, and that are not demonitored: who asked whom. */
  readonly #requests = new Map<number, { readonly by: number; readonly of: number; answered: boolean }>();
  #nowMs = 0;
  #ids = 1;
  #refs = 0;
  #sent = 0;
  #received = 0;
  /** Reductions that the fourth guest has paid. */
  #paid = 0;

  constructor(given: readonly (readonly Command[])[]) {
    kernel.useMemories(this.memory, new WebAssembly.Memory({ initial: 1 }));
    this.#useOutside();
    given.forEach((program, at) => {
      const record = kernel.claim((77 << 20) | (at + 1), 3);
      const isHandler = at === 2;
      const may = W.TAKES_MESSAGES | W.TAKES_TURNS | W.HAS_MATCH | W.MAY_REQUEST;
      const ways = isHandler ? W.IS_HANDLER : W.MAY_PARK | W.KNOWS_PARK | W.GIVES_WAY;
      this.#set(record + W.FLAGS, may | ways | (at === 1 ? 0 : W.HAS_MATCH_FIRST) | (at === 3 ? W.PAYS : 0));
      this.#set(record + W.MAX_MESSAGES, at === 3 ? 60 : 1 << 30);
      this.#set(record + W.MAX_BYTES, 1 << 30);
      this.#set(record + W.MAX_MESSAGE_BYTES, 4000);
      this.guests.push({
        ...{
          at,
          record,
          program,
          isHandler,
          pc: 0,
          mailbox: [],
          refs: [],
          asked: [],
          waiting: undefined,
          last: undefined,
        },
        ...{ givesWay: false, held: undefined, deadlineMs: undefined, isAlive: true, takenInTurn: 0 },
        memory: new WebAssembly.Memory({ initial: 1 }),
      });
      new Uint8Array(this.guests[at].memory.buffer).fill(CANARY);
      if (isHandler) this.#window(record, 64, 3000, 100);
      kernel.enqueue(record);
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
    const cold = kernel.coldOf(record);
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
    kernel.become(guest.record);
    kernel.useMemories(this.memory, guest.memory);
  }

  #useOutside(): void {
    kernel.useOutside({
      hostCall: () => this.#set(W.CALLED, 1),
      hostStart: () => this.#set(this.#me.record + W.FLAGS, this.#get(this.#me.record + W.FLAGS) | W.STARTED),
      hostGrown: () => undefined,
      hostHeadroom: () => undefined,
      hostDrop: handle => insist(this.#kept.delete(handle), "a payload is dropped twice"),
      hostShow: (handle, pointer, length) =>
        new Uint8Array(this.#me.memory.buffer).set((this.#kept.get(handle) as Uint8Array).subarray(0, length), pointer),
      hostDisarm: () => {
        insist(this.#me.deadlineMs !== undefined, "a timer is cancelled that is not set");
        this.#me.deadlineMs = undefined;
      },
      hostCharge: reductions => {
        insist(this.#me.at === 3 && reductions > 0, "an actor pays that has not to");
        this.#paid += reductions;
      },
      hostRecv: () => FOREIGN,
      hostSend: (lo, hi, tag, _pointer, length) => this.#hostSend(lo, hi, tag, length),
      hostRequest: (lo, hi, _tag, _pointer, length) => {
        const to = this.#guestOf(lo, hi);
        const isBusy = [...this.#requests.values()].some(({ by }) => by === this.#me.at);
        const isFull = this.#isFull(to, length) || this.#isFull(this.#me, 0);
        insist(isBusy || to === this.#me || isFull || this.#me.at === 3, "a request is left to the host for no reason");
        return 1;
      },
      hostDemonitor: (ref, flush) => {
        const me = this.#me;
        for (let at = 0; flush !== 0; ) {
          at = kernel.findRef(me.record, kernel.startFor(me.record, ref), ref);
          const place = me.mailbox.findIndex(item => bears(item, ref));
          insist((at === 0) === place < 0, "a flush finds another item");
          if (at === 0) break;
          kernel.remove(me.record, at);
          const [item] = me.mailbox.splice(place, 1);
          if (me.held?.item === item) me.held = undefined;
          if (me.waiting !== undefined && place < me.waiting.asked) me.waiting.asked--;
        }
        kernel.unmark(me.record, ref);
        return this.#requests.has(ref) ? kernel.demonitor(ref, 0) : 0;
      },
      callTurn: slot => this.#turn(this.guests[slot - 1]),
      callResume: result => this.#resume(this.#me, result),
      callHandle: length => this.#handle(this.#me, length),
      callMatch: (predicate, pointer, length) => this.#match(predicate, pointer, length),
      callMatchFirst: (predicate, pointer, bytes) => this.#matchFirst(predicate, pointer, bytes),
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
    const request = this.#requests.get(tag);
    const mayAnswer = request !== undefined && request.of === this.#me.at && request.by === to?.at && !request.answered;
    insist(this.#isFull(to, length) || (tag < 0 && !mayAnswer), "a message is left to the host for no reason");
    return 0;
  }

  #turn(guest: Guest): number {
    this.#enter(guest);
    guest.takenInTurn = 0;
    const left = kernel.turn();
    insist(guest.takenInTurn <= W.TURN_ITEMS, "a turn takes too many items");
    return left;
  }

  /** The guest's `resume:E`. */
  #resume(me: Guest, result: number): number {
    if (me.waiting !== undefined) this.#answered(me, me.waiting, result, true);
    me.waiting = undefined;
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
    this.#checkShown(me, item, 64, 3000, 100, false);
    if (length <= 100) this.#taken(me, 0);
    else this.#execute(me, { ...WIDE, info: 8, pointer: 1000 });
    for (let i = 0; i < 2 && me.pc < me.program.length; i++) this.#execute(me, me.program[me.pc++]);
  }

  #execute(me: Guest, given: Command): void {
    if (given.do === "receive") this.#receive(me, given);
    else if (given.do === "repeat") {
      for (let i = 0; i < given.times && me.waiting === undefined; i++)
        this.#receive(me, { ...given.receive, timeoutMs: 0 });
    } else if (given.do === "again") this.#receive(me, { ...(me.last ?? WIDE), capacity: 30_000, pointer: 1111 });
    else if (given.do === "send") this.#send(me, this.guests[given.to], given.tag, given.length);
    else if (given.do === "flood") {
      for (let i = 0; i < given.many && !me.givesWay; i++) this.#send(me, this.guests[given.to], 3, 4);
    } else if (given.do === "request") this.#request(me, this.guests[given.to], given.tag, given.length);
    else if (given.do === "answer") {
      const request = me.asked[given.which % Math.max(1, me.asked.length)];
      if (request === undefined) return;
      const by = this.guests[(request.lo & 0xfffff) - 1];
      this.#send(me, by, request.ref, given.length);
    } else if (given.do === "demonitor") {
      const ref = me.refs[given.which % Math.max(1, me.refs.length)];
      if (ref === undefined) return;
      const isPending = this.#requests.has(ref);
      insist(kernel.demonitor(ref, given.flush) === (isPending ? 1 : 0), "demonitor answers something else");
      this.#requests.delete(ref);
      insist(given.flush === 0 || !me.mailbox.some(item => bears(item, ref)), "a flush leaves an item");
    } else if (given.do === "monitor") {
      const ref = -9000 - 2 * this.#refs++;
      kernel.mark(me.record, ref);
      me.refs.unshift(ref);
    } else this.#set(me.record + W.BUDGET, Math.min(given.left, this.#get(me.record + W.BUDGET)));
  }

  #payload(to: Guest, length: number): Uint8Array {
    const id = this.#ids++;
    return Uint8Array.from({ length }, (_, i) => 0x80 + to.at * ALPHABET + ((i === 0 ? id : i + id) & (ALPHABET - 1)));
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
    const payload = this.#payload(to, length);
    const [lo, hi] = [(77 << 20) | (to.at + 1), 3];
    const paid = this.#paid;
    const answer = this.#from(me, payload, () => kernel.send(lo, hi, tag, SEND_FROM, length));
    insist(answer === 0 || this.#paid - paid === (me.at === 3 ? length >> 6 : 0), "a message has another price");
    const request = this.#requests.get(tag);
    const mayAnswer = tag >= 0 || (request?.of === me.at && request.by === to.at && !request.answered);
    const isTaken = !this.#isFull(to.isAlive ? to : undefined, length) && mayAnswer;
    insist(answer === (isTaken ? 1 : 0) || (answer === 2 && isTaken && !me.isHandler), `send answers ${answer}`);
    if (answer === 2) {
      me.givesWay = true;
      me.held = undefined;
    }
    if (!isTaken) return;
    if (request !== undefined && tag < 0) request.answered = true;
    this.#sent++;
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
    const payload = this.#payload(to, length);
    const ref = this.#from(me, payload, () => kernel.request((77 << 20) | (to.at + 1), 3, tag, SEND_FROM, length));
    if (ref === 1) return;
    insist(ref < -1023 && !this.#requests.has(ref), "a request has no ref of its own");
    this.#requests.set(ref, { by: me.at, of: to.at, answered: false });
    me.refs.unshift(ref);
    this.#sent++;
    const from = [(77 << 20) | (me.at + 1), 3] as const;
    to.asked.unshift({ ref, lo: from[0], hi: 3 });
    to.mailbox.push({ kind: W.MESSAGE, tag, from, ref, reason: 0, outside: 0, payload });
  }

  #receive(me: Guest, asked: Receive): void {
    const wanted = {
      any: 0,
      tag: asked.tag,
      ref: me.refs[asked.which % Math.max(1, me.refs.length)] ?? -5,
      match: asked.predicate,
    };
    // A predicate without a header can look at bytes only.
    const info = asked.how === "match" && asked.info === 0 ? 1 : asked.info;
    const receive: Waiting = {
      ...{ ...asked, info: info * 64, wanted: wanted[asked.how], asked: 0, paid: this.#paid },
      asksAgain: me.held?.how !== asked.how || me.held.wanted !== wanted[asked.how],
    };
    if (receive.asksAgain) me.held = undefined;
    else receive.asked = me.mailbox.indexOf((me.held as { item: Item }).item);
    me.last = asked;
    me.waiting = receive;
    new Uint8Array(me.memory.buffer).fill(CANARY);
    const { pointer, capacity, timeoutMs } = receive;
    const window = [receive.info, pointer, capacity, timeoutMs] as const;
    const isSpent = this.#get(me.record + W.BUDGET) <= 0;
    const answer =
      receive.how === "any"
        ? kernel.recv(...window)
        : receive.how === "match"
          ? kernel.recvMatch(...window, receive.wanted)
          : kernel.recvTag(...window, receive.wanted);
    if (answer !== W.PARK) {
      me.waiting = undefined;
      insist(answer !== W.TIMEOUT_OVER || timeoutMs === 0 || me.isHandler, "a receive does not wait for its time");
      this.#answered(me, receive, answer, false);
      return;
    }
    insist(!me.isHandler, "a receive in a handler answers that it has to park");
    insist(timeoutMs !== 0 || isSpent, "a poll answers that it has to park");
    const isLong = me.mailbox.reduce((sum, { payload }) => sum + payload.length + 32, 0) > ASKED_BYTES_A_TURN;
    insist(
      isSpent || (isLong && receive.how === "match") || this.#wantedPlace(me, receive) < 0,
      "a receive passes what it wants",
    );
  }

  #wantedPlace(me: Guest, receive: Waiting): number {
    if (receive.how === "any") return me.mailbox.length - 1 >= 0 ? 0 : -1;
    if (receive.how === "tag") return me.mailbox.findIndex(item => hasTag(item, receive.wanted));
    if (receive.how === "ref") return me.mailbox.findIndex(item => bears(item, receive.wanted));
    return me.mailbox.findIndex(item => wants(receive.wanted, item, item.payload.subarray(0, receive.capacity)));
  }

  /** A receive has got its answer: there and then, or by its park. */
  #answered(me: Guest, receive: Waiting, answer: number, isLater: boolean): void {
    const place = this.#wantedPlace(me, receive);
    const isAsked = receive.how === "match";
    if (answer === W.TIMEOUT_OVER) {
      insist(place < 0, "a receive finds nothing, and there is something");
      insist(!isLater || receive.timeoutMs >= 0, "a receive ends that has no timeout");
      this.#checkShown(me, undefined, receive.info, receive.pointer, receive.capacity, isAsked);
      return;
    }
    const item = me.mailbox[place];
    insist(
      item !== undefined && item.payload.length === answer,
      `a receive answers ${answer}, and wants the item ${place}`,
    );
    this.#checkShown(me, item, receive.info, receive.pointer, receive.capacity, isAsked);
    if (me.at === 3 && !isLater) this.#checkPaid(me, receive, place, Math.min(answer, receive.capacity));
    if (answer <= receive.capacity) this.#taken(me, place);
    else me.held = { item, how: receive.how, wanted: receive.wanted };
  }

  /** What is passed and copied has its price. What arrives while an actor is parked is passed for nothing. */
  #checkPaid(me: Guest, { how, paid, asksAgain }: Waiting, place: number, copied: number): void {
    const isPassed = (how === "tag" || how === "match") && asksAgain;
    const passed = isPassed ? me.mailbox.slice(0, place).reduce((sum, { payload }) => sum + 32 + payload.length, 0) : 0;
    insist(this.#paid - paid >= (passed >> 5) + (copied >> 6), "a receive has cost too little");
  }

  #taken(me: Guest, place: number): void {
    const [{ kind }] = me.mailbox.splice(place, 1);
    if (kind === W.MESSAGE || kind === W.TIMER) this.#received++;
    me.held = undefined;
    me.takenInTurn++;
  }

  /** The item is in the window, nothing of another actor is, and all around it is as it was. */
  #checkShown(
    me: Guest,
    item: Item | undefined,
    info: number,
    pointer: number,
    capacity: number,
    isAsked: boolean,
  ): void {
    const bytes = new Uint8Array(me.memory.buffer);
    const words = new Int32Array(me.memory.buffer);
    const shown = item === undefined ? 0 : Math.min(capacity, item.payload.length);
    if (item !== undefined) {
      insist(info === 0 || this.#isHeader(words, info / 4, item), "the header is another one");
      insist(
        Buffer.compare(bytes.subarray(pointer, pointer + shown), item.payload.subarray(0, shown)) === 0,
        "the payload is another one",
      );
      insist(info === 0 || words[info / 4 + 7] === 0, "the last word of the header is not 0");
    }
    bytes.fill(CANARY, pointer, pointer + (isAsked ? capacity : shown));
    if (info !== 0) bytes.fill(CANARY, info, info + 32);
    insist(Buffer.compare(bytes, UNTOUCHED) === 0, "bytes outside of the window have changed");
  }

  /** Payloads of others have bytes that its own payloads have not. */
  #isOwn(me: Guest, byte: number, at: number): void {
    const isPayload = byte >= 0x80 && byte < 0x80 + 4 * ALPHABET;
    insist(!isPayload || byte >> 4 === 8 + me.at, `the guest is shown a byte of another actor at ${at}`);
  }

  #isHeader(words: Int32Array, at: number, item: Item): boolean {
    const header = [item.kind, item.tag, ...item.from, item.ref, item.reason, item.payload.length];
    return header.every((value, i) => words[at + i] === value);
  }

  /** An item is asked about in order of arrival, and once in each receive. */
  #ask(me: Guest): Item {
    const receive = me.waiting;
    insist(receive !== undefined && receive.how === "match", "a predicate is asked outside of its receive");
    insist(receive.asksAgain, "a predicate is asked about an item that it has wanted before");
    const item = me.mailbox[receive.asked++];
    insist(item !== undefined, "a predicate is asked about more items than there are");
    return item;
  }

  #match(predicate: number, pointer: number, length: number): number {
    const me = this.#me;
    const receive = me.waiting as Waiting;
    const item = this.#ask(me);
    const bytes = new Uint8Array(me.memory.buffer, pointer, length);
    insist(pointer === receive.pointer && length === Math.min(receive.capacity, item.payload.length), "another window");
    insist(this.#isHeader(new Int32Array(me.memory.buffer), receive.info / 4, item), "a candidate has another header");
    insist(Buffer.compare(bytes, item.payload.subarray(0, length)) === 0, "a candidate has another payload");
    insist(
      kernel.recv(64, 64, 64, 0) === FOREIGN && kernel.send((77 << 20) | 1, 3, 0, 0, 0) === FOREIGN,
      "a predicate can act",
    );
    return wants(predicate, item, bytes) ? 1 : 0;
  }

  #matchFirst(predicate: number, pointer: number, length: number): number {
    const me = this.#me;
    insist(length <= (me.waiting as Waiting).capacity, "match_first is shown more than its window has room for");
    const bytes = new Uint8Array(me.memory.buffer);
    const words = new Int32Array(me.memory.buffer.slice(pointer, pointer + length - (length % 4)));
    let isItem = false;
    for (let at = 0; at < length; ) {
      const kind = words[at / 4];
      isItem = kind !== W.IS_DEAD;
      if (!isItem) {
        const size = words[at / 4 + 1];
        insist(size >= 32 && size % 8 === 0 && at + size <= length, "a dead item has no size");
        for (let i = at + 32; i < at + size; i++) this.#isOwn(me, bytes[pointer + i], i);
        at += size;
        continue;
      }
      const item = this.#ask(me);
      insist(this.#isHeader(words, at / 4, item), "a record has another header");
      const start = pointer + at + 32;
      const end = start + item.payload.length;
      const size = 32 + Math.ceil(item.payload.length / 8) * 8;
      insist(at + size <= length, "a record is not whole");
      insist(Buffer.compare(bytes.subarray(start, end), item.payload) === 0, "a record has another payload");
      insist(!bytes.subarray(end, pointer + at + size).some(byte => byte !== 0), "the padding of a record is not 0");
      if (wants(predicate, item, item.payload)) return at;
      at += size;
    }
    insist(isItem, "the last record is no candidate");
    return this.#ids % 2 === 0 ? -1 : -77;
  }

  play(given: Step): void {
    if (given.do === "run") this.run(given.turns);
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
    this.#check();
  }

  #deliver(to: number, kind: number, tag: number, ref: number, length: number, isOutside: boolean): void {
    const guest = this.guests[to];
    if (!guest.isAlive) return;
    const payload = this.#payload(guest, length);
    const outside = isOutside ? 0x7f000000 + this.#ids : 0;
    if (isOutside) this.#kept.set(outside, payload);
    else new Uint8Array(this.memory.buffer).set(payload, W.STAGING);
    const item = { kind, tag, from: [to, 1] as const, ref, reason: this.#ids, outside, payload };
    const { from, reason } = item;
    insist(kernel.deliver(guest.record, kind, tag, ...from, ref, reason, length, outside, false), "there is no room");
    guest.mailbox.push(item);
  }

  #advance(byMs: number): void {
    this.#nowMs += byMs;
    for (const guest of this.guests) {
      if (guest.deadlineMs === undefined || guest.deadlineMs > this.#nowMs) continue;
      guest.deadlineMs = undefined;
      this.#set(guest.record + W.TIMED, W.OVER);
      kernel.enqueue(guest.record);
    }
  }

  /** Gives turns, and does what the host does after them. */
  run(turns: number): void {
    for (let left = turns; left > 0 && this.#get(W.QUEUE_LENGTH) > 0; left -= 50) {
      const answer = kernel.run(Math.min(left, 50));
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
    for (const [ref, { by, of }] of this.#requests) {
      if (by !== guest.at && of !== guest.at) continue;
      const asker = this.guests[by];
      const mark = this.#get(asker.record + W.CALL_MARK);
      this.#enter(asker);
      this.#set(W.CURRENT, asker.record);
      insist(kernel.demonitor(ref, 0) === 1, "a request is not known");
      this.#requests.delete(ref);
      if (by === guest.at) continue;
      kernel.markAt(asker.record, ref, mark);
      this.#deliver(by, W.DOWN, 0, ref, 0, false);
    }
    kernel.release(guest.record);
    guest.isAlive = false;
    guest.mailbox = [];
  }

  /** All that could have a turn has had it: whoever waits has nothing to wait for. */
  settle(): void {
    this.run(TURNS_AT_MOST);
    insist(this.#get(W.QUEUE_LENGTH) === 0, "some actor takes turns for ever");
    for (const guest of this.guests) {
      if (!guest.isAlive) continue;
      insist(
        this.#get(guest.record + W.STATE) === W.PARKED,
        `actor ${guest.at}, which has no turn, is in the state ${this.#get(guest.record + W.STATE)}, ${JSON.stringify(guest.waiting)}`,
      );
      if (guest.isHandler) insist(guest.mailbox.length === 0, "a handler has left items");
      else insist(guest.waiting !== undefined && this.#wantedPlace(guest, guest.waiting) < 0, "an actor is not woken");
    }
    this.#check();
  }

  #check(): void {
    const mailboxes = audit(
      this.memory,
      this.guests.map(({ record }) => record),
    );
    readQueue(this.memory);
    this.guests.forEach(({ at, mailbox }) => {
      const stored = mailboxes[at].items.map(({ kind, tag, ref, reason, length }) => [kind, tag, ref, reason, length]);
      const items = mailbox.map(({ kind, tag, ref, reason, payload }) => [kind, tag, ref, reason, payload.length]);
      insist(stored.join() === items.join(), `the mailbox of ${at} has other items`);
    });
    const counters = new Float64Array(this.memory.buffer);
    insist(
      counters[W.SENT / 8] === this.#sent && counters[W.RECEIVED / 8] === this.#received,
      "the counters are wrong",
    );
    for (const guest of this.guests) {
      const callers: number[] = [];
      const cold = (record: number) => this.#get(record + W.COLD);
      let before = 0;
      for (let at = cold(guest.record) && this.#get(cold(guest.record) + W.FIRST_CALLER); at !== 0; ) {
        insist(this.#get(cold(at) + W.PREVIOUS_CALLER) === before, "the list of callers is broken");
        callers.push(this.guests.findIndex(({ record }) => record === at));
        before = at;
        at = this.#get(cold(at) + W.NEXT_CALLER);
      }
      const asking = [...this.#requests.values()].filter(({ of }) => of === guest.at).map(({ by }) => by);
      insist(callers.sort().join() === asking.sort().join(), `the callers of ${guest.at} are others`);
    }
  }
}

/** A poll that takes any item. */
const WIDE: Receive = {
  ...{ do: "receive", how: "any", tag: 0, which: 0, predicate: 0, info: 1, pointer: 1111, capacity: 30_000 },
  timeoutMs: 0,
};

/** What a predicate wants: something of the header, or of the bytes that it is shown. */
function wants(predicate: number, item: Item, shown: Uint8Array): boolean {
  const parameter = predicate >> 2;
  switch (predicate & 3) {
    case 0:
      return shown.length > 0 && (shown[0] & 7) === parameter;
    case 1:
      return item.tag === parameter;
    case 2:
      return item.payload.length > parameter * 20;
    default:
      // All but one of four tags, or nothing.
      return parameter < 4 && item.tag !== parameter;
  }
}
