/**
 * Plays actors that take turns in instances: they are saved as images, loaded and reset. A plain model
 * has the memory and the globals of each.
 */

import { type Kernel, kernel } from "./kernel-functions.ts";
import { audit, insist, kernelMemory, setWord, word } from "./kernel-memory.ts";
import * as I from "./words.ts";

const PAGE_BYTES = 65_536;
export const INSTANCES = 3;
/** Words of the kernel that no one uses. */
const INSTANCE_WORDS = 7000;

/** What an actor is: its memory, its globals and its store limit. */
export interface Guest {
  bytes: Uint8Array;
  globals: number[];
  limit: number;
  /** The end of its module's scratch memory, where it keeps nothing while it is away. */
  readonly scratch: number;
  /** The first state of its module; of a first state, where that is. */
  state?: number;
}

export interface Instance {
  readonly at: number;
  readonly memory: WebAssembly.Memory;
  globals: number[];
  /** Who runs in it. */
  actor: Guest | undefined;
}

export type ImageStep =
  | { readonly do: "leave" | "saveOnly" | "keepOnly" | "end" | "grow" | "derive"; readonly of: number }
  | { readonly do: "spawn" | "enter" | "drop"; readonly of: number; readonly which: number }
  | { readonly do: "write"; readonly of: number; readonly at: number; readonly bytes: Uint8Array }
  | { readonly do: "global"; readonly of: number; readonly which: number; readonly value: number };

export class ImagePlayer {
  readonly memory = kernelMemory();
  readonly kernel: Kernel;
  readonly first: Guest;
  readonly instances: Instance[];
  /** Hibernated actors by their images. */
  readonly hibernated = new Map<number, Guest>();
  /** Images that are about to be dropped. */
  readonly #unused = new Set<number>();
  /** The first states of the module and of those derived from it. */
  readonly states = new Map<number, Guest>();
  readonly state: number;
  /** Called where the guest's `isopod:globals` is. */
  onGlobals: () => void = () => undefined;
  /** Called where the kernel makes sure of headroom. */
  onHeadroom: () => void = () => undefined;
  #current: Instance;

  constructor(given: Guest, used: Kernel = kernel) {
    this.kernel = used;
    // A pool clears what its module has there.
    const first = withoutScratch(given);
    this.first = first;
    const pages = first.bytes.length / PAGE_BYTES;
    this.instances = Array.from({ length: INSTANCES }, (_, i) => {
      const memory = new WebAssembly.Memory({ initial: pages, maximum: pages + 2 });
      new Uint8Array(memory.buffer).set(first.bytes);
      return { at: INSTANCE_WORDS + 64 * i, memory, globals: [...first.globals], actor: undefined };
    });
    [this.#current] = this.instances;
    used.useOutside({
      hostHeadroom: () => this.onHeadroom(),
      callGlobals: (at, toMemory) => this.#callGlobals(at, toMemory),
    });
    this.state = this.port(0).keepFirstState(first.limit, first.globals.length, first.scratch);
    if (this.state <= I.TOO_LARGE) return;
    this.states.set(this.state, first);
    for (const { at } of this.instances) setWord(this.memory, at + I.IN_STATE, this.state);
  }

  /** The kernel as the port of an instance. */
  port(of: number): Kernel {
    this.#current = this.instances[of];
    this.kernel.useMemories(this.memory, this.#current.memory);
    return this.kernel;
  }

  /** The guest's `isopod:globals`: a global is a double, or its bits. */
  #callGlobals(at: number, toMemory: number): void {
    this.onGlobals();
    const { memory, globals } = this.#current;
    const view = new DataView(memory.buffer, at);
    globals.forEach((value, i) => {
      if (toMemory === 0) globals[i] = view.getFloat64(8 * i, true);
      else view.setFloat64(8 * i, value, true);
    });
  }

  /** Plays a step. One that makes no sense now does nothing. */
  play(step: ImageStep): void {
    const instance = this.instances[step.of];
    const { actor } = instance;
    if (step.do === "spawn") this.#spawn(step.of, step.which);
    else if (step.do === "enter") this.#enter(step.of, step.which);
    else if (step.do === "drop") this.#drop(step.which);
    else if (actor === undefined) return;
    else if (step.do === "write") this.#write(instance, actor, step.at, step.bytes);
    else if (step.do === "global" && actor.globals.length > 0) {
      actor.globals[step.which % actor.globals.length] = step.value;
      instance.globals = [...actor.globals];
    } else if (step.do === "grow") this.#grow(instance, actor);
    else if (step.do === "leave") this.#leave(step.of, instance, actor);
    else if (step.do === "derive") this.#derive(step.of, actor);
    else if (step.do === "end") {
      instance.actor = undefined;
      this.port(step.of).reset(instance.at, actor.limit);
    } else if (step.do === "keepOnly") {
      const state = this.port(step.of).keepFirstState(actor.limit, actor.globals.length, actor.scratch);
      if (state <= I.TOO_LARGE) return;
      this.#unused.add(state);
      this.kernel.dropState(state);
      this.#unused.delete(state);
    } else if (step.do === "saveOnly") {
      const image = this.port(step.of).save(actor.state ?? 0, actor.limit);
      if (image === 0) return;
      this.#unused.add(image);
      this.kernel.dropImage(image);
      this.#unused.delete(image);
    }
  }

  #spawn(of: number, which: number): void {
    const instance = this.instances[of];
    // A first state may be too large: its module's actors keep their instances.
    if (instance.actor !== undefined || this.states.size === 0) return;
    const [state, { bytes, globals, limit }] = [...this.states][which % this.states.size];
    const fits = bytes.length === instance.memory.buffer.byteLength;
    insist(this.port(of).beginIn(instance.at, state) === fits, "an actor begins in a memory of another size");
    const { scratch } = this.first;
    if (fits) instance.actor = { bytes: bytes.slice(), globals: [...globals], limit, scratch, state };
  }

