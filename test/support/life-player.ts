/**
 * Plays actors that take turns in pools of instances, spawn others and end. Their guests are plain
 * memories, of which a model has a copy: each guest finds all its bytes as it has left them.
 */
import { type Kernel, kernel } from "./kernel-functions.ts";
import { insist } from "./kernel-memory.ts";
import { TieModel } from "./kernel-ties.ts";
import { checkLife, checkState } from "./life-check.ts";
import { LifeHost } from "./life-host.ts";
import { imageLength, type LifeActor, spawnsOf, takeSpawn } from "./life-model.ts";
import type { Act, LifeStep, Turn } from "./life-steps.ts";
import {
  CHILDREN,
  type Instance,
  LifeWorld,
  MOST_IN_FAMILY,
  MOST_MESSAGE_BYTES,
  MOST_MESSAGES,
  MOST_SPAWNS,
  MOST_TIES,
  moduleOf,
  SLOTS,
  WINDOW,
} from "./life-world.ts";
import * as W from "./words.ts";

/** Where a guest has what it shows to the kernel. */
const RESULT = 256;
const TEXT = 300;
const COUNTER = 512;
const OWN = 600;
/** The host's answer to a call that the kernel leaves to it. */
const FOREIGN = -99;
const PARKS: Turn = { acts: [], stops: "parks" };

export class LifePlayer {
  readonly world: LifeWorld;
  readonly host: LifeHost;
  readonly ties = new TieModel(SLOTS);
  /** Called where the host goes on after a turn. */
  onHost: () => void = () => undefined;
  #turns: Turn[] = [];
  #me: LifeActor | undefined;
  #refs = 0;

  /** `around` calls the functions of the host and of guests, and is told their names. */
  constructor(
    sizes: readonly number[],
    used: Kernel = kernel,
    around: (name: string, call: () => unknown) => unknown = (_, call) => call(),
  ) {
    const outside: Record<string, (...values: number[]) => unknown> = {
      hostCall: () => this.world.set(W.CALLED, 1),
      ...{ hostGrown: () => undefined, hostHeadroom: () => undefined },
      ...{ hostSpawn: () => FOREIGN, hostSend: () => FOREIGN, hostLink: () => FOREIGN, hostMonitor: () => FOREIGN },
      hostTrapExit: () => FOREIGN,
      hostGoOn: () => this.#goOn(),
      callTurn: (record, index) => this.#turn(record, index),
      callLeave: (at, index) => this.#leave(at, index),
      callStart: () => this.#start(),
      callResume: result => this.#resume(result),
    };
    const told = Object.entries(outside).map(([name, call]): [string, (...values: number[]) => unknown] => [
      name,
      (...values) => around(name, () => call(...values)),
    ]);
    this.world = new LifeWorld(sizes, used, Object.fromEntries(told));
    this.world.onGlobals = () => void around("callGlobals", () => undefined);
    this.host = new LifeHost(this.world, this.ties);
  }

  play(step: LifeStep): void {
    const { world, host } = this;
    const one = (which: number) => host.live[which % (host.live.length || 1)] as LifeActor | undefined;
    if (step.do === "found") host.found(step.spec, new Uint8Array(step.args).fill(0xc0 + step.spec));
    else if (step.do === "run") this.run(step.turns);
    else if (step.do === "tell") for (let i = 0; i < step.many; i++) host.tell();
    else if (step.do === "tick") host.nowMs += step.ms;
    else if (step.do === "dropFree") world.dropOne(step.pool);
    else if (step.do === "refs") this.#draw(step.many);
    else if (step.do === "watch") host.watch(step.isWatched);
    else {
      const actor = one("to" in step ? step.to : step.of);
      if (actor === undefined) return;
      if (step.do === "end") host.end(actor, step.isKilled);
      else if (step.do === "post") host.post(actor, step.length);
      else if (step.do === "hostTakes") host.takeSpawn(actor.family, host.nowMs + step.laterMs);
      else if (step.do === "pin") host.pin(actor);
      else if (this.#mayLeave(actor)) {
        const { index } = world.at(world.get(actor.record + W.BODY));
        this.#leave(world.get(actor.record + W.BODY), 2 * index + 1);
      }
    }
  }

  check(): void {
    checkLife(this);
  }

