/** Compares the kernel's memory, and those of all instances, with the model of the actors' lives. */
import { audit, type Block, insist } from "./kernel-memory.ts";
import { checkTies } from "./kernel-ties.ts";
import { type LifeActor, usersOf } from "./life-model.ts";
import type { LifePlayer } from "./life-player.ts";
import { decode, encode, type Instance, type LifeWorld, moduleOf, type State } from "./life-world.ts";
import * as W from "./words.ts";

const PAGE_BYTES = 65_536;

function isSame(one: State, other: State): boolean {
  return isSameMemory(one.bytes, other.bytes) && one.globals.every((value, i) => Object.is(value, other.globals[i]));
}

/** Where the one has grown, it has zeros. */
function isSameMemory(one: Uint8Array, other: Uint8Array): boolean {
  const { length } = other;
  return (
    one.length >= length &&
    Buffer.compare(one.subarray(0, length), other) === 0 &&
    one.subarray(length).every(byte => byte === 0)
  );
}

function stateOf({ memory, globals }: Instance): State {
  return { bytes: new Uint8Array(memory.buffer), globals };
}

/** A guest finds all its bytes as it has left them, and no others. */
export function checkState(instance: Instance, actor: LifeActor): void {
  const isWhole = instance.memory.buffer.byteLength === actor.bytes.length;
  insist(isWhole && isSame(stateOf(instance), actor), `the actor of slot ${actor.slot} finds other bytes than its own`);
}

/** What an image and its first state make together. */
function expand(world: LifeWorld, at: number, spec: number): State {
  const { memory } = world;
  const module = moduleOf(spec);
  const { bytes: firstBytes, globals } = world.first[spec];
  const size = world.get(at + W.IMAGE_PAGES) * PAGE_BYTES;
  const bytes = new Uint8Array(size + 64);
  bytes.set(firstBytes);
  bytes.set(encode(globals, module), size);
  const lines = world.get(at + W.IMAGE_LINES);
  let from = at + W.IMAGE_HEADER + ((4 * lines + 7) & -8);
  for (let line = 0; line < lines; line++) {
    const word = world.get(at + W.IMAGE_HEADER + 4 * line);
    const place = (word >>> W.LINE_ADDRESS_SHIFT) & -W.LINE_BYTES;
    for (let bit = 0; bit < 8; bit++) {
      if ((word & (1 << bit)) === 0) continue;
      bytes.set(new Uint8Array(memory.buffer, from, 8), place + 8 * bit);
      from += 8;
    }
  }
  return { bytes: bytes.slice(0, size), globals: decode(bytes.subarray(size, size + 8 * globals.length), module) };
}

/** All that there is. Throws an Error that says what is wrong. */
export function checkLife({ world, host, ties }: LifePlayer): void {
  const { kernel, memory } = world;
  const get = (at: number) => world.get(at);
  const images: number[] = [...world.states];
  const blocks: Block[] = [...world.blocks.all];
  for (const actor of host.actors) {
    const { record, args, family } = actor;
    const cold = get(record + W.COLD);
    checkRecord(world, actor);
    const kept = get(cold + W.ARGS);
    insist((kept !== 0) === args.length > 0, "an actor has arguments and should not, or the other way round");
    if (kept !== 0) {
      const bytes = 64 << kernel.classFor(W.KEPT_HEADER + args.length);
      blocks.push({ at: kept, bytes, what: "arguments" });
      const stored = new Uint8Array(memory.buffer, kept + W.KEPT_HEADER, args.length);
      insist(get(kept) === args.length && Buffer.compare(stored, args) === 0, "arguments are others");
    }
    insist(get(cold + W.FAMILY) === family.at, "an actor is of another family");
    images.push(...imagesOf(world, actor));
  }
  const spare = get(W.SPARE_ARGUMENTS);
  if (spare !== 0) {
    const bytes = 64 << kernel.classFor(W.KEPT_HEADER + get(spare));
    blocks.push({ at: spare, bytes, what: "arguments of no one" });
  }
  checkInstances(world, host.actors);
  for (const family of host.families) {
    insist(get(family.at + W.SIZE) === family.size, "a family has another size");
    insist(get(family.at + W.ENDING) === family.ending, "a family has other ends");
    insist(get(family.at + W.SPAWNS + W.METER_USED) === family.used, "another number of spawns is counted");
  }
  world.specs.forEach((spec, at) => {
    insist(get(spec + W.USERS) === usersOf(at, host.actors, host.families), "a spec has other users");
  });
  insist(get(W.GUESTS) === host.live.length, "GUESTS is another number");
  const args = host.actors.reduce((sum, actor) => sum + actor.args.length, 0);
  const instances = W.ACTOR_BYTES * host.actors.length;
  insist(world.double(W.BYTES_OF_INSTANCES) === instances, "the account has other bytes of instances");
  insist(world.double(W.BYTES_OF_ARGUMENTS) === args, "the account has other bytes of arguments");
  const ofImages = get(W.IMAGE_BYTES);
  insist(world.double(W.OTHER_BYTES) === instances + args + ofImages, "the account has other bytes");
  insist(world.double(W.SPAWNED) === host.spawned && world.double(W.ENDED) === host.endedInKernel, "counts are wrong");
  const mailboxes = audit(memory, world.records, images, blocks);
  world.records.forEach((record, slot) => {
    const mailbox = host.actors.find(actor => actor.record === record)?.mailbox ?? [];
    const stored = mailboxes[slot].items.map(({ kind, from, ref, reason, length }) => [
      kind,
      ...from,
      ref,
      reason,
      length,
    ]);
    const expected = mailbox.map(({ kind, from, ref, reason, payload }) => [
      kind,
      ...from,
      ref,
      reason,
      payload.length,
    ]);
    insist(stored.join("; ") === expected.join("; "), `slot ${slot} has the items ${stored}, not ${expected}`);
  });
  checkTies(memory, world.records, ties, kernel);
}

