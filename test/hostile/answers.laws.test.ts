/**
 * Actors ask, answer, hand on, take back and end, in any order. Each answer of the runtime and each
 * item must be what the model of docs/abi.md says (answers-model.ts). Guests and mailboxes of the
 * host take part, and all know all refs.
 */

import { fc, test as law } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { CallError, type GuestModule, type HostMailbox, type Pid, type Received, Runtime } from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { quiet } from "../support/guests.ts";
import { seededRandom } from "../support/seeded.ts";
import { guest } from "../support/wat.ts";
import { AnswersModel, type Item, type Player, type Ref } from "./answers-model.ts";

const GUESTS = 4;
const MAILBOXES = 2;
const PLAYERS = GUESTS + MAILBOXES;

/**
 * Which ref: the last made is 0. By whom: who may answer it, or could until it was over, or
 * anybody. To whom: its owner, who handed it on last, or anybody.
 */
interface Aim {
  readonly which: number;
  readonly by: number | "target";
  readonly to: number | "owner" | "via";
  /** The ref is another, by one bit. */
  readonly isBent: boolean;
}

type Act =
  | { readonly do: "makeRef"; readonly who: number }
  | { readonly do: "take"; readonly who: number }
  | { readonly do: "end"; readonly who: number }
  | { readonly do: "kill"; readonly who: number }
  | { readonly do: "monitor"; readonly who: number; readonly whom: number }
  | { readonly do: "request"; readonly who: number; readonly whom: number; readonly tag: number }
  | { readonly do: "send"; readonly who: number; readonly whom: number; readonly tag: number }
  | { readonly do: "call"; readonly whom: number }
  | { readonly do: "answer"; readonly aim: Aim }
  | { readonly do: "delegate"; readonly aim: Aim; readonly whom: number; readonly tag: number }
  | { readonly do: "demonitor"; readonly who: number | "owner"; readonly which: number; readonly flush: boolean }
  | { readonly do: "dropRef"; readonly who: number | "owner"; readonly which: number }
  | { readonly do: "takeRef"; readonly who: number | "owner"; readonly which: number };

const who = fc.nat(PLAYERS - 1);
const which = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 3, arbitrary: fc.nat(3) }, fc.nat(20));
const owner = fc.oneof({ weight: 5, arbitrary: fc.constant("owner" as const) }, who);
const tag = fc.nat(3);
const aim: fc.Arbitrary<Aim> = fc.record({
  which,
  by: fc.oneof({ weight: 4, arbitrary: fc.constant("target" as const) }, { weight: 1, arbitrary: who }),
  to: fc.oneof({ weight: 4, arbitrary: fc.constantFrom("owner" as const, "via" as const) }, who),
  isBent: fc.oneof({ weight: 12, arbitrary: fc.constant(false) }, fc.constant(true)),
});
const one = <T extends Act["do"]>(name: T) => fc.constant(name);
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: one("makeRef"), who }) },
  { weight: 3, arbitrary: fc.record({ do: one("monitor"), who, whom: who }) },
  { weight: 6, arbitrary: fc.record({ do: one("request"), who, whom: who, tag }) },
  { weight: 2, arbitrary: fc.record({ do: one("call"), whom: who }) },
  { weight: 2, arbitrary: fc.record({ do: one("send"), who, whom: who, tag }) },
  { weight: 8, arbitrary: fc.record({ do: one("answer"), aim }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: one("delegate"),
      aim,
      whom: who,
      tag: fc.oneof({ weight: 9, arbitrary: tag }, fc.constant(-5000)),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: one("demonitor"), who: owner, which, flush: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: one("dropRef"), who: owner, which }) },
  { weight: 2, arbitrary: fc.record({ do: one("take"), who }) },
  { weight: 2, arbitrary: fc.record({ do: one("takeRef"), who: owner, which }) },
  { weight: 1, arbitrary: fc.record({ do: one("end"), who }) },
  { weight: 1, arbitrary: fc.record({ do: one("kill"), who }) },
);

