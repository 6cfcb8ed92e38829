/** Lines as calls of a script's functions, and as values. */
import { describe, expect, test } from "vitest";
import { cbor } from "../../host/adapters/codec.ts";
import { requestIn } from "../../host/node/cli/run/request-line.ts";
import { FormatError, jsonOf, payloadOf, valueIn } from "../../host/node/payload-text.ts";

describe("a line that calls a function", () => {
  test.each<[line: string, request: unknown[]]>([
    ["add 1 2", ["add", 1, 2]],
    ['["add", 1, 2]', ["add", 1, 2]],
    ["  get\t", ["get"]],
    ['greet "Ann Lee" Bob', ["greet", "Ann Lee", "Bob"]],
    [
      'total [{"price": 5}, {"price": "a ] b"}] {"vat": 0.2}',
      ["total", [{ price: 5 }, { price: "a ] b" }], { vat: 0.2 }],
    ],
    ["say it's null true nil", ["say", "it's", null, true, "nil"]],
    ['say "a \\" b" 5" tall', ["say", 'a " b', '5"', "tall"]],
    ["say [1 2", ["say", "[1 2"]],
    ['["add", 1', ['["add", 1']],
  ])("%s", (line, request) => {
    expect(requestIn(line)).toEqual(request);
  });

  test.each(["", " ", "-5 apples", "5", "[]", "[5]", '""', "null"])("is not %j", line => {
    expect(() => requestIn(line)).toThrow(new FormatError('it is no call, such as add 1 2 or ["add", 1, 2]'));
  });
});

test("a value is JSON, or else a text, and is shown as JSON", () => {
  const sent = (text: string) => cbor.decode(payloadOf(text, "value"));
  expect(['{"a": [1, null]}', "5", '"5"', "hello", "a b", "{", ""].map(sent)).toEqual([
    ...[{ a: [1, null] }, 5, "5"],
    ...["hello", "a b", "{", ""],
  ]);
  const shown = { big: 2n ** 60n, bytes: Uint8Array.of(0, 255), list: [1.5, "a\nb", null] };
  expect(jsonOf(valueIn(cbor.encode(shown)) ?? null)).toBe(
    '{"big":"1152921504606846976","bytes":"00 ff","list":[1.5,"a\\nb",null]}',
  );
  expect(valueIn(Uint8Array.of(0xff))).toBeUndefined();
});
