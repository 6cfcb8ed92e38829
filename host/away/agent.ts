/**
 * What the host of one place asks of another's: to spawn, to name, to describe. Requests and answers are CBOR. They
 * travel as signals, so they keep their order among all that one place sends another: a request that comes before
 * a message is carried out before the message arrives.
 *
 * Guarantee: each request is answered once, also where the other place is lost.
 */
import { type Cbor, cbor } from "../adapters/codec.ts";
import { IsopodError } from "../wire/errors.ts";
import type { Away, Place } from "./away.ts";
import { ANSWER, ASK, REFUSAL, TELL } from "./signal.ts";

/**
 * Carries out a request. What it returns is the answer; what it throws rejects the request. It runs while signals
 * arrive, so a handler that must act before the next signal arrives must not be async.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler without an answer is a function without a result
export type Handler = (body: Cbor, from: Place) => Cbor | void | Promise<Cbor | void>;

/** A request was not carried out: its handler has thrown, or its place is lost. */
export class PlaceError extends IsopodError {
  /** The code of the error that was thrown there, or `ISOPOD_NOCONNECTION`. */
  constructor(code: string, message: string) {
    super(code, message);
  }
}

interface Asked {
  readonly to: Place;
  resolve(answer: Cbor): void;
  reject(error: Error): void;
}

export class Agent {
  readonly #away: Away;
  readonly #handlers = new Map<string, Handler>();
  /** The requests that wait for an answer, by number. */
  readonly #asked = new Map<number, Asked>();
  #last = 0;
  /** Called with what the handler of a `tell` has thrown. */
  onError: (what: string, error: unknown) => void = () => {};

  constructor(away: Away) {
    this.#away = away;
    away.onHost = (kind, ref, bytes, from) => this.#take(kind, ref, bytes, from);
    const { onClosed } = away;
    away.onClosed = place => {
      onClosed(place);
      this.#lost(place);
    };
  }

  /** Has requests of this name carried out. */
  on(name: string, handler: Handler): void {
    this.#handlers.set(name, handler);
  }

  /** Asks the host of another place. Rejects with a PlaceError. */
  ask(to: Place, name: string, body: Cbor = null): Promise<Cbor> {
    return new Promise((resolve, reject) => {
      this.#last = (this.#last + 1) | 0;
      const ref = this.#last;
      const isSent = this.#away.sendToHost(to, ASK, ref, cbor.encode([name, body]));
      if (isSent) this.#asked.set(ref, { to, resolve, reject });
      else reject(this.#isLost(to));
    });
  }

  /** Tells the host of another place, without an answer. */
  tell(to: Place, name: string, body: Cbor = null): void {
    this.#away.sendToHost(to, TELL, 0, cbor.encode([name, body]));
  }

  #take(kind: number, ref: number, bytes: Uint8Array, from: Place): void {
    if (kind === ASK) {
      this.#carryOut(ref, bytes, from);
    } else if (kind === TELL) {
      this.#heed(bytes, from);
    } else {
      const asked = this.#asked.get(ref);
      if (asked === undefined || !isSame(asked.to, from)) return;
      this.#asked.delete(ref);
      settle(asked, kind, bytes);
    }
  }

  #carryOut(ref: number, bytes: Uint8Array, from: Place): void {
    const answer = (body: Awaited<ReturnType<Handler>>) =>
      void this.#away.sendToHost(from, ANSWER, ref, cbor.encode(body ?? null));
    const refuse = (error: unknown) => void this.#away.sendToHost(from, REFUSAL, ref, cbor.encode(described(error)));
    try {
      const done = this.#handle(bytes, from);
      if (done instanceof Promise) done.then(answer).catch(refuse);
      else answer(done);
    } catch (error) {
      refuse(error);
    }
  }

  #heed(bytes: Uint8Array, from: Place): void {
    const failed = (error: unknown) => this.onError("what another thread or node has told", error);
    try {
      const done = this.#handle(bytes, from);
      if (done instanceof Promise) done.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  #handle(bytes: Uint8Array, from: Place): ReturnType<Handler> {
    const request = cbor.decode(bytes);
    const [name, body] = Array.isArray(request) ? (request as Cbor[]) : [];
    const handler = typeof name === "string" ? this.#handlers.get(name) : undefined;
    if (handler === undefined) throw new PlaceError("ISOPOD_REQUEST", `there are no requests called ${String(name)}`);
    return handler(body ?? null, from);
  }

  #lost(place: Place): void {
    for (const [ref, asked] of this.#asked) {
      if (!isSame(asked.to, place)) continue;
      this.#asked.delete(ref);
      asked.reject(this.#isLost(place));
    }
  }

  #isLost({ thread, node }: Place): PlaceError {
    const what = node === this.#away.here.node ? `thread ${thread}` : `node ${node}`;
    return new PlaceError("ISOPOD_NOCONNECTION", `nothing leads to ${what}, or it is lost`);
  }
}

const isSame = (a: Place, b: Place): boolean => a.node === b.node && a.thread === b.thread;

/** The code and the message of what was thrown. */
function described(error: unknown): string[] {
  if (error instanceof IsopodError) return [error.code, error.message];
  return ["ISOPOD_REQUEST", error instanceof Error ? error.message : String(error)];
}

function settle({ resolve, reject }: Asked, kind: number, bytes: Uint8Array): void {
  try {
    const body = cbor.decode(bytes);
    if (kind === ANSWER) resolve(body);
    else if (kind === REFUSAL && Array.isArray(body)) reject(new PlaceError(String(body[0]), String(body[1])));
  } catch (error) {
    reject(error instanceof Error ? error : new Error(String(error)));
  }
}