/**
 * Does what each message tagged COMMAND says: the number of an import and its arguments. Reports
 * what that answered, and what it received.
 */
const COMMAND = 100;
const [MAKE_REF, DROP_REF, MONITOR, DEMONITOR, REQUEST, SEND, DELEGATE, TAKE, TAKE_REF, END] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
];
const argument = (index: number) => `(i32.load (i32.const ${132 + 4 * index}))`;
const given = (count: number) => Array.from({ length: count }, (_, index) => argument(index)).join(" ");
/** A payload is the last of the arguments: a number. */
const PAYLOAD = "(i32.const 164) (i32.const 4)";
const commands: Readonly<Record<number, string>> = {
  [MAKE_REF]: "(call $make_ref)",
  [DROP_REF]: `(call $drop_ref ${given(1)})`,
  [MONITOR]: `(call $monitor ${given(2)})`,
  [DEMONITOR]: `(call $demonitor ${given(2)})`,
  [REQUEST]: `(call $request ${given(3)} ${PAYLOAD})`,
  [SEND]: `(call $send ${given(3)} ${PAYLOAD})`,
  [DELEGATE]: `(call $delegate ${given(6)} ${PAYLOAD})`,
  [TAKE]: "(call $recv (i32.const 1028) (i32.const 1060) (i32.const 64) (i32.const 0))",
  [TAKE_REF]: `(call $recv_tag (i32.const 1028) (i32.const 1060) (i32.const 64) (i32.const 0) ${argument(0)})`,
};
const puppet = guest(`
  (func $act (param $what i32) (result i32)
    ${Object.entries(commands)
      .map(([what, call]) => `(if (i32.eq (local.get $what) (i32.const ${what})) (then (return ${call})))`)
      .join("\n")}
    (i32.const 0))
  (func (export "run") unreachable)
  (func (export "resume:run") (param $n i32) (result i32)
    (local.set $n (select (local.get $n)
      (call $recv_tag (i32.const 64) (i32.const 128) (i32.const 64) (i32.const -1) (i32.const ${COMMAND})) (local.get $n)))
    (loop $more
      (if (i32.eq (local.get $n) (i32.const -2)) (then (return (i32.const 1))))
      (if (i32.eq (i32.load (i32.const 128)) (i32.const ${END})) (then (return (i32.const 0))))
      (i32.store (i32.const 1024) (call $act (i32.load (i32.const 128))))
      (drop (call $send (i32.load (i32.const 72)) (i32.load (i32.const 76)) (i32.const 0) (i32.const 1024) (i32.const 100)))
      (local.set $n (call $recv_tag (i32.const 64) (i32.const 128) (i32.const 64) (i32.const -1) (i32.const ${COMMAND})))
      (br $more))
    unreachable)`);

const words = (pid: Pid) => [pid | 0, Math.floor(pid / 2 ** 32)];
const reasons = ["normal", "shutdown", "killed", "crashed", "noproc"];

/** What somebody has received, as the model has it. */
function itemOf(item: Received): Item {
  if (item.kind === "down") return { kind: "down", from: item.from, tag: 0, ref: item.ref, what: item.reason.kind };
  if (item.kind !== "message") throw new Error(`nobody sends a ${item.kind}`);
  const { from, tag, ref, bytes } = item;
  return { kind: "message", from, tag, ref, what: new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true) };
}

/** A runtime and its model, which are told the same. */
class Game implements AsyncDisposable {
  readonly runtime: Runtime;
  readonly #boss: HostMailbox;
  readonly #module: GuestModule;
  readonly model = new AnswersModel();
  readonly players: Player[] = [];
  readonly #mailboxes = new Map<Player, HostMailbox>();
  /** What stands for `runtime.call`; its requests, by ref: the number that each has sent. */
  #caller: Player | undefined;
  readonly #calls = new Map<number, number>();
  /** What calls have brought, by that number. */
  readonly #settled = new Map<number, number | string>();
  /**
   * All that ever were, the last first. Those that were never live, because who was asked had
   * ended, have no more than an owner.
   */
  readonly refs: (Pick<Ref, "ref" | "owner"> & Partial<Ref>)[] = [];
  #numbers = 0;

