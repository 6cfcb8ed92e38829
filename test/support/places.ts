/**
 * Runtimes of one process, as threads of one node or as nodes: what one sends another waits in a lane until the test
 * lets it arrive.
 */
import { Away, type Place } from "../../host/away/away.ts";
import type { Outbox } from "../../host/away/outbox.ts";
import type { RuntimeOptions } from "../../host/options.ts";
import { partsOf, Runtime } from "../../host/runtime.ts";
import { macrotask } from "./clock.ts";

/** What one place has sent another, the oldest first. */
export interface Lane {
  readonly from: number;
  readonly to: number;
  readonly records: Uint8Array[];
  isReady: boolean;
  outbox: Outbox | null;
}

export class Places {
  readonly runtimes: Runtime[] = [];
  readonly aways: Away[] = [];
  readonly lanes: Lane[] = [];
  readonly #places: Place[];
  readonly lost = new Set<number>();
  /** Signals that were dropped because they came in another's name. */
  forged = 0;

  constructor(count: number, options: RuntimeOptions = {}, areNodes = false) {
    this.#places = Array.from({ length: count }, (_, i) =>
      areNodes ? { thread: 0, node: i + 1 } : { thread: i, node: 0 },
    );
    for (const place of this.#places) {
      const runtime = new Runtime({ grants: "all", ...options });
      this.runtimes.push(runtime);
      this.aways.push(new Away(partsOf(runtime), place));
    }
    for (let from = 0; from < count; from++) {
      for (let to = 0; to < count; to++) if (from !== to) this.#open(from, to);
    }
  }

  #open(from: number, to: number): void {
    const lane: Lane = { from, to, records: [], isReady: true, outbox: null };
    lane.outbox = this.aways[from].open(this.#places[to], {
      get isReady() {
        return lane.isReady;
      },
      carry: records => void lane.records.push(records),
    });
    this.lanes.push(lane);
  }

  lane(from: number, to: number): Lane {
    return this.lanes.find(lane => lane.from === from && lane.to === to) as Lane;
  }

  /** The oldest records of a lane arrive. */
  deliver(lane: Lane): void {
    for (const away of this.aways) away.flush();
    const records = lane.records.shift();
    if (records !== undefined) this.forged += this.aways[lane.to].arrive(this.#places[lane.from], records);
  }

  /** A place is gone. What it had sent still arrives; then the others are told. */
  lose(place: number): void {
    this.lost.add(place);
    this.aways[place].flush();
    for (const lane of this.lanes.filter(({ to }) => to === place)) {
      const back = this.lane(place, lane.from);
      while (back.records.length > 0) this.deliver(back);
      lane.records.length = 0;
      if (lane.outbox !== null) this.aways[lane.from].close(lane.outbox, this.#places[place]);
    }
    for (const lane of this.lanes.filter(({ from }) => from === place)) lane.records.length = 0;
  }

  /** Everything arrives, and every actor waits. */
  async settle(): Promise<void> {
    let rounds = 0;
    while (rounds < 3) {
      for (const runtime of this.runtimes) await runtime.settled();
      for (const away of this.aways) away.flush();
      const filled = this.lanes.filter(({ records, to, from }) => {
        return records.length > 0 && !this.lost.has(to) && !this.lost.has(from);
      });
      for (const lane of filled) while (lane.records.length > 0) this.deliver(lane);
      rounds = filled.length > 0 ? 0 : rounds + 1;
      await macrotask();
    }
  }

  async stop(): Promise<void> {
    for (const runtime of this.runtimes) await runtime.stop();
  }
}
