/**
 * What is kept of one recorded actor: at most two checkpoints, the log since the older one, and the reel that the
 * log goes on in. The log since a checkpoint has at most as many bytes as the recorder allows. Where it gets longer,
 * because the actor never rests, what was recorded is dropped, and the next checkpoint is a new beginning.
 */
import { REEL_RESTS } from "../kernel/tape-words.ts";
import type { Reels } from "./reels.ts";
import type { Paid } from "./state.ts";

/** A state that a replay can begin with. */
export interface Checkpoint {
  /** As `runtime.image` makes them. */
  readonly image: Uint8Array;
  /** Exactly, 8 bytes each: an image that is loaded has others. */
  readonly globals: Uint8Array;
}

export interface Segment {
  /** Null: the actor's beginning. */
  readonly checkpoint: Checkpoint | null;
  readonly chunks: Uint8Array<ArrayBuffer>[];
  bytes: number;
  /** How many items had come before. */
  readonly itemsBefore: number;
}

/** How many turns pass before the next try, where an actor cannot have a checkpoint. */
const TURNS_BETWEEN_TRIES = 16;

export class Tape {
  /** The first word of its actor's pid: another actor may have the record. */
  readonly lo: number;
  readonly reel: number;
  readonly #reels: Reels;
  /** How many bytes of the log there may be since a checkpoint. */
  readonly #most: number;
  readonly #added: (bytes: number) => boolean;
  #segments: Segment[] = [{ checkpoint: null, chunks: [], bytes: 0, itemsBefore: 0 }];
  #turnsUntilTry = 0;
  /** What its actor had paid when its last turn was over. */
  paid: Paid | null = null;
  /** What it had paid when it called the import that it is in. */
  before: Paid | null = null;
  /** The embedder may have written to its memory at any time. */
  isExposed = false;

  /** `added` counts bytes of all tapes; false: they are too many. */
  constructor(lo: number, reel: number, reels: Reels, most: number, added: (bytes: number) => boolean) {
    this.lo = lo;
    this.reel = reel;
    this.#reels = reels;
    this.#most = most;
    this.#added = added;
  }

  /** From the older checkpoint on. Empty: what was recorded is lost. */
  get segments(): readonly Segment[] {
    return this.#segments;
  }

  /** Adds bytes to the log. */
  add(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#reels.add(this.reel, bytes)) return;
    this.flush();
    if (!this.#reels.add(this.reel, bytes)) this.#keep(bytes);
  }

  /** Takes the bytes out of the reel. */
  flush(): void {
    this.#keep(this.#reels.empty(this.reel));
  }

  #keep(bytes: Uint8Array<ArrayBuffer>): void {
    const segment = this.#segments.at(-1);
    if (segment === undefined || bytes.length === 0) return;
    segment.chunks.push(bytes);
    segment.bytes += bytes.length;
    const isAdmitted = this.#added(bytes.length);
    if (segment.bytes > this.#most / 4) this.#reels.setWord(this.reel + REEL_RESTS, 1);
    if (!isAdmitted || segment.bytes > this.#most) this.drop();
  }

  /** What was recorded is dropped. The next checkpoint is a new beginning. */
  drop(): void {
    for (const { bytes, checkpoint } of this.#segments) this.#added(-bytes - sizeOf(checkpoint));
    this.#segments = [];
    this.#reels.setWord(this.reel + REEL_RESTS, 1);
  }

  /** Whether it is time for a checkpoint. */
  get wantsCheckpoint(): boolean {
    return this.#reels.word(this.reel + REEL_RESTS) !== 0 && this.#turnsUntilTry-- <= 0;
  }

  /** There was none to be had. */
  waitForCheckpoint(): void {
    this.#turnsUntilTry = TURNS_BETWEEN_TRIES;
  }

  /** A checkpoint is made. `beginning`: the operation that the log goes on with. If that is too long, all is as before. */
  begin(checkpoint: Checkpoint, itemsBefore: number, beginning: Uint8Array<ArrayBuffer>): void {
    if (beginning.length > this.#most / 2) {
      this.waitForCheckpoint();
      return;
    }
    this.flush();
    this.#segments.push({ checkpoint, chunks: [], bytes: 0, itemsBefore });
    if (this.#segments.length > 2) {
      const [oldest] = this.#segments.splice(0, 1);
      this.#added(-oldest.bytes - sizeOf(oldest.checkpoint));
    }
    this.#reels.setWord(this.reel + REEL_RESTS, 0);
    this.#reels.forgetSenders(this.reel);
    if (!this.#added(sizeOf(checkpoint))) this.drop();
    this.add(beginning);
  }
}

function sizeOf(checkpoint: Checkpoint | null): number {
  return checkpoint === null ? 0 : checkpoint.image.length + checkpoint.globals.length;
}
