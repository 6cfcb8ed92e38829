/**
 * The workers of a runtime, as thread 0 sees them: they begin, are lost, and end. All of them begin, or none does.
 */

import { EngineError, LoadError } from "../wire/errors.ts";
import type { Beginning, FromWorker, WorkerOptions } from "./protocol.ts";
import type { SharedSpace } from "./shared.ts";
import type { SharedModule } from "./shared-module.ts";
import { type Started, startWorker } from "./start-worker.ts";
import type { Port } from "./way.ts";

/** After this time, a worker that has not ended is terminated. */
const STOP_MS = 5_000;

export class Workers {
  readonly #started = new Map<number, Started>();
  /** The promises that wait for a worker's next answer of a kind. */
  readonly #waiting = new Map<string, { resolve(error: string | undefined): void; reject(error: Error): void }>();
  /** Called once for each worker that is lost, before all others are told. */
  onLost: (thread: number, why: string) => void = () => {};
  #isStopping = false;

  /** Starts all workers. Answers the ports of thread 0. Rejects with an EngineError where one cannot begin. */
  async begin(
    threads: number,
    space: SharedSpace | undefined,
    setup: string | undefined,
    options: WorkerOptions,
  ): Promise<Map<number, Port>> {
    const ports = Array.from({ length: threads }, () => new Map<number, Port>());
    for (let a = 0; a < threads; a++) {
      for (let b = a + 1; b < threads; b++) {
        const { port1, port2 } = new MessageChannel();
        ports[a].set(b, port1 as unknown as Port);
        ports[b].set(a, port2 as unknown as Port);
      }
    }
    try {
      const begun = ports.map(async (ways, thread) => {
        if (thread === 0) return;
        const beginning = { thread, threads, space: space?.buffer, ports: [...ways], setup, options };
        await this.#start(beginning);
      });
      await Promise.all(begun);
    } catch (error) {
      for (const started of this.#started.values()) started.terminate();
      throw error;
    }
    return ports[0];
  }

  async #start(beginning: Beginning): Promise<void> {
    const { thread } = beginning;
    const started = startWorker(thread);
    this.#started.set(thread, started);
    started.onMessage = message => this.#take(thread, message);
    started.onEnd = why => this.#ended(thread, why);
    await this.#answer(thread, "listens");
    const ports = beginning.ports.map(([, port]) => port);
    started.post({ begin: beginning }, ports);
    const failure = await this.#answer(thread, "ready");
    if (failure !== undefined) throw new EngineError(`thread ${thread} could not begin: ${failure}`);
  }

  #answer(thread: number, what: string): Promise<string | undefined> {
    return new Promise((resolve, reject) => this.#waiting.set(`${thread} ${what}`, { resolve, reject }));
  }

  #take(thread: number, message: FromWorker): void {
    if ("failed" in message) this.#settle(`${thread} ready`, message.failed);
    else if ("has" in message) this.#settle(`${thread} ${message.has}`, message.error);
    else this.#settle(`${thread} ${Object.keys(message)[0]}`, undefined);
  }

  #settle(key: string, error: string | undefined): void {
    this.#waiting.get(key)?.resolve(error);
    this.#waiting.delete(key);
  }

  #ended(thread: number, why: string): void {
    this.#started.delete(thread);
    for (const [key, { reject }] of this.#waiting) {
      if (!key.startsWith(`${thread} `)) continue;
      this.#waiting.delete(key);
      reject(new EngineError(`thread ${thread} has ended: ${why}`));
    }
    if (this.#isStopping) return;
    this.onLost(thread, why);
    for (const other of this.#started.values()) other.post({ lost: thread });
  }

  /** Gives all workers a module. Rejects with a LoadError where one does not offer what it imports. */
  async share(module: SharedModule, id: number): Promise<void> {
    const all = [...this.#started].map(async ([thread, started]) => {
      const answer = this.#answer(thread, String(id));
      started.post({ module, id });
      const error = await answer.catch(() => undefined);
      if (error !== undefined) throw new LoadError(`thread ${thread}: ${error}`);
    });
    await Promise.all(all);
  }

  /** Ends a worker at once. */
  terminate(thread: number): void {
    this.#started.get(thread)?.terminate();
  }

  /** Ends the actors of all workers, then the workers. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const all = [...this.#started].map(async ([thread, started]) => {
      const stopped = this.#answer(thread, "stopped").catch(() => undefined);
      started.post({ stop: true });
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<void>(resolve => {
        timer = setTimeout(resolve, STOP_MS);
      });
      await Promise.race([stopped, late]);
      clearTimeout(timer);
      started.terminate();
    });
    await Promise.all(all);
  }
}
