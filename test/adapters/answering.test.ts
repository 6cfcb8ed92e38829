/** Functions of the embedder that guests ask with values. */
import { expect, test } from "vitest";
import { answering, type Cbor, cbor, json } from "../../host/adapters/codec.ts";
import type { HostContext } from "../../host/index.ts";

const context = {} as HostContext;
/** What `await` takes for a promise, if it is a function. */
const THEN = "then";

/** What a function answers to a request, which is usually the array of its arguments. */
async function answer(asked: ReturnType<typeof answering>, request: Cbor | Uint8Array): Promise<Cbor> {
  const bytes = request instanceof Uint8Array ? request : cbor.encode(request);
  return cbor.decode((await asked.answer(context, bytes)) as Uint8Array);
}

test("the request is the array of the arguments, and the answer is [true, result]", async () => {
  const seen: unknown[] = [];
  const add = answering(cbor, (given, ...numbers: number[]) => {
    seen.push(given);
    return numbers.reduce((sum, each) => sum + each, 0);
  });
  expect(await answer(add, [1, 2, 3])).toEqual([true, 6]);
  expect(await answer(add, [])).toEqual([true, 0]);
  expect(seen).toEqual([context, context]);
});

test("the result may come later, by any thenable", async () => {
  const later = answering(cbor, async (_, key: string) => ({ key }));
  expect(await answer(later, ["a"])).toEqual([true, { key: "a" }]);
  const thenable = answering(cbor, () => ({ [THEN]: (done: (value: number) => void) => done(5) }));
  expect(await answer(thenable, [])).toEqual([true, 5]);
});

test("an answer that is ready at once comes without a promise", () => {
  expect(answering(cbor, () => 1).answer(context, cbor.encode([]))).toBeInstanceOf(Uint8Array);
});

test("undefined travels as null", async () => {
  expect(
    await answer(
      answering(cbor, () => undefined),
      [],
    ),
  ).toEqual([true, null]);
  const inJson = answering(json, async () => undefined).answer(context, json.encode([]));
  expect(json.decode((await inJson) as Uint8Array)).toEqual([true, null]);
});

test("a value that only has a key then is a result", async () => {
  expect(
    await answer(
      answering(cbor, () => ({ [THEN]: 1 })),
      [],
    ),
  ).toEqual([true, { [THEN]: 1 }]);
});

class NoRow extends Error {
  override readonly name = "NoRow";
}

test.each<[string, () => unknown, string[]]>([
  ["an error", () => Promise.reject(new NoRow("no a")), ["NoRow", "no a"]],
  ["an error at once", thrower(new NoRow("no b")), ["NoRow", "no b"]],
  ["a text", thrower("no c"), ["Error", "no c"]],
  ["nothing", thrower(undefined), ["Error", "undefined"]],
  ["what cannot be shown", thrower(Object.create(null)), ["Error", "it threw a value that cannot be shown"]],
])("%s that it throws is answered with its name and message, and no stack", async (_, throws, [name, message]) => {
  expect(await answer(answering(cbor, throws), [])).toEqual([false, name, message]);
});

function thrower(what: unknown): () => never {
  return () => {
    throw what;
  };
}

test("a result that the codec cannot express is answered with an error", async () => {
  for (const result of [() => 1, async () => Symbol("x")]) {
    expect(
      await answer(
        answering(cbor, () => result),
        [],
      ),
    ).toEqual([false, "TypeError", expect.any(String)]);
  }
});

test("a request that is no array of arguments is answered with a DecodeError, and calls nothing", async () => {
  const asked = answering(cbor, thrower("it was called"));
  for (const request of [Uint8Array.of(0xff), Uint8Array.of(), cbor.encode({ a: 1 }), cbor.encode("text")]) {
    expect(await answer(asked, request)).toEqual([false, "DecodeError", expect.any(String)]);
  }
});

test("more arguments than a stack has room for are answered with an error", async () => {
  const many = new Array(200_000).fill(0);
  expect(
    await answer(
      answering(cbor, () => 1),
      many,
    ),
  ).toEqual([false, "RangeError", expect.any(String)]);
});
