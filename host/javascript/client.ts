/**
 * Typed calls. A client turns the calls of its functions into requests: the name of the function and its
 * arguments, `[name, ...args]`. The answer is `[true, result]`, or `[false, name, message]` of an error.
 */
import { type Codec, DecodeError } from "../wire/codec.ts";
import { IsopodError } from "../wire/errors.ts";
import type { CallOptions } from "./calls.ts";

/** The functions of an actor, as its clients call them: each returns a promise. */
export type Client<Api> = {
  readonly [Name in keyof Api]: Api[Name] extends (...args: infer Args) => infer Result
    ? (...args: Args) => Promise<Awaited<Result>>
    : never;
};

/** Options of `client`. They hold for each of its calls. */
export type ClientOptions = Omit<CallOptions, "codec">;

/** The actor has answered a client with an error. It lives on. */
export class RemoteError extends IsopodError {
  /** The function that was called. */
  readonly method: string;
  /** The name and the message of the error there. */
  readonly remoteName: string;
  readonly remoteMessage: string;

  constructor(method: string, remoteName: string, remoteMessage: string) {
    super("ISOPOD_REMOTE", `${method}: ${remoteName}: ${remoteMessage}`);
    this.method = method;
    this.remoteName = remoteName;
    this.remoteMessage = remoteMessage;
  }
}

/** Sends the bytes of a request, and resolves to those of the answer. */
export type Ask = (bytes: Uint8Array, options: ClientOptions) => Promise<Uint8Array>;

/** What `await`, `JSON.stringify` and every object ask for is no function of the actor. */
const notFunctions = new Set(["then", "toJSON", ...Object.getOwnPropertyNames(Object.prototype)]);

export function newClient<Api>(ask: Ask, codec: Codec<unknown>, options: ClientOptions): Client<Api> {
  return new Proxy(Object.freeze({}), {
    get: (_, name) =>
      typeof name !== "string" || notFunctions.has(name)
        ? undefined
        : (...args: unknown[]) => request(ask, codec, options, name, args),
  }) as Client<Api>;
}

async function request(
  ask: Ask,
  codec: Codec<unknown>,
  options: ClientOptions,
  method: string,
  args: readonly unknown[],
): Promise<unknown> {
  const values = args.map(value => (value === undefined ? null : value));
  const answer = codec.decode(await ask(codec.encode([method, ...values]), options));
  const [isResult, first, second] = Array.isArray(answer) ? answer : [];
  if (isResult === true) return first;
  if (isResult === false && typeof first === "string" && typeof second === "string") {
    throw new RemoteError(method, first, second);
  }
  throw new DecodeError(`${method}: the answer is neither [true, result] nor [false, name, message]`);
}
