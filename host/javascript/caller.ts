/** What the runtime and host mailboxes have in common: they call actors, with bytes, texts or values. */
import { checkOptions } from "../wire/checks.ts";
import { type Codec, text } from "../wire/codec.ts";
import { payloadFrom } from "../wire/payload.ts";
import type { Pid } from "../wire/pid.ts";
import { type CallOptions, callChecks, type TypedCallOptions } from "./calls.ts";
import { type Ask, type Client, type ClientOptions, newClient } from "./client.ts";

export abstract class Caller {
  /** What asks one actor. */
  protected abstract askerOf(to: Pid | string): Ask;

  /**
   * Sends a request to a pid or a name, and resolves to the answer (Erlang: `gen_server:call`). With a `codec`
   * both are values, else bytes. A late answer is dropped. Rejects with a CallError at once where the callee
   * ends, has ended, or does not accept the request; with a CallTimeoutError after `timeoutMs` (default
   * 5,000); with the signal's reason; with the codec's DecodeError; with a ClosedError where the runtime is
   * stopped, or the mailbox is closed.
   */
  call(to: Pid | string, bytes: Uint8Array | string, options?: CallOptions): Promise<Uint8Array>;
  call<T>(to: Pid | string, value: T, options: TypedCallOptions<T>): Promise<T>;
  async call<T>(
    to: Pid | string,
    value: T | Uint8Array | string,
    options: CallOptions | TypedCallOptions<T> = {},
  ): Promise<T | Uint8Array> {
    checkOptions("call", options as CallOptions, callChecks);
    const { codec, ...others } = options;
    const ask = this.askerOf(to);
    if (codec === undefined) return ask(payloadFrom(value as Uint8Array | string), others);
    return codec.decode(await ask(codec.encode(value as T), others));
  }

  /** Calls with a text and resolves to a text. Rejects with a DecodeError where the answer is not UTF-8. */
  async callText(to: Pid | string, request: string, options: ClientOptions = {}): Promise<string> {
    checkOptions("callText", options, callChecks);
    return text.decode(await this.askerOf(to)(text.encode(request), options));
  }

  /**
   * The functions of an actor: `client.add(1, 2)` sends the request `["add", 1, 2]`, and resolves to the result
   * in the answer (docs/messages.md). Rejects as `call` does; with a RemoteError where the answer is an error;
   * and with a DecodeError where it is neither. `undefined` arrives as null.
   */
  client<Api>(to: Pid | string, codec: Codec<unknown>, options: ClientOptions = {}): Client<Api> {
    checkOptions("client", options, callChecks);
    return newClient<Api>(this.askerOf(to), codec, options);
  }
}
