/**
 * Names of a whole cluster: keys of a KV bucket. Whoever creates a key first has the name, and each change is of
 * one revision, so a revision has one holder. Every node keeps a copy, which follows within a moment.
 *
 * A name whose node is gone is free: it is found no more, and the next one who registers it takes it over.
 */
import type { KV, KvEntry } from "@nats-io/kv";
import type { Pid } from "../wire/pid.ts";

/** Who has a name. */
interface Holder {
  readonly node: number;
  readonly epoch: number;
  readonly pid: Pid;
}

/** What names use of their node. */
export interface NamesParts {
  readonly node: number;
  readonly epoch: number;
  /** The incarnation of a node that is there; 0: it is not. */
  epochOf(node: number): number;
  /** Whether the server can be reached now. */
  isConnected(): boolean;
}

export class Names {
  readonly #kv: KV;
  readonly #parts: NamesParts;
  readonly #copy = new Map<string, Holder>();
  #stop: () => void = () => undefined;

  constructor(kv: KV, parts: NamesParts) {
    this.#kv = kv;
    this.#parts = parts;
  }

  /** Reads all names, and follows their changes. */
  async follow(failed: (error: unknown) => void): Promise<void> {
    const changes = await this.#kv.watch();
    this.#stop = () => changes.stop();
    void (async () => {
      for await (const entry of changes) this.#changed(entry);
    })().catch(failed);
  }

  stop(): void {
    this.#stop();
  }

  whereis(name: string): Pid | undefined {
    const holder = this.#copy.get(name);
    return holder !== undefined && this.#isThere(holder) ? holder.pid : undefined;
  }

  /**
   * Gives a name to an actor of this node. False: another one has it. Rejects where the server cannot be
   * reached: who is cut off would take all others for gone.
   */
  async register(name: string, pid: Pid): Promise<boolean> {
    const { node, epoch } = this.#parts;
    if (!this.#parts.isConnected()) throw new Error("the NATS server cannot be reached");
    const holder: Holder = { node, epoch, pid };
    const key = keyOf(name);
    const known = await this.#kv.get(key);
    if (known !== null && known.operation === "PUT" && this.#isThere(known.json<Holder>())) return false;
    try {
      const value = JSON.stringify(holder);
      if (known === null) await this.#kv.create(key, value);
      else await this.#kv.update(key, value, known.revision);
    } catch (error) {
      // Somebody was faster, or nothing has happened.
      const now = await this.#kv.get(key);
      if (now !== null && now.operation === "PUT") return now.json<Holder>().pid === pid;
      throw error;
    }
    this.#copy.set(name, holder);
    return true;
  }

  /** Frees a name of an actor here. False: it has another holder, or none. */
  async unregister(name: string, pid: Pid): Promise<boolean> {
    const key = keyOf(name);
    const known = await this.#kv.get(key);
    if (known === null || known.operation !== "PUT" || known.json<Holder>().pid !== pid) return false;
    if (this.#copy.get(name)?.pid === pid) this.#copy.delete(name);
    await this.#kv.delete(key, { previousSeq: known.revision });
    return true;
  }

  #isThere({ node, epoch }: Holder): boolean {
    return (node === this.#parts.node ? this.#parts.epoch : this.#parts.epochOf(node)) === epoch;
  }

  #changed(entry: KvEntry): void {
    const name = nameOf(entry.key);
    if (entry.operation === "PUT") this.#copy.set(name, entry.json<Holder>());
    else this.#copy.delete(name);
  }
}

/** Keys have few characters: a name becomes the hexadecimal digits of its UTF-8. */
function keyOf(name: string): string {
  return `n${[...new TextEncoder().encode(name)].map(byte => byte.toString(16).padStart(2, "0")).join("")}`;
}

function nameOf(key: string): string {
  const digits = key.slice(1).match(/../g) ?? [];
  return new TextDecoder().decode(Uint8Array.from(digits, pair => Number.parseInt(pair, 16)));
}
