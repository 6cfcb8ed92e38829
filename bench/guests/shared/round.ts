// The part that all conductors share. A conductor is the actor that the host spawns for a round. It
// starts the other actors, reads the clock, and sends the host one result.

import {
  args,
  Kind,
  Message,
  now,
  Pid,
  Reader,
  Reason,
  receive,
  receiveTag,
  self,
  sendRaw,
  shutdown,
  spawnLink,
  Writer,
} from "isopod/guest";

/** From the conductor to an actor: the clock runs. */
export const BEGIN: i32 = 1_000_001;
/** From an actor to the conductor: a number that it counted. */
export const REPORT: i32 = 1_000_002;
/** From an actor to the conductor: the times of single operations. */
export const SAMPLES: i32 = 1_000_003;

/** A round. Args: the u64 pid that gets the result, then the parameters of the scenario as f64. */
export class Round {
  private readonly given: Reader = new Reader(args());
  private readonly observer: Pid;
  private readonly samples: Writer = new Writer(1024);
  private beganMs: f64 = 0;
  /** Negative until the clock is stopped. */
  private elapsedMs: f64 = -1;

  constructor() {
    this.observer = this.given.pid();
  }

  /** The next parameter, in the order in which the scenario declares them. */
  parameter(): i32 {
    return this.given.f64() as i32;
  }

  /** Starts the clock. */
  begin(): void {
    this.beganMs = now();
  }

  /** Adds the time of one operation. */
  sample(nanoseconds: f64): void {
    this.samples.f64(nanoseconds);
  }

  /** Adds the times that another actor measured. */
  samplesOf(message: Message): void {
    for (let i = 0; i < message.length; i += 8) this.samples.f64(message.f64At(i));
  }

  /** Stops the clock. Only needed if the conductor still has work that must not count. */
  stop(): void {
    this.elapsedMs = now() - this.beganMs;
  }

  /**
   * Reports the round and ends. `check`: the operations that the actors counted. Actors started
   * with `born` end too.
   */
  end(check: f64): void {
    this.report(check);
    shutdown();
  }

  /** Reports the round, but does not end the conductor. */
  report(check: f64): void {
    if (this.elapsedMs < 0) this.stop();
    new Writer().f64(this.elapsedMs).f64(check).send(this.observer);
    this.samples.send(this.observer);
  }
}

/** Spawns an actor of the scenario's guest at the export `entry`, linked to the conductor. */
export function born(entry: string, given: Writer): Pid {
  const child = spawnLink("guest", given.toBytes(), entry);
  if (!child.ok) throw new Error(`${entry}: ${child}`);
  return child.pid;
}

/** Args that begin with the conductor's pid. */
export function toConductor(): Writer {
  return new Writer().pid(self());
}

/** Sends the conductor a number. */
export function tell(conductor: Pid, count: f64): void {
  store<f64>(room, count);
  sendRaw(conductor, room, 8, REPORT);
}

/** Receives this many reports and returns their sum. */
export function sumOf(reports: i32): f64 {
  let sum: f64 = 0;
  for (let left = reports; left > 0; left--) {
    const report = receiveTag(REPORT);
    if (report.kind === Kind.Message) sum += report.f64At(0);
  }
  return sum;
}

/** Receives this many messages, and counts the Downs with this reason. */
export function downsOf(actors: i32, reason: Reason = Reason.Normal): i32 {
  let ended = 0;
  for (let left = actors; left > 0; left--) {
    const down = receive();
    if (down.kind === Kind.Down && down.reason === reason) ended++;
  }
  return ended;
}

/** The part of a total that each actor does, rounded down. */
export function share(total: i32, actors: i32): i32 {
  return max<i32>(1, total / actors);
}

/** Savina's pseudo-random numbers, from 0 to 65535. */
export function nextRandom(value: i32): i32 {
  return (value * 1309 + 13849) & 65535;
}

const room: usize = memory.data(8, 8);
