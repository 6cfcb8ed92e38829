// What the conductors of all scenarios share. A conductor is the actor that the host spawns for a round: it starts the others, looks
// at the clock, and sends the host one message with what came of it.

import {
  args,
  Kind,
  Message,
  now,
  Pid,
  Reader,
  receiveTag,
  self,
  sendRaw,
  shutdown,
  spawnLink,
  Writer,
} from "isopod/guest";

/** The tags that all scenarios have: from the conductor, to the conductor. */
export const BEGIN: i32 = 1_000_001;
export const REPORT: i32 = 1_000_002;
/** Durations that somebody else has taken, to the conductor. */
export const SAMPLES: i32 = 1_000_003;

/** A round as the host has asked for it. Args: u64, who gets the result; then the scenario's parameters, an f64 each. */
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

  begin(): void {
    this.beganMs = now();
  }

  /** One duration of which the distribution is wanted. */
  sample(nanoseconds: f64): void {
    this.samples.f64(nanoseconds);
  }

  /** Durations of another actor's. */
  samplesOf(message: Message): void {
    for (let i = 0; i < message.length; i += 8) this.samples.f64(message.f64At(i));
  }

  /** The clock stops, where there is something left to do before the end. */
  stop(): void {
    this.elapsedMs = now() - this.beganMs;
  }

  /** The round is over. `check`: what the actors counted. All that were started with `born` end with the conductor. */
  end(check: f64): void {
    this.report(check);
    shutdown();
  }

  /** As `end`, but goes on. */
  report(check: f64): void {
    if (this.elapsedMs < 0) this.stop();
    new Writer().f64(this.elapsedMs).f64(check).send(this.observer);
    this.samples.send(this.observer);
  }
}

/** Starts an actor of this scenario's guest, at the export `entry`, and links it to the conductor. */
export function born(entry: string, given: Writer): Pid {
  const child = spawnLink("guest", given.toBytes(), entry);
  if (!child.ok) throw new Error(`${entry}: ${child}`);
  return child.pid;
}

/** Begins the args of an actor with the conductor's pid. */
export function toConductor(): Writer {
  return new Writer().pid(self());
}

/** Tells the conductor a number. */
export function tell(conductor: Pid, count: f64): void {
  store<f64>(room, count);
  sendRaw(conductor, room, 8, REPORT);
}

/** Adds up what so many actors tell. */
export function sumOf(reports: i32): f64 {
  let sum: f64 = 0;
  for (let left = reports; left > 0; left--) {
    const report = receiveTag(REPORT);
    if (report.kind === Kind.Message) sum += report.f64At(0);
  }
  return sum;
}

/** What each of so many does of a total. */
export function share(total: i32, actors: i32): i32 {
  return max<i32>(1, total / actors);
}

/** Savina's pseudo-random numbers, from 0 to 65535. */
export function nextRandom(value: i32): i32 {
  return (value * 1309 + 13849) & 65535;
}

const room: usize = memory.data(8, 8);