  /** All actors have their turns, and then end: nothing of them is left. */
  endAll(): void {
    const { host, world } = this;
    while (host.endings.length > 0) host.tell();
    this.run([], 500);
    insist(world.get(W.QUEUE_LENGTH) === 0, "some actor takes turns for ever");
    this.check();
    for (const actor of host.live) host.end(actor, true);
    while (host.endings.length > 0) host.tell();
    this.check();
    insist(host.actors.length + host.families.size === 0, "an actor or a family is left");
    for (const module of world.pools.keys()) while (world.dropOne(module));
    insist(!world.instances.some(instance => instance !== undefined), "an instance is left");
    this.check();
  }

  /** Gives so many turns, if there are as many, and does what the host does after them. */
  run(turns: readonly Turn[], most = turns.length): void {
    const { world, host } = this;
    this.#turns = [...turns];
    for (let left = most; left > 0 && world.get(W.QUEUE_LENGTH) > 0; left--) {
      world.set(W.NOW, host.nowMs);
      const answer = world.enterKernel().run(1);
      host.hearEnds();
      if (answer !== 0) this.#finish(host.at(answer & -128), answer & 127);
    }
    if (world.get(W.QUEUE_LENGTH) === 0) world.set(W.CALLED, 0);
  }

  #finish(actor: LifeActor, what: number): void {
    const { world, host } = this;
    if (what === W.NO_INSTANCE) {
      this.onHost();
      const pool = world.pools[moduleOf(actor.spec)];
      const isFull = world.get(pool + W.INSTANCES_MADE) >= world.get(pool + W.MOST_INSTANCES);
      // What is free has a memory of another size.
      if (isFull && world.get(pool + W.FREE_INSTANCE) === 0)
        for (const other of host.actors)
          if (moduleOf(other.spec) === moduleOf(actor.spec))
            insist(!this.#canLeave(other), "an actor could have left its instance");
      host.provide(actor);
      const left = world.enterKernel().turnOf(actor.record);
      if (left !== W.NOTHING) this.#finish(actor, left);
      return;
    }
    insist(what >= W.RETURNED, `a turn leaves ${what} to the host`);
    const left = what - W.RETURNED;
    if (actor.isExiting) host.end(actor, true);
    else if (left === 2) {
      world.set(actor.record + W.FLAGS, world.get(actor.record + W.FLAGS) | W.PREEMPTED);
      actor.isPreempted = true;
      world.enterKernel().enqueue(actor.record);
    } else {
      insist(left === 0 && actor.returned === "to the host", "an actor is left to the host for no reason");
      host.end(actor, false);
    }
  }

