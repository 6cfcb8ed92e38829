// One side of a pair that plays ping-pong. The guests player.ts, timed-player.ts and their handlers
// all use it.
// Args: u64 conductor, u64 partner (0: this side only answers), u32 bytes of a ball, u32 balls that
// it receives.

import { args, now, Pid, Reader, send, sendRaw } from "isopod/guest";
import { SAMPLES, tell } from "./round";

export class Player {
  readonly conductor: Pid;
  private readonly partner: Pid;
  private readonly bytes: i32;
  /** The number of balls that this side receives. */
  readonly trips: u32;

  constructor() {
    const given = new Reader(args());
    this.conductor = given.pid();
    this.partner = given.pid();
    this.bytes = given.u32();
    this.trips = given.u32();
  }

  /** True for the side that sends the first ball, and does not return the last one. */
  get serves(): bool {
    return this.partner !== 0;
  }

  /** Sends the first ball. */
  serve(): void {
    send(this.partner, new Uint8Array(this.bytes));
  }

  /** Reports the number of balls received. */
  end(): void {
    tell(this.conductor, this.trips);
  }
}

/** The serving side, with a clock that times each round trip. */
export class TimedPlayer extends Player {
  /** Nanoseconds of each round trip. Only those before `timed` are measured. */
  private samples: StaticArray<f64> = new StaticArray<f64>(0);
  private timed: i32 = 0;
  private lastMs: f64 = 0;

  constructor() {
    super();
    this.samples = new StaticArray<f64>(this.trips);
  }

  override serve(): void {
    this.lastMs = now();
    super.serve();
  }

  /** The ball is back. */
  returned(): void {
    const nowMs = now();
    this.samples[this.timed++] = (nowMs - this.lastMs) * 1e6;
    this.lastMs = nowMs;
  }

  override end(): void {
    super.end();
    sendRaw(this.conductor, changetype<usize>(this.samples), 8 * this.trips, SAMPLES);
  }
}