function checkRecord(world: LifeWorld, actor: LifeActor): void {
  const get = (at: number) => world.get(at);
  const { record, pid, spec, parent, bornMs, isEnding, isPreempted, isWaiting } = actor;
  const cold = get(record + W.COLD);
  if (!isEnding) insist(get(record + W.LO) === pid[0] && get(record + W.HI) === pid[1], "an actor has another pid");
  insist(get(record + W.SPEC) === world.specs[spec], "an actor has another spec");
  insist(get(cold + W.PARENT_LO) === parent[0] && get(cold + W.PARENT_HI) === parent[1], "an actor has another parent");
  insist(get(cold + W.BORN) === bornMs, "an actor was born at another time");
  if (isEnding) return;
  const state = get(record + W.STATE);
  const isReady = !isWaiting || isPreempted || actor.mailbox.length > 0;
  insist(state === (isReady ? W.READY : W.PARKED), `the state of an actor is ${state}`);
  insist(!isReady || get(record + W.NEXT) !== 0, "an actor is ready, and not in the run queue");
}

/** The images of an actor, which have its bytes. */
function imagesOf(world: LifeWorld, actor: LifeActor): number[] {
  const get = (at: number) => world.get(at);
  const body = get(actor.record + W.BODY);
  const isResident = (get(actor.record + W.FLAGS) & W.RESIDENT) !== 0;
  if (isResident) {
    const instance = world.at(body);
    insist(get(body + W.OCCUPANT) === actor.record, "an instance has another actor");
    const pending = get(body + W.PENDING);
    const isLoaded = get(body + W.CONDITION) === W.DIRTY && pending === 0;
    if (isLoaded && !actor.isEnding) checkState(instance, actor);
    return pending === 0 ? [] : [pending];
  }
  const state = body === 0 ? world.first[actor.spec] : expand(world, body, actor.spec);
  insist(actor.isEnding || isSame(state, actor), `the image of slot ${actor.slot} has other bytes than its actor`);
  return body === 0 ? [] : [body];
}

/** Each instance has one actor, or is free and in a first state. */
function checkInstances(world: LifeWorld, actors: readonly LifeActor[]): void {
  const get = (at: number) => world.get(at);
  world.pools.forEach((pool, module) => {
    const all = world.instances.filter(instance => instance !== undefined && get(instance.at + W.OF_POOL) === pool);
    insist(get(pool + W.INSTANCES_MADE) === all.length, "INSTANCES_MADE is another number");
    const free: number[] = [];
    for (let at = get(pool + W.FREE_INSTANCE); at !== 0; at = get(at + W.NEXT_FREE)) {
      insist(free.length < all.length, "the free instances are a circle");
      free.push(at);
      insist(get(at + W.OCCUPANT) === 0, "a free instance has an actor");
      insist(get(at + W.CONDITION) === W.CLEAN && get(at + W.PENDING) === 0, "a free instance is not clean");
    }
    const circle: number[] = [];
    for (let at = get(pool + W.NEXT_TO_LEAVE); at !== circle[0] && at !== 0; at = get(at + W.NEXT_IN_POOL)) {
      insist(circle.length < all.length, "the circle of a pool does not end");
      circle.push(at);
    }
    insist(circle.length === all.length, "an instance is not in the circle of its pool");
    for (const instance of world.instances) {
      if (instance?.module !== module) continue;
      const { at, memory } = instance;
      if (free.includes(at)) insist(get(at + W.PAGES) * PAGE_BYTES === memory.buffer.byteLength, "PAGES is wrong");
      if (!all.includes(instance))
        insist(
          actors.some(({ record, isPinned }) => isPinned && get(record + W.BODY) === at),
          "an instance is lost",
        );
      const occupant = actors.filter(({ record }) => get(record + W.BODY) === at);
      insist(occupant.length === (free.includes(at) ? 0 : 1), "an instance has two actors, or is lost");
      if (get(at + W.CONDITION) === W.CLEAN)
        insist(
          isSame(stateOf(instance), world.first[world.states.indexOf(get(at + W.IN_STATE))]),
          "a clean instance has bytes of an actor",
        );
    }
  });
}
