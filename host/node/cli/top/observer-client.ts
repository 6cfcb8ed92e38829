/** Asks an observer's server for what `isopod top` shows. */
import type { ActorPage, EndGroup, EndPage, Overview, Sample, SortKey } from "../../../web/observer/protocol.ts";
import { UsageError } from "../command.ts";

export interface Reading {
  readonly overview: Overview;
  readonly page: ActorPage;
  /** The last full second. Undefined in the first second. */
  readonly sample: Sample | undefined;
  /** Undefined unless they were asked for. */
  readonly ends: readonly EndGroup[] | undefined;
}

/** Where the rows begin: the actor at which a list begins, and the index in that list. */
export interface Position {
  /** As in `ActorPage.next`. */
  readonly at: string;
  readonly from: number;
}

export const TOP: Position = { at: "<host>", from: 0 };

export interface ReadOptions {
  readonly sort: SortKey;
  /** Reverses the usual order: numbers from the greatest down, words from A to Z. */
  readonly isReversed: boolean;
  readonly rows: number;
  /** Default: none. */
  readonly filter?: string;
  readonly position?: Position;
  /** Reads the crashes, too. */
  readonly withEnds?: boolean;
}

/** Where the rows behind these begin; undefined if there are none. */
export function positionAfter({ total, from, rows, next }: ActorPage, { at }: Position): Position | undefined {
  if (from + rows.length < total) return { at, from: from + rows.length };
  return next === undefined ? undefined : { at: next, from: 0 };
}

/** The keys whose values are words. */
const words: readonly SortKey[] = ["pid", "name", "module", "state"];

export class ObserverClient {
  readonly #origin: string;
  readonly #headers: { readonly Authorization: string };
  #sample: Sample | undefined;

  /** Throws a UsageError where the address is not a URL of an observer, with its token. */
  constructor(address: string) {
    const url = URL.canParse(address) ? new URL(address) : undefined;
    const token = /[#&]token=([\w.~-]+)$/.exec(address)?.[1];
    if (url?.protocol !== "http:" || token === undefined) {
      throw new UsageError(`"${address}" is not the address of an observer: http://127.0.0.1:PORT/#token=TOKEN`);
    }
    this.#origin = url.origin;
    this.#headers = { Authorization: `Bearer ${token}` };
  }

  async read({ sort, isReversed, rows, filter = "", position = TOP, withEnds }: ReadOptions): Promise<Reading> {
    const descending = words.includes(sort) === isReversed ? "1" : "0";
    const { at, from } = position;
    const query = { at: at.slice(1, -1), from: String(from), count: String(rows), sort, descending, filter };
    const [overview, page, ends] = await Promise.all([
      this.#ask<Overview>(`overview?after=${this.#sample?.index ?? 0}`),
      this.#ask<ActorPage>(`actors?${new URLSearchParams(query)}`),
      withEnds ? this.#ask<EndPage>(`ends?${new URLSearchParams({ filter })}`) : undefined,
    ]);
    this.#sample = overview.samples.at(-1) ?? this.#sample;
    return { overview, page, sample: this.#sample, ends: ends?.rows };
  }

  async #ask<T>(path: string): Promise<T> {
    let response: Response;
    try {
      response = await fetch(`${this.#origin}/api/${path}`, { headers: this.#headers });
    } catch (error) {
      throw new Error(`${this.#origin} does not answer: its process may have ended`, { cause: error });
    }
    if (!response.ok) throw new Error(`${this.#origin}: ${(await response.text()).trim()}`);
    return (await response.json()) as T;
  }
}
