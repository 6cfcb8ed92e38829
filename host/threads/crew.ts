/**
 * What every thread does for the others: it spawns, ends, describes and counts actors that live here, for
 * whoever asks.
 */

import { totals } from "../actor/counters.ts";
import type { Cbor } from "../adapters/codec.ts";
import type { DeriveOptions, ModuleDefaults } from "../life/spawn-options.ts";
import { peek } from "../observe/waiting-item.ts";
import type { Pid } from "../wire/pid.ts";
import { Library } from "./library.ts";
import { Naming } from "./naming.ts";
import type { SharedSpace } from "./shared.ts";
import { Spawning } from "./spawning.ts";
import type { Thread } from "./thread.ts";
import type { Port } from "./way.ts";

export class Crew {
  readonly thread: Thread;
  readonly library = new Library();
  readonly spawning: Spawning;
  readonly naming: Naming;

  constructor(thread: Thread, threads: number, space: SharedSpace | undefined) {
    this.thread = thread;
    this.naming = new Naming(thread, space);
    this.spawning = new Spawning(thread, this.library, threads);
    this.#answer();
  }

  /** Opens the way to another thread. */
  open(other: number, port: Port): void {
    this.thread.open(other, port);
    this.spawning.opened(other);
    this.naming.opened(other);
  }

  lose(other: number): void {
    this.spawning.lost(other);
    this.naming.lost(other);
    this.thread.lose(other);
  }

  /** Tells all other threads. */
  tellAll(name: string, body: Cbor): void {
    const { agent, others } = this.thread;
    for (const thread of others) agent.tell({ thread, node: 0 }, name, body);
  }

  /** Asks all other threads. A thread that is lost meanwhile has no answer. */
  readonly askAll = async (name: string, body: Cbor = null): Promise<[thread: number, answer: Cbor][]> => {
    const { agent, others } = this.thread;
    const asked = others.map(async thread => {
      const answer = await agent.ask({ thread, node: 0 }, name, body).catch(() => undefined);
      return answer === undefined ? [] : [[thread, answer] as [number, Cbor]];
    });
    return (await Promise.all(asked)).flat();
  };

  #answer(): void {
    const { agent, parts } = this.thread;
    const { directory, snapshots, spawner, modules, actors, imports } = parts;
    const plain = (value: unknown): Cbor => (value ?? null) as Cbor;
    agent.on("define", body => {
      const [name, module, defaults] = body as [string, number, ModuleDefaults];
      spawner.define(name, this.library.at(module), defaults);
    });
    agent.on("derive", body => {
      const [number, base, image, options] = body as [number, number, Uint8Array, DeriveOptions];
      this.library.put(number, spawner.derive(this.library.at(base) as never, image, options, imports));
    });
    agent.on("unload", number => {
      modules.unload(this.library.at(number as number));
      this.library.remove(number as number);
    });
    agent.on("info", pid => {
      const actor = directory.here(pid as Pid);
      return plain(actor && snapshots.infoOf(actor));
    });
    agent.on("peek", body => {
      const [pid, options] = body as [Pid, object];
      return plain(peek(directory.here(pid), options));
    });
    agent.on("snapshot", options => plain(snapshots.snapshot(options as object)));
    agent.on("totals", filter => plain(snapshots.totals(filter as object)));
    agent.on("counters", () => plain({ ...totals(parts.services) }));
    agent.on("load", async () => [actors.size, (await snapshots.queueDelay()) ?? 0]);
    agent.on("settled", async () => {
      await parts.services.scheduler.settled();
      return [parts.ends.guests, this.thread.traffic];
    });
    agent.on("hibernate", pid => {
      const actor = directory.here(pid as Pid);
      return actor !== undefined && parts.hibernation.hibernate(actor);
    });
    agent.on("image", pid => {
      const actor = directory.here(pid as Pid);
      return actor === undefined ? null : parts.images.image(actor);
    });
  }
}