  private constructor(runtime: Runtime, module: GuestModule) {
    this.runtime = runtime;
    this.#module = module;
    this.#boss = runtime.mailbox();
  }

  static async open(reductions: "none" | "count"): Promise<Game> {
    const runtime = new Runtime({ clock: new ManualClock(), random: seededRandom() });
    const game = new Game(runtime, await runtime.load(puppet, { name: "puppet", reductions }));
    for (let index = 0; index < GUESTS; index++) game.#spawn(index);
    for (let index = GUESTS; index < PLAYERS; index++) game.#open(index);
    await quiet();
    // A runtime's first requests are the host's; later ones the kernel may make.
    for (const player of game.players.slice(0, GUESTS)) {
      const [ref] = await game.#command(player, REQUEST, [...words(player.pid), 0]);
      await game.#command(player, DEMONITOR, [ref, 1]);
      await game.#command(player, TAKE, []);
    }
    return game;
  }

  #spawn(index: number): void {
    const pid = this.runtime.spawn(this.#module, { grants: {} });
    this.players[index] = { pid, isGuest: true, isAlive: true, mailbox: [] };
  }

  #open(index: number): void {
    const mailbox = this.runtime.mailbox();
    const player: Player = { pid: mailbox.pid, isGuest: false, isAlive: true, mailbox: [] };
    this.players[index] = player;
    this.#mailboxes.set(player, mailbox);
  }

  /** What the import answered, and what is in the window then. */
  async #command(player: Player, what: number, given: readonly number[], number = 0): Promise<readonly number[]> {
    const command = new Int32Array(10);
    command.set([what, ...given]);
    command[9] = number;
    this.#boss.send(player.pid, new Uint8Array(command.buffer), { tag: COMMAND });
    await quiet();
    const report = this.#boss.poll();
    if (report?.kind !== "message") throw new Error(`${player.pid} did not do ${what}: it has ended`);
    return [...new Int32Array(report.bytes.buffer, report.bytes.byteOffset, 25)];
  }

  /**
   * Throws where the runtime does not answer as the model. Acts of a host mailbox that has no such
   * function are nothing.
   */
  async act(act: Act): Promise<void> {
    const number = ++this.#numbers;
    const payload = new Uint8Array(Int32Array.of(number).buffer);
    const { model } = this;
    if (act.do === "call") return this.#call(this.players[act.whom], payload, number);
    if (act.do === "answer" || act.do === "delegate") return this.#aimed(act, payload, number);
    const last = "which" in act ? this.refs[act.which % Math.max(1, this.refs.length)] : undefined;
    if ("which" in act && last === undefined) return;
    const ref = last?.ref ?? 0;
    const player = act.who === "owner" ? (last?.owner as Player) : this.players[act.who];
    if (!player.isAlive || player === this.#caller) return;
    const box = this.#mailboxes.get(player);
    if (act.do === "end" || act.do === "kill") return this.#end(player, act.do);
    if (act.do === "take" || act.do === "takeRef") return this.#take(player, act.do === "take" ? undefined : ref);
    if (act.do === "demonitor") {
      const wanted = model.demonitor(player, ref, act.flush);
      const got =
        box?.demonitor(ref, { flush: act.flush }) ??
        (await this.#command(player, DEMONITOR, [ref, act.flush ? 1 : 0]))[0] === 1;
      return expect({ act, got }).toEqual({ act, got: wanted });
    }
    if (act.do === "dropRef") {
      if (box !== undefined) return;
      const [got] = await this.#command(player, DROP_REF, [ref]);
      return expect({ act, got }).toEqual({ act, got: model.dropRef(player, ref) ? 1 : 0 });
    }
    if (act.do === "makeRef") {
      if (box !== undefined) return;
      const [made] = await this.#command(player, MAKE_REF, []);
      model.makeRef(player, made);
      return this.#made(made, player);
    }
    const whom = this.players[act.whom];
    if (act.do === "monitor") {
      const made = box?.monitor(whom.pid) ?? (await this.#command(player, MONITOR, words(whom.pid)))[0];
      model.monitor(player, whom, made);
      return this.#made(made, player);
    }
    if (act.do === "request") {
      if (box !== undefined) return;
      const [made] = await this.#command(player, REQUEST, [...words(whom.pid), act.tag], number);
      model.request(player, whom, made, act.tag, number);
      return this.#made(made, player);
    }
    await this.#send(player, whom, act.tag, payload, number);
  }

  #made(ref: number, owner: Player): void {
    expect(ref).toBeLessThan(-1023);
    const isNew = (other: Pick<Ref, "ref" | "owner">) => other.owner !== owner || other.ref !== ref;
    expect(this.refs.every(isNew)).toBe(true);
    this.refs.unshift(this.model.find(owner, ref) ?? { ref, owner });
  }

  async #send(from: Player, to: Player, tag: number, payload: Uint8Array, number: number): Promise<void> {
    const wanted = this.model.send(from, to, tag, number);
    const box = this.#mailboxes.get(from);
    const got =
      box?.send(to.pid, payload, { tag }) ??
      (await this.#command(from, SEND, [...words(to.pid), tag], number))[0] === 1;
    expect({ tag, from, got }).toEqual({ tag, from, got: wanted });
  }

  async #aimed(act: Extract<Act, { readonly aim: Aim }>, payload: Uint8Array, number: number): Promise<void> {
    const { which, by, to, isBent } = act.aim;
    const last = this.refs[which % Math.max(1, this.refs.length)];
    if (last === undefined) return;
    const player = by === "target" ? (last.target ?? this.players[which % PLAYERS]) : this.players[by];
    const address = to === "owner" ? last.owner : to === "via" ? (last.via ?? last.owner) : this.players[to];
    if (!player.isAlive) return;
    const ref = isBent ? last.ref ^ 4 : last.ref;
    if (act.do === "answer") return this.#send(player, address, ref, payload, number);
    const whom = this.players[act.whom];
    const box = this.#mailboxes.get(player);
    // A mailbox chooses no tag.
    const tag = box === undefined ? act.tag : 0;
    const wanted = this.model.delegate(player, address, ref, whom, tag, number);
    const request = { kind: "message", from: address.pid, tag: 0, ref, bytes: payload } as const;
    const given = [...words(address.pid), ref, ...words(whom.pid), tag];
    const got = box?.delegate(request, whom.pid) ?? (await this.#command(player, DELEGATE, given, number))[0] === 1;
    expect({ act, got }).toEqual({ act, got: wanted });
  }

  async #call(callee: Player, payload: Uint8Array, number: number): Promise<void> {
    const settle = (what: number | string) => void this.#settled.set(number, what);
    this.runtime.call(callee.pid, payload, { timeoutMs: Number.POSITIVE_INFINITY }).then(
      answer => settle(new DataView(answer.buffer, answer.byteOffset).getInt32(0, true)),
      error => settle(error instanceof CallError ? (error.reason?.kind ?? error.message) : String(error)),
    );
    await quiet();
    if (!callee.isAlive) return expect(this.#settled.get(number)).toBe("noproc");
    if (this.#caller === undefined) {
      const found = this.runtime.snapshot().actors.find(({ kind }) => kind === "calls");
      this.#caller = { pid: found?.pid ?? 0, isGuest: false, isAlive: true, mailbox: [] };
    }
    // Only the callee is told its ref.
    const ref = this.runtime.peek(callee.pid, { items: 1000 })?.at(-1)?.ref ?? 0;
    this.#calls.set(ref, number);
    this.model.request(this.#caller, callee, ref, 0, number, true);
    this.#made(ref, this.#caller);
  }

  async #take(player: Player, ref: number | undefined): Promise<void> {
    const wanted = ref === undefined ? this.model.take(player) : this.model.takeRef(player, ref);
    const box = this.#mailboxes.get(player);
    if (box !== undefined) {
      const isWanted = (item: Received) =>
        (item.kind === "message" ? item.tag : item.kind === "down" ? item.ref : 0) === ref;
      const got = ref === undefined ? box.poll() : await box.receiveMatch(isWanted, { timeoutMs: 0 });
      return expect(got && itemOf(got)).toEqual(wanted);
    }
    const [n, kind, tag, lo, hi, itemRef, reason, , , what] = await this.#command(
      player,
      ref === undefined ? TAKE : TAKE_REF,
      ref === undefined ? [] : [ref],
    );
    if (wanted === undefined || n < 0) return expect({ n, wanted }).toEqual({ n: -1, wanted: undefined });
    const got = kind === 1 ? { kind: "message", what } : { kind: "down", what: reasons[reason] };
    expect({ ...got, from: hi * 2 ** 32 + (lo >>> 0), tag, ref: itemRef }).toEqual(wanted);
  }

  async #end(player: Player, how: "end" | "kill"): Promise<void> {
    const box = this.#mailboxes.get(player);
    this.model.end(player, how === "end" ? "normal" : "killed");
    if (how === "kill") this.runtime.kill(player.pid);
    else if (box !== undefined) box.close();
    else this.#boss.send(player.pid, new Uint8Array(Int32Array.of(END).buffer), { tag: COMMAND });
    await quiet();
    expect(this.runtime.isAlive(player.pid)).toBe(false);
    // Another takes its place; who knows the pid goes on knowing it.
    const index = this.players.indexOf(player);
    if (player.isGuest) this.#spawn(index);
    else this.#open(index);
    await quiet();
  }

  /** Everything that still lies somewhere, and what was counted. */
  async finish(): Promise<void> {
    for (const player of this.players) while (player.mailbox.length > 0) await this.#take(player, undefined);
    for (const player of this.players) await this.#take(player, undefined);
    for (const item of this.#caller?.mailbox ?? []) {
      const ref = item.kind === "message" ? item.tag : item.ref;
      const number = this.#calls.get(ref);
      expect(number && this.#settled.get(number)).toBe(item.what);
      this.#calls.delete(ref);
    }
    for (const number of this.#calls.values()) expect(this.#settled.has(number)).toBe(false);
    expect(this.runtime.counters.denied).toBe(this.model.denied);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.runtime.stop();
  }
}

async function play(acts: readonly Act[], reductions: "none" | "count"): Promise<void> {
  await using game = await Game.open(reductions);
  for (const act of acts) await game.act(act);
  await game.finish();
}

const MINE = { which: 0, by: "target", to: "owner", isBent: false } as const;
/** Who hands a request on to himself keeps it. */
const TO_ITSELF: Act[] = [
  { do: "request", who: 0, whom: 1, tag: 0 },
  { do: "delegate", aim: MINE, whom: 1, tag: 0 },
  { do: "delegate", aim: MINE, whom: 1, tag: 0 },
  { do: "answer", aim: MINE },
];
/** No actor hands on or answers a request that is over. */
const TOO_LATE: Act[] = [
  { do: "request", who: 0, whom: 1, tag: 0 },
  { do: "delegate", aim: MINE, whom: 2, tag: 0 },
  { do: "demonitor", who: "owner", which: 0, flush: false },
  { do: "delegate", aim: { ...MINE, to: "via" }, whom: 3, tag: 0 },
  { do: "answer", aim: { ...MINE, to: "via" } },
];

describe.each([
  ["the kernel", "none"],
  // The kernel makes no request for an actor that pays.
  ["the host", "count"],
] as const)("where %s makes the requests", (_, reductions) => {
  law.prop([fc.array(act, { minLength: 1, maxLength: 60, size: "max" })], {
    numRuns: 100,
    examples: [[TO_ITSELF], [TOO_LATE]],
  })("an answer is accepted from whom docs/abi.md says, once, and reaches who has asked", acts =>
    play(acts, reductions),
  );
});
