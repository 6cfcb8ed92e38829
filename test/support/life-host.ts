/** What the host does with actors in the kernel, and the model of it: spawns, messages and ends. */
import { insist } from "./kernel-memory.ts";
import type { TieModel } from "./kernel-ties.ts";
import { type Family, type Item, type LifeActor, newLife, spawnsOf, usersOf } from "./life-model.ts";
import { isDerived, type LifeWorld, MOST_MESSAGES, moduleOf, WINDOW } from "./life-world.ts";
import * as W from "./words.ts";

/** Exit reasons. */
const NORMAL = 0;
const KILLED = 3;
/** The kernel tells so many watchers of an end, and leaves the others to the host. */
export const TIES_AT_ONCE = 64;

export class LifeHost {
  readonly world: LifeWorld;
  /** In the order in which they began; without those whose ends were told. */
  readonly actors: LifeActor[] = [];
  readonly families = new Set<Family>();
  /** Ends that are recorded, and not told. */
  readonly endings: { readonly actor: LifeActor; readonly reason: number }[] = [];
  readonly #ties: TieModel;
  /** Actors that the kernel has ended, of which the embedder has not heard. */
  readonly #unheard: LifeActor[] = [];
  nowMs = 5000;
  isWatched = false;
  /** Spawns and ends of the kernel's own. */
  spawned = 0;
  endedInKernel = 0;

  constructor(world: LifeWorld, ties: TieModel) {
    this.world = world;
    this.#ties = ties;
  }

  get live(): LifeActor[] {
    return this.actors.filter(({ isEnding }) => !isEnding);
  }

  at(record: number): LifeActor {
    const found = this.actors.find(actor => actor.record === record);
    insist(found !== undefined, "there is no such actor");
    return found;
  }

  isResident(record: number): boolean {
    return (this.world.get(record + W.FLAGS) & W.RESIDENT) !== 0;
  }

  /** An actor has begun: its record has all that it should have. */
  begun(
    pid: readonly [number, number],
    spec: number,
    family: Family,
    parent: readonly [number, number],
    args: Uint8Array,
  ): LifeActor {
    const { world } = this;
    const slot = pid[0] & W.SLOT_MASK;
    const record = world.records[slot];
    insist(record !== undefined && !this.actors.some(actor => actor.record === record), "a slot is given twice");
    const actor = newLife({ slot, record, pid, spec, family, parent, bornMs: this.nowMs, args }, world.first[spec]);
    this.actors.push(actor);
    family.size++;
    return actor;
  }

  /** The host spawns an actor, with a family of its own. */
  found(spec: number, args: Uint8Array): void {
    const { world } = this;
    if (world.get(W.REST_LENGTH) === 0) return;
    const kernel = world.enterKernel();
    const at = world.blocks.take(W.FAMILY_BYTES, "a family");
    const family = { at, founder: spec, size: 0, ending: 0, beganMs: 0, used: 0 };
    this.families.add(family);
    world.set(at + W.FOUNDER, world.specs[spec]);
    world.set(at + W.SIZE, 1);
    const record = kernel.open();
    const cold = world.get(record + W.COLD);
    const of = world.specs[spec];
    world.set(cold + W.FAMILY, at);
    world.set(cold + W.BORN, this.nowMs);
    world.set(cold + W.ARGS, this.#keep(args));
    world.set(record + W.SPEC, of);
    world.set(record + W.FLAGS, world.get(of + W.SPEC_FLAGS));
    for (const [place, most] of [
      [W.MAX_MESSAGES, W.SPEC_MAX_MESSAGES],
      [W.MAX_BYTES, W.SPEC_MAX_BYTES],
      [W.MAX_MESSAGE_BYTES, W.SPEC_MAX_MESSAGE_BYTES],
    ])
      world.set(record + place, world.get(of + most));
    // The actor and its family.
    world.add(of + W.USERS, 2);
    world.add(W.GUESTS, 1);
    this.#count(W.ACTOR_BYTES, args.length);
    this.begun([world.get(record + W.LO), world.get(record + W.HI)], spec, family, [0, 0], args);
    if (!isDerived(spec)) {
      kernel.enqueue(record);
      return;
    }
    world.set(record + W.INFO, WINDOW.info);
    world.set(record + W.POINTER, WINDOW.pointer);
    world.set(record + W.CAPACITY, WINDOW.capacity);
    world.set(record + W.WANT, W.WANT_ANY);
    world.set(record + W.STATE, W.PARKED);
  }

  #keep(args: Uint8Array): number {
    const { kernel, memory } = this.world;
    if (args.length === 0) return 0;
    const block = kernel.take(kernel.classFor(W.KEPT_HEADER + args.length));
    this.world.set(block, args.length);
    new Uint8Array(memory.buffer).set(args, block + W.KEPT_HEADER);
    return block;
  }