  /** The actor's state becomes a first state. */
  #derive(of: number, actor: Guest): void {
    if (this.states.size > 6) return;
    const image = this.port(of).save(actor.state ?? 0, actor.limit);
    if (image === 0) return;
    this.#unused.add(image);
    const state = this.kernel.derive(image, actor.limit);
    if (state !== 0) this.states.set(state, withoutScratch(actor));
    this.kernel.dropImage(image);
    this.#unused.delete(image);
  }

  #write(instance: Instance, actor: Guest, given: number, bytes: Uint8Array): void {
    const at = given % (actor.bytes.length - bytes.length);
    actor.limit = Math.max(actor.limit, at + bytes.length);
    actor.bytes.set(bytes, at);
    new Uint8Array(instance.memory.buffer).set(bytes, at);
  }

  #grow(instance: Instance, actor: Guest): void {
    try {
      instance.memory.grow(1);
    } catch {
      return;
    }
    const grown = new Uint8Array(instance.memory.buffer.byteLength);
    grown.set(actor.bytes);
    actor.bytes = grown;
  }

  #leave(of: number, instance: Instance, actor: Guest): void {
    const image = this.port(of).save(actor.state ?? 0, actor.limit);
    if (image === 0) return;
    actor.bytes.fill(0, 0, actor.scratch);
    this.#checkImage(image, actor);
    this.hibernated.set(image, actor);
    instance.actor = undefined;
    this.kernel.resetSaved(instance.at, image);
  }

  /** The image must be these bytes and no others. */
  #checkImage(image: number, actor: Guest): void {
    const first = this.states.get(actor.state ?? 0) ?? this.first;
    const before = new BigUint64Array(actor.bytes.length / 8 + Math.ceil(first.globals.length / 8) * 8);
    const after = before.slice();
    for (const [words, { bytes, globals }] of [
      [before, first],
      [after, actor],
    ] as const) {
      new Uint8Array(words.buffer).set(bytes);
      new Float64Array(words.buffer).set(globals, actor.bytes.length / 8);
    }
    const lines: number[] = [];
    const words: bigint[] = [];
    after.forEach((word, i) => {
      if (word === before[i]) return;
      words.push(word);
      const line = (i >> 3) << 8;
      const last = lines.at(-1) ?? -1;
      if (last >= line) lines[lines.length - 1] = last | (1 << (i & 7));
      else lines.push(line | (1 << (i & 7)));
    });
    const count = lines.length;
    if (count % 2 === 1) lines.push(0);
    const length = I.IMAGE_HEADER + 4 * lines.length + 8 * words.length;
    const header = [
      length,
      Math.min(actor.limit, actor.bytes.length),
      actor.bytes.length / PAGE_BYTES,
      actor.state ?? 0,
      count,
    ];
    const expected = Buffer.concat([
      new Uint8Array(Int32Array.from([...header, ...lines]).buffer),
      new Uint8Array(BigUint64Array.from(words).buffer),
    ]);
    const found = new Uint8Array(this.memory.buffer, image + I.IMAGE_LENGTH, length - I.IMAGE_LENGTH);
    insist(Buffer.compare(found, expected) === 0, "an image has other bytes than it should");
  }

  #enter(of: number, which: number): void {
    const instance = this.instances[of];
    const [image, actor] = [...this.hibernated][which % (this.hibernated.size || 1)] ?? [0];
    if (actor === undefined || instance.actor !== undefined) return;
    const fits = actor.bytes.length === instance.memory.buffer.byteLength;
    insist(this.port(of).loadImage(instance.at, image) === fits, "an image is loaded into a memory of another size");
    if (!fits) return;
    this.kernel.dropImage(image);
    this.hibernated.delete(image);
    instance.actor = actor;
  }

  #drop(which: number): void {
    const image = [...this.hibernated.keys()][which % (this.hibernated.size || 1)];
    if (image === undefined) return;
    this.kernel.dropImage(image);
    this.hibernated.delete(image);
  }

  /** Throws an Error where a memory or a global is not as the model says. */
  check(): void {
    for (const { at, memory, globals, actor } of this.instances) {
      const isClean = word(this.memory, at + I.CONDITION) === I.CLEAN;
      insist(isClean === (actor === undefined), "an instance is clean with an actor, or dirty without one");
      const expected = actor ?? this.states.get(word(this.memory, at + I.IN_STATE)) ?? this.first;
      insist(isSameState(memory, globals, expected), "a memory or a global is not as it should be");
    }
    audit(this.memory, [], [...this.hibernated.keys(), ...this.#unused, ...this.states.keys()]);
  }
}

/** Whether a memory, which may have grown, and globals are those of a guest. */
export function isSameState(memory: WebAssembly.Memory, globals: readonly number[], guest: Guest): boolean {
  const bytes = new Uint8Array(memory.buffer.byteLength);
  bytes.set(guest.bytes);
  return Buffer.compare(new Uint8Array(memory.buffer), bytes) === 0 && isSameNumbers(globals, guest.globals);
}

/** A state as a first state has it: scratch memory counts as zeros. */
function withoutScratch({ bytes, globals, limit, scratch }: Guest): Guest {
  return { bytes: bytes.slice().fill(0, 0, scratch), globals: [...globals], limit, scratch };
}

function isSameNumbers(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((value, i) => Object.is(value, other[i]));
}