  #mayLeave(actor: LifeActor): boolean {
    return this.host.isResident(actor.record) && !actor.isPinned && this.#me !== actor;
  }

  #canLeave(actor: LifeActor): boolean {
    if (!this.#mayLeave(actor) || actor.bytes.length > W.IMAGE_MAX_PAGES * 65_536) return false;
    return actor.isEnding || imageLength(actor, this.world.first[actor.spec]) <= W.IMAGE_MAX_BYTES;
  }

  #leave(at: number, index: number): number {
    const { world, host } = this;
    const instance = world.at(at);
    insist(index === 2 * instance.index + 1, "another instance is left");
    const actor = host.at(world.get(at + W.OCCUPANT));
    insist(this.#mayLeave(actor), "an actor leaves that is in its turn, or is pinned");
    const can = this.#canLeave(actor);
    const answer = Number(world.port(instance).leave(at));
    // It keeps its instance from now on.
    if (answer === 0 && !actor.isEnding) actor.isPinned = true;
    insist(answer === Number(can), can ? "an actor does not leave" : "an actor leaves that cannot");
    world.enterKernel();
    return answer;
  }

  #turn(record: number, index: number): number {
    const { world, host } = this;
    const instance = world.instances[index / 2];
    const actor = host.at(record);
    insist(instance !== undefined && !actor.isEnding, "there is no such instance, or no such actor");
    insist(world.get(record + W.BODY) === instance.at, "a turn is in another instance than its actor");
    insist(world.get(instance.at + W.OCCUPANT) === record, "a turn is in another actor's instance");
    this.#me = actor;
    actor.turn = this.#turns.shift() ?? PARKS;
    actor.returned = undefined;
    let left: number;
    try {
      left = world.port(instance).turn(record);
    } finally {
      this.#me = undefined;
    }
    if (actor.returned === "to the kernel") {
      insist(left === W.NOTHING, "the kernel leaves an end to the host for no reason");
      host.ended(actor);
    }
    world.enterKernel();
    return left;
  }

  get #instance(): Instance {
    return this.world.current as Instance;
  }

  #start(): void {
    const me = this.#me as LifeActor;
    insist(moduleOf(me.spec) === 0 && !me.isStarted, "a start function runs twice");
    checkState(this.#instance, me);
    me.isStarted = true;
    this.#write(me, COUNTER + 4, [1]);
  }

  #goOn(): number {
    const me = this.#me as LifeActor;
    insist(me.isPreempted, "an actor goes on that was not preempted");
    this.world.set(me.record + W.FLAGS, this.world.get(me.record + W.FLAGS) & ~W.PREEMPTED);
    return 77;
  }

  /** The guest's `resume:E`. */
  #resume(result: number): number {
    const me = this.#me as LifeActor;
    if (me.isPreempted) insist(result === 77, "what was preempted does not go on");
    else if (me.isWaiting) this.#took(me, result);
    else insist(result === 0, "a new actor gets an answer");
    insist(moduleOf(me.spec) === 1 || me.isStarted, "a start function has not run");
    me.isPreempted = false;
    me.isWaiting = false;
    checkState(this.#instance, me);
    this.#write(me, COUNTER, [me.bytes[COUNTER] + 1]);
    const { acts, stops } = me.turn as Turn;
    for (const act of acts) if (!me.isExiting) this.#act(me, act);
    if (me.isExiting) return ["returns", "parks", "yields"].indexOf(stops);
    if (stops === "yields") return 2;
    if (stops === "returns") {
      me.returned = this.host.canEndInKernel(me) ? "to the kernel" : "to the host";
      return 0;
    }
    for (;;) {
      const length = this.world.kernel.recv(WINDOW.info, WINDOW.pointer, WINDOW.capacity, -1);
      if (length === W.PARK) break;
      this.#took(me, length);
    }
    insist(me.mailbox.length === 0, "an actor parks and has items");
    me.isWaiting = true;
    return 1;
  }

  /** It has got an item: the window becomes the model's. */
  #took(me: LifeActor, length: number): void {
    const item = me.mailbox.shift();
    insist(item !== undefined && item.payload.length === length, "an actor gets another item");
    const { info, pointer, capacity } = WINDOW;
    const bytes = new Uint8Array(this.#instance.memory.buffer);
    const shown = [...new Int32Array(this.#instance.memory.buffer, info, 7)];
    const expected = [item.kind, 0, ...item.from, item.ref, item.reason, length];
    insist(shown.join() === expected.join(), `an item is ${shown}, and should be ${expected}`);
    insist(
      Buffer.compare(bytes.subarray(pointer, pointer + length), item.payload) === 0,
      "a payload has other bytes than it should",
    );
    for (const [from, end] of [
      [info, info + 32],
      [pointer, pointer + capacity],
    ])
      me.bytes.set(bytes.subarray(from, end), from);
  }

  #write(me: LifeActor, at: number, values: ArrayLike<number>): void {
    me.bytes.set(values, at);
    // Before it writes, a guest of the first module raises its store limit.
    const isRaised = moduleOf(me.spec) === 0 && at + values.length > me.globals[0];
    if (isRaised) me.globals[0] = this.#instance.globals[0] = at + values.length;
    new Uint8Array(this.#instance.memory.buffer).set(values, at);
  }

  #act(me: LifeActor, act: Act): void {
    const { host, world } = this;
    const one = (which: number) => host.live[which % host.live.length];
    const isFull = me.mailbox.length >= MOST_MESSAGES;
    const mayTie = this.ties.ties[me.slot].length < MOST_TIES;
    if (act.do === "write") {
      const at = OWN + (act.at % (me.bytes.length - OWN - act.length));
      this.#write(me, at, new Uint8Array(act.length).fill(1 + ((me.slot * 7 + me.pid[0]) % 250)));
    } else if (act.do === "fill")
      this.#write(me, OWN, new Uint8Array(Math.min(140_000, me.bytes.length - OWN)).fill(me.slot + 1));
    else if (act.do === "global") {
      const which = 1 + (act.which % 2);
      me.globals[which] = act.value;
      this.#instance.globals[which] = act.value;
    } else if (act.do === "grow") this.#grow(me);
    else if (act.do === "spawn") this.#spawn(me, act.child, act.flags, act.args);
    else if (act.do === "send") {
      const to = one(act.to);
      const payload = new Uint8Array(act.length).fill(0x80 + me.slot);
      this.#write(me, OWN, payload);
      const answer = world.kernel.send(...to.pid, 0, OWN, act.length);
      const isTaken = to.mailbox.length < MOST_MESSAGES;
      insist(answer === (isTaken ? 1 : FOREIGN), "send answers something else");
      if (isTaken) to.mailbox.push({ kind: W.MESSAGE, from: me.pid, ref: 0, reason: 0, payload });
    } else if (act.do === "monitor") {
      const to = one(act.of);
      const ref = this.#nextRef;
      const answer = world.kernel.monitor(...to.pid);
      const isMade = mayTie && !isFull && ref !== 0;
      insist(answer === (isMade ? ref : FOREIGN), "monitor answers something else");
      if (isMade) this.ties.add(W.MONITOR, me.slot, to.slot, ref);
    } else if (act.do === "link") {
      const to = one(act.of);
      const isNew = to !== me && this.ties.linkOf(me.slot, to.slot) === undefined;
      const isMade = !isNew || (mayTie && this.ties.ties[to.slot].length < MOST_TIES);
      insist(world.kernel.link(...to.pid) === (isMade ? 1 : FOREIGN), "link answers something else");
      if (isNew && isMade) this.ties.add(W.LINK, me.slot, to.slot, 0);
    } else if (act.do === "trap") {
      insist(world.kernel.trapExit(act.on) === Number(me.traps), "trap_exit answers something else");
      me.traps = act.on === 1;
    } else if (act.do === "kill") host.kill(one(act.of), me);
  }

  #grow(me: LifeActor): void {
    const { memory } = this.#instance;
    if (me.isGrown) return;
    memory.grow(1);
    const grown = new Uint8Array(memory.buffer.byteLength);
    grown.set(me.bytes);
    me.bytes = grown;
    me.isGrown = true;
  }

  get #nextRef(): number {
    const left = this.world.get(W.REFS_LEFT);
    return left === 0 ? 0 : this.world.get(W.REFS + 4 * (left - 1));
  }

  /** The host draws refs. */
  #draw(many: number): void {
    for (let i = 0; i < many; i++) this.world.set(W.REFS + 4 * i, -5001 - 2 * this.#refs++);
    this.world.set(W.REFS_LEFT, many);
  }

  #spawn(me: LifeActor, which: number, flags: number, argsLength: number): void {
    const { host, world } = this;
    const { family } = me;
    const [name, entry, spec] = CHILDREN[which] ?? ["on", "e", 0];
    const args = new Uint8Array(argsLength).fill(0x40 + me.slot);
    this.#write(me, TEXT, Buffer.from(name + entry));
    this.#write(me, OWN, args);
    this.#write(me, RESULT, new Uint8Array(16));
    const ref = flags === W.SPAWN_MONITOR ? this.#nextRef : 0;
    const mayTie = this.ties.ties[me.slot].length < MOST_TIES && me.mailbox.length < MOST_MESSAGES;
    const isPlain =
      !host.isWatched &&
      which < CHILDREN.length &&
      flags <= W.SPAWN_MONITOR &&
      argsLength <= MOST_MESSAGE_BYTES &&
      (flags === 0 || mayTie) &&
      (flags !== W.SPAWN_MONITOR || ref !== 0) &&
      world.get(W.REST_LENGTH) > 0 &&
      family.size < MOST_IN_FAMILY &&
      family.size + family.ending < 2 * MOST_IN_FAMILY &&
      spawnsOf(family, host.nowMs) < MOST_SPAWNS;
    const place = TEXT + name.length;
    // A guest with a stack of its own may spawn where the loop has ended.
    world.set(W.CALLED, 0);
    const answer = world.kernel.spawn(TEXT, name.length, place, entry.length, OWN, argsLength, flags, RESULT);
    insist(answer === (isPlain ? 1 : FOREIGN), `spawn answers ${answer}`);
    if (!isPlain) return;
    const [lo, hi, given, last] = new Int32Array(this.#instance.memory.buffer, RESULT, 4);
    insist(given === ref && last === 0, "a spawn answers another ref");
    me.bytes.set(new Uint8Array(this.#instance.memory.buffer, RESULT, 16), RESULT);
    takeSpawn(family, host.nowMs);
    const child = host.begun([lo, hi], spec, family, me.pid, args);
    host.spawned++;
    if (flags === W.SPAWN_LINK) this.ties.add(W.LINK, me.slot, child.slot, 0);
    if (flags === W.SPAWN_MONITOR) this.ties.add(W.MONITOR, me.slot, child.slot, ref);
  }
}
