/**
 * One thread of a runtime: its kernel's outboxes with the ways to the other threads, and its sleep. Thread 0 is where
 * the runtime was made; the others are workers.
 */
import { Agent } from "../away/agent.ts";
import { Away } from "../away/away.ts";
import type { Outbox } from "../away/outbox.ts";
import { OUTBOX_ORDERED } from "../kernel/mail-words.ts";
import type { Parts } from "../parts.ts";
import { Bell } from "./bell.ts";
import { PortWay } from "./port-way.ts";
import { RingWay } from "./ring-way.ts";
import { Ring, type SharedSpace } from "./shared.ts";
import type { Port, Way } from "./way.ts";

interface Lane {
  readonly way: Way;
  readonly outbox: Outbox;
  /** Signals of actors that have arrived. */
  received: number;
}

export class Thread {
  readonly number: number;
  readonly parts: Parts;
  readonly away: Away;
  readonly agent: Agent;
  readonly #space: SharedSpace | undefined;
  /** Whether `Atomics.wait` may hold this thread. */
  readonly #mayWait: boolean;
  readonly #lanes = new Map<number, Lane>();
  #ways: Way[] = [];
  /** The bell is not 2, and `#watch` comes back until it is. */
  #isWatching = false;
  #isStopped = false;
  /** Records are handed over, which may cause turns that look here again. */
  #isPolling = false;

  constructor(parts: Parts, number: number, space: SharedSpace | undefined, mayWait: boolean) {
    this.number = number;
    this.parts = parts;
    this.#space = space;
    this.#mayWait = mayWait;
    this.away = new Away(parts, { thread: number, node: 0 });
    this.agent = new Agent(this.away);
    this.agent.onError = (what, error) => parts.notices.callOut.failed(what, error);
    if (space !== undefined) this.away.onTurns = () => this.#poll();
  }

  /** The numbers of the other threads that are not lost. */
  get others(): number[] {
    return [...this.#lanes.keys()];
  }

  /** Opens the way to another thread. */
  open(other: number, port: Port): void {
    const place = { thread: other, node: this.away.here.node };
    const arrive = (records: Uint8Array) => {
      const before = this.away.arrived;
      this.away.arrive(place, records);
      const lane = this.#lanes.get(other);
      if (lane !== undefined) lane.received += this.away.arrived - before;
    };
    const onRoom = () => this.#lanes.get(other)?.outbox.flush();
    const space = this.#space;
    let way: Way;
    if (space === undefined) {
      way = new PortWay(port, arrive, onRoom);
    } else {
      const rings = [this.#ring(space, this.number, other), this.#ring(space, other, this.number)] as const;
      const bell = new Bell(space.words, space.bellOf(other));
      way = new RingWay(rings, bell, port, arrive, onRoom, () => this.#wake());
    }
    // Thread 0 has a worker that keeps the process, and a worker has the port to thread 0.
    port.unref?.();
    this.#lanes.set(other, { way, outbox: this.away.open(place, way), received: 0 });
    this.#ways = [...this.#ways, way];
    this.#wake();
  }

  #ring(space: SharedSpace, from: number, to: number): Ring {
    return new Ring(space, space.ringOf(from, to));
  }

  /** A thread is lost: what it had sent arrives, then all ties to it are told. */
  lose(other: number): void {
    const lane = this.#lanes.get(other);
    if (lane === undefined) return;
    this.#lanes.delete(other);
    this.#ways = this.#ways.filter(way => way !== lane.way);
    lane.way.drain();
    this.away.close(lane.outbox, { thread: other, node: this.away.here.node });
    this.#wake();
  }

  /** Wakes the other threads, because a lost one may have rung their bells and not posted its message. */
  wakeOthers(): void {
    for (const way of this.#ways) way.wake();
  }

  /** By other thread: how many signals of actors were sent there, and have come from there. */
  get traffic(): [thread: number, sent: number, received: number][] {
    const { away } = this;
    return [...this.#lanes].map(([other, { outbox, received }]) => [
      other,
      outbox.word(OUTBOX_ORDERED) - away.sentToHost(other),
      received,
    ]);
  }

  /** Looks at nothing any more. */
  stop(): void {
    this.#isStopped = true;
    for (const other of this.others) this.lose(other);
  }

  /** Something may have arrived. */
  #wake(): void {
    if (this.#space === undefined || this.#isStopped) return;
    this.#poll();
    if (this.#isWatching) return;
    this.#isWatching = true;
    this.#watch();
  }

  /** Hands over what has arrived. True: there was something. */
  #poll(): boolean {
    if (this.#isPolling) return false;
    this.#isPolling = true;
    let isNew = false;
    try {
      const ways = this.#ways;
      for (let i = 0; i < ways.length; i++) if (ways[i].poll()) isNew = true;
    } catch (error) {
      this.parts.notices.callOut.failed("what another thread has sent", error);
    } finally {
      this.#isPolling = false;
    }
    return isNew;
  }

  /** Comes back when no actor has a turn, until this thread sleeps in its event loop. */
  readonly #watch = (): void => {
    if (this.#isStopped) return;
    const { scheduler, clock } = this.parts.services;
    this.#poll();
    // In a macrotask, so that promises and I/O of the embedder come before a sleep.
    if (scheduler.isBusy) scheduler.settled().then(() => clock.defer(this.#watch));
    else this.#rest();
  };

  #rest(): void {
    const space = this.#space as SharedSpace;
    const { timers, clock } = this.parts.services;
    const mostMs = this.#mayWait ? timers.nextMs - clock.now() : 0;
    const isAsleep = new Bell(space.words, space.bellOf(this.number)).rest(this.#isNeeded, mostMs);
    if (isAsleep) this.#isWatching = false;
    else this.#watch();
  }

  readonly #isNeeded = (): boolean => this.#ways.some(way => way.isNeeded());
}