  #count(instances: number, args: number): void {
    this.world.addDouble(W.BYTES_OF_INSTANCES, instances);
    this.world.addDouble(W.BYTES_OF_ARGUMENTS, args);
    this.world.addDouble(W.OTHER_BYTES, instances + args);
  }

  /** Someone listens to spawns, or no longer. */
  watch(isWatched: boolean): void {
    this.isWatched = isWatched;
    this.world.set(W.WATCHED, Number(isWatched));
  }

  /** A spawn of the host's for a guest, on a clock that may be later than the kernel's. */
  takeSpawn(family: Family, nowMs: number): void {
    const used = spawnsOf(family, nowMs);
    if (used === 0) family.beganMs = nowMs;
    family.used = used + 1;
    this.world.set(family.at + W.SPAWNS + W.METER_BEGAN, family.beganMs);
    this.world.set(family.at + W.SPAWNS + W.METER_USED, family.used);
  }

  post(to: LifeActor, length: number): void {
    if (to.mailbox.length >= MOST_MESSAGES) return;
    this.#deliver(to, W.MESSAGE, [9, 9], 0, 0, new Uint8Array(length).fill(0x70));
  }

  #deliver(
    to: LifeActor,
    kind: number,
    from: readonly [number, number],
    ref: number,
    reason: number,
    payload = new Uint8Array(0),
  ): void {
    const { memory } = this.world;
    const kernel = this.world.enterKernel();
    new Uint8Array(memory.buffer).set(payload, W.STAGING);
    const isTaken = kernel.deliver(to.record, kind, 0, ...from, ref, reason, payload.length, 0, false);
    insist(isTaken, "there is no room");
    to.mailbox.push({ kind, from, ref, reason, payload });
  }

  /** The embedder holds the memory of an actor. */
  pin(actor: LifeActor): void {
    const { world } = this;
    if (!this.isResident(actor.record) || actor.isPinned) return;
    world.set(actor.record + W.FLAGS, world.get(actor.record + W.FLAGS) | W.PINNED);
    actor.isPinned = true;
    world.remove(world.at(world.get(actor.record + W.BODY)));
  }

  /** Gives an actor an instance where the kernel has none, as life/instances.ts does. */
  provide({ record, spec, bytes }: LifeActor): void {
    const { world } = this;
    const module = moduleOf(spec);
    const pool = world.pools[module];
    while (Number(world.enterKernel().settle(record)) === 0) {
      const isFull = world.get(pool + W.INSTANCES_MADE) >= world.get(pool + W.MOST_INSTANCES);
      if (isFull && !world.dropOne(module))
        for (const other of this.actors)
          if (other.isPinned && moduleOf(other.spec) === module && this.isResident(other.record)) {
            const instance = world.at(world.get(other.record + W.BODY));
            if (world.get(instance.at + W.OF_POOL) !== 0) world.remove(instance);
          }
      const isKept = this.actors.some(other => other.isEnding && this.isResident(other.record));
      const hasRoom = world.get(pool + W.INSTANCES_MADE) < world.get(pool + W.MOST_INSTANCES);
      insist(hasRoom || isKept, "a pool has too many instances");
      world.makeInstance(module, bytes.length / 65_536);
    }
  }

  /** Whether the host has nothing to do with the end of an actor whose entry has returned. */
  canEndInKernel(actor: LifeActor): boolean {
    const { spec, family, mailbox, isPinned, isGrown } = actor;
    if (this.endings.length > 0 || mailbox.length > 0 || isPinned || isGrown) return false;
    if (this.#ties.watchers[actor.slot].length > TIES_AT_ONCE) return false;
    return family.size > 1 && usersOf(spec, this.actors, this.families) > 1;
  }

  /** The embedder hears of the ends that the kernel has told to all others. */
  hearEnds(): void {
    const { world } = this;
    const length = world.get(W.ENDS_LENGTH);
    const told = Array.from({ length: length * 3 }, (_, i) =>
      world.get(W.ENDS_LIST + W.END_BYTES * Math.floor(i / 3) + 4 * (i % 3)),
    );
    const expected = this.#unheard.splice(0).flatMap(({ pid, spec }) => [...pid, world.specs[spec]]);
    insist(told.join() === expected.join(), "the embedder hears of other ends");
    world.set(W.ENDS_LENGTH, 0);
  }

  /** The kernel has ended an actor, and told it. */
  ended(actor: LifeActor): void {
    this.#unheard.push(actor);
    for (const [to, item] of this.#signalsOf(actor, NORMAL)) to.mailbox.push(item);
    this.actors.splice(this.actors.indexOf(actor), 1);
    actor.family.size--;
    this.endedInKernel++;
  }

  /** The kernel has told as many watchers of an end as it tells at once. */
  toldInPart(actor: LifeActor): void {
    for (const tie of this.#ties.watchers[actor.slot].slice(0, TIES_AT_ONCE)) {
      const watcher = this.actors.find(({ slot }) => slot === tie.owner);
      watcher?.mailbox.push({
        kind: W.DOWN,
        from: actor.pid,
        ref: tie.ref,
        reason: NORMAL,
        payload: new Uint8Array(0),
      });
      this.#ties.remove(tie);
    }
  }

  /** Removes all ties of an actor. Answers what is told to whom, in order. */
  #signalsOf(actor: LifeActor, reason: number): [LifeActor, Item][] {
    const ties = this.#ties;
    const { slot, pid } = actor;
    const of = (at: number) => this.actors.find(other => other.slot === at) as LifeActor;
    const item = (kind: number, ref: number) => ({ kind, from: pid, ref, reason, payload: new Uint8Array(0) });
    const linked = ties.ties[slot].filter(({ kind }) => kind === W.LINK);
    const watchers = ties.watchers[slot].filter(({ owner }) => owner !== slot);
    const signals = [
      ...linked.map((tie): [LifeActor, Item] => [of(tie.owner + tie.other - slot), item(W.EXIT, 0)]),
      ...watchers.map((tie): [LifeActor, Item] => [of(tie.owner), item(W.DOWN, tie.ref)]),
    ];
    for (const tie of [...ties.ties[slot], ...ties.watchers[slot]]) ties.remove(tie);
    return signals.filter(([to, { kind }]) => !to.isEnding && (kind === W.DOWN || to.traps));
  }

  /** Ends an actor while another one, or it, has its turn. */
  kill(actor: LifeActor, me: LifeActor): void {
    if (actor !== me) {
      this.end(actor, true);
      return;
    }
    this.world.set(me.record + W.RESTRAINT, W.EXITING);
    me.isExiting = true;
  }

  /** Records an end, as life/ends.ts does. */
  end(actor: LifeActor, isKilled: boolean): void {
    if (actor.isEnding) return;
    const { world } = this;
    const { record, family } = actor;
    actor.isEnding = true;
    this.endings.push({ actor, reason: isKilled ? KILLED : NORMAL });
    world.set(W.ENDS_WAITING, 1);
    world.set(record + W.STATE, W.DEAD);
    family.size--;
    family.ending++;
    world.add(family.at + W.SIZE, -1);
    world.add(family.at + W.ENDING, 1);
    world.add(W.GUESTS, -1);
    world.kernel.hide(record);
  }

  /** Tells the end that was recorded first. */
  tell(): void {
    const { world } = this;
    const ending = this.endings[0];
    if (ending === undefined) return;
    const kernel = world.enterKernel();
    const { actor, reason } = ending;
    const { record, family, pid } = actor;
    this.#takeInstance(actor);
    family.ending--;
    world.add(family.at + W.ENDING, -1);
    this.#count(-W.ACTOR_BYTES, -actor.args.length);
    const linked = this.#ties.ties[actor.slot].filter(({ kind }) => kind === W.LINK);
    const partners = linked.map(({ owner, other }) =>
      this.actors.find(({ slot }) => slot === owner + other - actor.slot),
    );
    const signals = this.#signalsOf(actor, reason);
    for (let tie = kernel.firstTie(record); tie !== 0; tie = kernel.firstTie(record)) kernel.dropTie(tie);
    for (let tie = kernel.firstWatcher(record); tie !== 0; tie = kernel.firstWatcher(record)) kernel.dropTie(tie);
    for (const [to, { kind, ref }] of signals) this.#deliver(to, kind, pid, ref, reason);
    for (const partner of partners)
      if (reason !== NORMAL && partner !== undefined && !partner.traps) this.end(partner, true);
    this.#forget(actor);
    this.endings.shift();
    if (this.endings.length === 0) world.set(W.ENDS_WAITING, 0);
  }

  #takeInstance({ record, spec }: LifeActor): void {
    const { world } = this;
    const body = world.get(record + W.BODY);
    if (body !== 0 && !this.isResident(record)) world.enterKernel().dropImage(body);
    else if (body !== 0) {
      const instance = world.at(body);
      insist(instance.module === moduleOf(spec), "an actor is in an instance of another pool");
      const isReusable = instance.memory.buffer.byteLength === world.first[spec].bytes.length;
      if (world.get(body + W.OF_POOL) !== 0 && isReusable) world.port(instance).recycle(body);
      else world.discard(instance);
    }
    world.set(record + W.BODY, 0);
    world.set(record + W.FLAGS, world.get(record + W.FLAGS) & ~W.RESIDENT);
    world.enterKernel();
  }

  #forget(actor: LifeActor): void {
    const { world } = this;
    const kernel = world.enterKernel();
    const { record, family, spec } = actor;
    const args = world.get(world.get(record + W.COLD) + W.ARGS);
    if (args !== 0) kernel.give(args, kernel.classFor(W.KEPT_HEADER + world.get(args)));
    if (family.size + family.ending === 0) {
      world.add(world.specs[family.founder] + W.USERS, -1);
      world.blocks.give(family.at);
      this.families.delete(family);
    }
    world.add(world.specs[spec] + W.USERS, -1);
    this.actors.splice(this.actors.indexOf(actor), 1);
    kernel.close(record);
    if (world.get(W.CURRENT) === record) world.set(W.CURRENT, 0);
  }
}
