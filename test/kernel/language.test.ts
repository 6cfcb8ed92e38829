/** The kernel's sources are TypeScript that means the same as AssemblyScript. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { compile } from "../../host/kernel/compile.ts";
import { kernelFile } from "../support/kernel.ts";
import { complaints } from "../support/portable.ts";

/** Files with two versions: what differs between the languages is in there. */
const IN_BOTH = ["memory.ts", "outside.ts", "tape-outside.ts"];

/** The files that asc compiles as they stand: an entry, and all that it imports. */
function sources(file = "kernel.ts", found = new Set<string>()): Set<string> {
  if (found.has(file) || IN_BOTH.includes(file)) return found;
  found.add(file);
  for (const [, next] of kernelFile(file).matchAll(/ from "\.\/([\w-]+\.ts)";$/gm)) sources(next, found);
  return found;
}

const compiled = new Set(["kernel.ts", "tape.ts", "player.ts"].flatMap(entry => [...sources(entry)]));

test.for([...compiled])("kernel sources use the portable subset only: %s", file => {
  expect(complaints(kernelFile(file))).toEqual([]);
});

const inside = (body: string) => `import { f } from "./f.ts";\nexport function g(a: i32, b: i32): void {\n${body}\n}`;
const SUM = "must be inside of ( … ) | 0";

test.for([
  ["f(a + b);", `line 3: + ${SUM}`],
  ["f(a - b);", `line 3: - ${SUM}`],
  ["f(-a);", `line 3: - ${SUM}`],
  ["f(a >>> b);", `line 3: >>> ${SUM}`],
  ["f((a + b | 0) + 1);", `line 3: + ${SUM}`],
  ["if (a + b < 3) f(a);", `line 3: + ${SUM}`],
  ["const c = a + 1;", `line 3: + ${SUM}`],
  ["a = b + 1;", `line 3: + ${SUM}`],
  ["f(f(a + b) | 0);", `line 3: + ${SUM}`],
  ["f((a < b - 1 ? 1 : 2) | 0);", `line 3: - ${SUM}`],
  ["a += b;", "line 3: += is not allowed"],
  ["a >>>= b;", "line 3: >>>= is not allowed"],
  ["a++;", "line 3: UpdateExpression is not allowed"],
  ["f((a * b) | 0);", "line 3: * is not allowed"],
  ["f((a / b) | 0);", "line 3: / is not allowed"],
  ["f((a % b) | 0);", "line 3: % is not allowed"],
  ["f((a ** b) | 0);", "line 3: ** is not allowed"],
  ["if (a == b) f(a);", "line 3: == is not allowed"],
  ["f(+a);", "line 3: + is not allowed"],
  ["f(-0);", "line 3: -0 is no i32"],
  ["f(a ?? b);", "line 3: ?? is not allowed"],
  ["f(0.5);", "line 3: numbers are whole"],
  ["f(1e3);", "line 3: numbers are whole"],
  ["f(1n);", "line 3: numbers are whole"],
  ["f(0x80000000);", "line 3: this number is no i32"],
  ['f("a");', "line 3: strings are not allowed"],
  ["f(`a`);", "line 3: TemplateLiteral is not allowed"],
  ["f({});", "line 3: ObjectExpression is not allowed"],
  ["f([a]);", "line 3: ArrayExpression is not allowed"],
  ["f(a.b);", "line 3: MemberExpression is not allowed"],
  ["Math.imul(a, b);", "line 3: only functions of the kernel can be called"],
  ["f(null);", "line 3: numbers are whole"],
  ["f(NaN);", "line 3: NaN is not of the kernel"],
  ["unreachable();", "line 3: only functions of the kernel can be called"],
  ["f<i32>(a);", "line 3: a call has no types"],
  ["f(<i32>a);", "line 3: TSTypeAssertion is not allowed"],
  ["f(a as i32);", "line 3: TSAsExpression is not allowed"],
  ["f(() => a);", "line 3: ArrowFunctionExpression is not allowed"],
  ["function h(): void {}", "line 3: a function cannot be in another one"],
  ["let c: i32;", "line 3: a variable must have a value from the start"],
  ["var c = 1;", "line 3: var is not allowed"],
  ["const c: i64 = 1;", "line 3: types are i32 and bool"],
  ["const c: number = 1;", "line 3: TSNumberKeyword is not allowed"],
  ["const [c] = a;", "line 3: a variable must have a name"],
  ["try { f(a); } catch {}", "line 3: TryStatement is not allowed"],
  ["throw a;", "line 3: ThrowStatement is not allowed"],
  ["for (const c of a) f(c);", "line 3: ForOfStatement is not allowed"],
  ["for (;;) f(a);", "line 3: a loop without an end is while (true)"],
  ["(a, b);", "line 3: SequenceExpression is not allowed"],
])("%s is refused", ([body, complaint]) => {
  expect(complaints(inside(body))).toEqual([complaint]);
});

