/** Exercises what scripts use, so that what QuickJS makes when it is first asked is there, once for all actors. */

(async () => {
  const values = [1, 2.5, "text", [true, null], { a: 1, b: { c: [1, 2] } }, new Uint8Array(4), 10n];
  for (const value of values) JSON.stringify(typeof value === "bigint" ? `${value}` : value);
  JSON.parse('{"a": [1, 2, {"b": "c"}], "d": 1.5e3}');
  const map = new Map([["a", 1]]);
  map.set("b", 2);
  [...map.entries()];
  new Set([1, 2]).has(1);
  [3, 1, 2]
    .sort()
    .map(x => x * 2)
    .filter(x => x > 2)
    .reduce((a, b) => a + b, 0);
  "a-b-c".split("-").join("+").replace(/b/g, "x").padStart(9).trim().toUpperCase();
  class A {
    #x = 1;
    get x() {
      return this.#x;
    }
    static y = 2;
  }
  class B extends A {}
  new B().x;
  function* generate() {
    yield 1;
  }
  for (const _x of generate()) _x;
  try {
    null.x;
  } catch (error) {
    `${error.stack}`;
  }
  await new Promise(resolve => queueMicrotask(resolve));
  const { a, ...rest } = { a: 1, b: 2 };
  structuredClone({ a, ...rest, date: new Date(0) });
  Math.random();
  new Date(0).toISOString();
  (12.5).toFixed(1);
  parseInt("12", 10);
})();
