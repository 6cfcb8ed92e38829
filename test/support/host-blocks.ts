/** Blocks of the kernel's arena that the host takes: specs, pools, instances and the like. */
import type { Kernel } from "./kernel-functions.ts";
import { type Block, insist, setWord } from "./kernel-memory.ts";
import * as W from "./words.ts";

export class HostBlocks {
  readonly #memory: WebAssembly.Memory;
  readonly #kernel: Kernel;
  readonly #blocks = new Map<number, Block>();
  readonly #specs = new Map<number, number>();
  #instance = 0;

  constructor(memory: WebAssembly.Memory, kernel: Kernel) {
    this.#memory = memory;
    this.#kernel = kernel;
  }

  /** All blocks that were taken and not given back, for `audit`. */
  get all(): readonly Block[] {
    return [...this.#blocks.values()];
  }

  /** A block of so many bytes, all zeros. */
  take(bytes: number, what: string): number {
    const sizeClass = this.#kernel.classFor(bytes);
    const at = this.#kernel.take(sizeClass);
    insist(at !== 0, `there is no memory for ${what}`);
    new Uint8Array(this.#memory.buffer).fill(0, at, at + bytes);
    this.#blocks.set(at, { at, bytes: 64 << sizeClass, what });
    return at;
  }

  give(at: number): void {
    const block = this.#blocks.get(at);
    insist(block !== undefined, "a block is given back that was not taken");
    this.#blocks.delete(at);
    this.#kernel.give(at, this.#kernel.classFor(block.bytes));
  }

  /** A spec whose actors may have so many ties. */
  specWith(ties: number): number {
    const spec = this.#specs.get(ties) ?? this.take(W.SPEC_BYTES, "a spec");
    this.#specs.set(ties, spec);
    setWord(this.#memory, spec + W.MAX_TIES, ties);
    return spec;
  }

  /** An instance that an actor runs in. */
  get instance(): number {
    if (this.#instance === 0) this.#instance = this.take(W.INSTANCE_BYTES, "an instance");
    setWord(this.#memory, this.#instance + W.CONDITION, W.DIRTY);
    return this.#instance;
  }
}
