/**
 * Functions of the embedder that take and return values, for guests to ask. A request is the array of the arguments.
 * The answer is `[true, result]`, or `[false, name, message]` of an error, as clients know it (docs/messages.md).
 */
import type { Codec } from "../wire/codec.ts";
import type { AnsweringHostFunction, HostContext } from "../wire/host-functions.ts";

/**
 * A function for `RuntimeOptions.imports` that guests ask with values. What it throws or rejects with does not crash the guest:
 * the guest gets the error's name and message, and no stack. A request that is no array of arguments is answered with
 * a DecodeError, and an answer that the codec does not know with its error. `undefined` travels as null.
 *
 * ```ts
 * const rows = new Map([["color", "blue"]]);
 * const get = answering(cbor, (_context, key: string) => rows.get(key));
 * const runtime = createRuntime({ imports: { db: { get } } });
 * ```
 *
 * @param codec one that has arrays: `cbor` or `json`
 * @param answer gets the guest's arguments. A guest may pass any number of any values: check those of guests that you do not trust
 */
export function answering(
  codec: Codec<unknown>,
  answer: (context: HostContext, ...args: never[]) => unknown,
): AnsweringHostFunction {
  const succeeded = (result: unknown): Uint8Array => {
    try {
      return codec.encode([true, result === undefined ? null : result]);
    } catch (error) {
      return failed(error);
    }
  };
  const failed = (error: unknown): Uint8Array => codec.encode([false, ...described(error)]);

  return {
    answer(context, request) {
      const args = argumentsIn(codec, request);
      if (typeof args === "string") return codec.encode([false, "DecodeError", args]);
      try {
        const result = answer(context, ...(args as never[]));
        return isPromise(result) ? Promise.resolve(result).then(succeeded, failed) : succeeded(result);
      } catch (error) {
        return failed(error);
      }
    },
  };
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** The arguments, or why there are none. */
function argumentsIn(codec: Codec<unknown>, request: Uint8Array): readonly unknown[] | string {
  try {
    const args = codec.decode(request);
    return Array.isArray(args) ? args : "a request is an array of arguments";
  } catch (error) {
    return described(error)[1];
  }
}

/** The name and the message of anything that may be thrown. */
function described(error: unknown): [name: string, message: string] {
  try {
    return error instanceof Error ? [String(error.name), String(error.message)] : ["Error", String(error)];
  } catch {
    return ["Error", "it threw a value that cannot be shown"];
  }
}
