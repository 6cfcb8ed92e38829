/**
 * Metrics in the text format of Prometheus. All but the delays are computed on request, from the
 * counters and from totals.
 */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { ActorInfo, Counters, Runtime } from "../../index.ts";
import type { Whole } from "./looks.ts";

const totals: Readonly<Record<keyof Counters, readonly [name: string, help: string]>> = {
  sent: ["isopod_messages_sent_total", "Messages sent, those refused included"],
  received: ["isopod_messages_received_total", "Messages taken by their receivers"],
  dead: ["isopod_dead_letters_total", "Messages refused, or left behind by an actor that ended"],
  untold: [
    "isopod_untold_total",
    "Lines, dead letters and names that callbacks were not told of, because one turn had caused too many",
  ],
  denied: ["isopod_denials_total", "Calls of guests that were not granted, and pids and refs that they guessed"],
  spawned: ["isopod_guests_spawned_total", "Guests spawned"],
  ended: ["isopod_actors_ended_total", "Guests and host mailboxes that have ended"],
  hibernated: ["isopod_hibernated_total", "Times that an actor has left its instance, and has become an image"],
  loaded: ["isopod_images_loaded_total", "Times that an image was loaded into an instance"],
  turnsCut: ["isopod_turns_cut_total", "Turns that the clock has cut short"],
};

/** In seconds. */
const DELAY_BUCKETS = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1];

export class Metrics {
  readonly registry = new Registry();
  /** How long each of the observer's probes waited in the run queue, in seconds. */
  readonly delays: Histogram;

  constructor(runtime: Runtime, whole: () => Promise<Whole>) {
    const registers = [this.registry];
    for (const [key, [name, help]] of Object.entries(totals) as [keyof Counters, readonly [string, string]][]) {
      new Counter({
        name,
        help,
        registers,
        collect() {
          this.reset();
          this.inc(runtime.counters[key]);
        },
      });
    }
    const gauge = (name: string, help: string, value: (whole: Whole) => number) =>
      new Gauge({
        name,
        help,
        registers,
        async collect() {
          this.set(value(await whole()));
        },
      });
    const labelled = <T extends string>(
      name: string,
      label: string,
      help: string,
      values: (whole: Whole) => Readonly<Record<T, number>>,
    ) =>
      new Gauge({
        name,
        help,
        labelNames: [label],
        registers,
        async collect() {
          for (const [word, value] of Object.entries<number>(values(await whole()))) this.set({ [label]: word }, value);
        },
      });
    labelled<ActorInfo["kind"]>("isopod_actors", "kind", "Live actors, by kind", ({ totals }) => totals.kinds);
    labelled<ActorInfo["state"]>(
      "isopod_actors_in_state",
      "state",
      "Live actors, by state",
      ({ totals }) => totals.states,
    );
    gauge("isopod_run_queue_length", "Actors that wait for a turn", ({ runQueue }) => runQueue);
    gauge("isopod_mailbox_items", "Items that wait in mailboxes", ({ totals }) => totals.mailboxItems);
    gauge("isopod_mailbox_bytes", "Payload bytes that wait in mailboxes", ({ totals }) => totals.mailboxBytes);
    gauge(
      "isopod_image_bytes",
      "Images of hibernated actors, and first states of modules",
      ({ memory }) => memory.images,
    );
    gauge("isopod_guest_memory_bytes", "Memory of all guests", ({ memory }) => memory.memories);
    this.delays = new Histogram({
      name: "isopod_queue_delay_seconds",
      help: "How long a probe waited in the run queue, ten times a second",
      buckets: DELAY_BUCKETS,
      registers,
    });
  }
}