test.for([
  ["f(1);", "line 1: only imports, exports, functions and variables can stand outside of functions"],
  ["class A {}", "line 1: only imports, exports, functions and variables can stand outside of functions"],
  ["export class A {}", "line 1: ClassDeclaration is not allowed"],
  ["export default 1;", "line 1: only imports, exports, functions and variables can stand outside of functions"],
  ['import * as all from "./all.ts";', "line 1: ImportNamespaceSpecifier is not allowed"],
  ['import { a } from "node:fs";', "line 1: an import must be of ./name.ts"],
  ['import type { a } from "./a.ts";', "line 1: there are no types to import"],
  ["function f(a) { }", "line 1: a parameter must have a name and a type, and no default"],
  ["function f(a: i32 = 1): void { }", "line 1: a parameter must have a name and a type, and no default"],
  ["function f(a?: i32): void { }", "line 1: a parameter must have a name and a type, and no default"],
  ["function f(...a: i32): void { }", "line 1: a parameter must have a name and a type, and no default"],
  ["function f(a: void): void { }", "line 1: only a result is void"],
  ["function f(a: i32) { }", "line 1: a function must say what it answers"],
  ["function f<T>(a: i32): void { }", "line 1: a function has no type parameters"],
  ["async function f(): void { }", "line 1: a function must be plain"],
  ['import { are2 } from "./memory.ts"; export const f = are2(1, 2 + 3, 4);', `line 1: + ${SUM}`],
  ['import { load } from "./other.ts"; export const f = load(1 + 2);', `line 1: + ${SUM}`],
])("%s is refused", ([text, complaint]) => {
  expect(complaints(text)).toEqual([complaint]);
});

test("sums that become i32 again are allowed", () => {
  const body = `
    let c = (a + b - (b - -a)) | 0;
    c = (a - 1) & ~(b + 1);
    c |= a + b;
    while (c < 5 && !(a === b || c !== a)) c = f(c << (a + 2)) ? 1 : -1;
    f((a >>> 3) >> ((b >>> 1) + 2));
    store(a + 4, load(b + 8) - 1);
    if (below(a - 8, b + 1)) return;`;
  expect(complaints(`import { below, load, store } from "./memory.ts";${inside(body)}`)).toEqual([]);
});

/** Expressions of all allowed operators over `a`, `b` and `c`, of type i32 or bool. */
const { number, truth } = fc.letrec<{ number: string; sum: string; truth: string }>(tie => {
  const leaf = fc.oneof(
    fc.constantFrom("a", "b", "c"),
    fc.nat(0x7fffffff).map(String),
    fc.integer({ min: -9, max: -1 }).map(String),
  );
  const binary = (kind: "number" | "sum", ...operators: string[]) =>
    fc
      .tuple(tie(kind), fc.constantFrom(...operators), tie(kind))
      .map(([left, operator, right]) => `(${left} ${operator} ${right})`);
  const either = fc.tuple(tie("truth"), tie("number"), tie("number"));
  return {
    number: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      leaf,
      binary("sum", "&", "|", "^", "<<", ">>"),
      tie("sum").map(inner => `(${inner} | 0)`),
      tie("sum").map(inner => `~${inner}`),
      either.map(([condition, first, second]) => `(${condition} ? ${first} : ${second})`),
    ),
    sum: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      leaf,
      tie("number"),
      binary("sum", "+", "-", ">>>"),
      tie("sum").map(inner => `(-${inner.startsWith("-") || inner === "0" ? "a" : inner})`),
    ),
    truth: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      // asc reads `a < (b | 0)` as the beginning of a call with types, and fails.
      fc
        .tuple(tie("number"), fc.constantFrom("===", "!==", "<", "<=", ">", ">="), tie("number"))
        .map(([left, operator, right]) => `((${left}) ${operator} ${right})`),
      fc
        .tuple(tie("truth"), fc.constantFrom("&&", "||"), tie("truth"))
        .map(([left, operator, right]) => `(${left} ${operator} ${right})`),
      tie("truth").map(inner => `!${inner}`),
      tie("number").map(inner => `!${inner}`),
    ),
  };
});

test("what is allowed means the same in both languages", async () => {
  const i32 = fc.oneof(fc.constantFrom(0, 1, -1, 2 ** 31 - 1, -(2 ** 31)), fc.integer());
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(number, truth), { minLength: 60, maxLength: 80, size: "max" }),
      fc.array(fc.tuple(i32, i32, i32), { minLength: 20, maxLength: 20 }),
      async (expressions, calls) => {
        const bodies = expressions.map(([value, condition]) => `if (${condition}) return ${value}; return c;`);
        const functions = bodies.map((body, i) => `export function f${i}(a: i32, b: i32, c: i32): i32 { ${body} }`);
        const text = functions.join("\n");
        expect(complaints(text)).toEqual([]);
        const memory = new WebAssembly.Memory({ initial: 1 });
        const module = new WebAssembly.Module(await compile("entry.ts", { "entry.ts": text }));
        const { exports } = new WebAssembly.Instance(module, { kernel: { memory } });
        bodies.forEach((body, i) => {
          const inJavaScript = new Function("a", "b", "c", body);
          const compiled = exports[`f${i}`] as (...values: number[]) => number;
          for (const values of calls) expect(compiled(...values), body).toBe(inJavaScript(...values));
        });
      },
    ),
    { numRuns: 6 },
  );
});
