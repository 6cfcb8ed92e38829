/** URL and URLSearchParams of scripts are Node's. */
import { runInThisContext } from "node:vm";
import { fc } from "@fast-check/vitest";
import { beforeAll, describe, expect, test } from "vitest";
import { type Client, Runtime } from "../../host/index.ts";
import { functionsOf } from "../support/scripts.ts";

/** Makes a URL, sets properties of it, and tells what it is after each step. */
type Steps = readonly (readonly [name: string, value: string])[];
type Play = (input: string, base: string | null, steps: Steps) => string;

const source = `function play(input, base, steps) {
  const names = ["href", "origin", "protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "hash"];
  const shown = url => [...names.map(name => url[name]), [...url.searchParams], url.searchParams.toString()];
  try {
    const url = base === null ? new URL(input) : new URL(input, base);
    const seen = [shown(url)];
    for (const [name, value] of steps) {
      url[name] = value;
      seen.push(shown(url));
    }
    return JSON.stringify(seen);
  } catch (error) {
    return error.name;
  }
}`;
const here = runInThisContext(`(${source})`) as Play;

const pieces = [
  ...[
    "http",
    "https",
    "file",
    "ws",
    "a",
    "data",
    "javascript",
    "blob",
    "non-special",
    ":",
    "/",
    "//",
    "\\",
    "?",
    "#",
    "@",
  ],
  ...[
    "[",
    "]",
    "::1",
    "[::1]",
    "[1:2::5.6.7.8]",
    "1.2.3.4",
    "0x7f.1",
    "256",
    "09",
    "0x",
    "host",
    "EXAMPLE.com",
    "localhost",
    "C:",
  ],
  ...[
    "c|",
    ".",
    "..",
    "%2e",
    "%2E%2e",
    "%",
    "%41",
    "%zz",
    "%ff",
    " ",
    "\t",
    "\n",
    "é",
    "ü.de",
    "日本",
    "ß",
    "😀",
    "\ud800",
    "'",
    '"',
  ],
  ...[
    "<",
    ">",
    "`",
    "{",
    "}",
    "|",
    "^",
    "=",
    "&",
    "+",
    "80",
    ":80",
    ":443",
    ":21",
    ":0",
    "65536",
    "user",
    "a b",
    "\0",
    "\x7f",
  ],
  ...["*", "~", "-", ";", ",", "$", "!", "(", "1e3"],
];
const text = fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map(parts => parts.join(""));
const setters = ["protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "hash", "href"];
const bases = [
  null,
  "http://u:p@h:8080/a/b/c?q#f",
  "file:///C:/x/y",
  "file://host/x",
  "a://h/x/y",
  "a:/x/y",
  "data:opaque x",
  "https://h",
];

let runtime: Runtime;
let script: Client<{ play: Play; run(code: string): unknown }>;

beforeAll(async () => {
  runtime = new Runtime();
  script = await functionsOf(runtime, `export ${source}\nexport const run = code => (0, eval)(code);`);
  return () => runtime.stop();
});

test("what scripts make of any text, any base and any changes is what Node does", async () => {
  const step = fc.tuple(fc.constantFrom(...setters), text);
  const law = fc.asyncProperty(
    text,
    fc.constantFrom(...bases),
    fc.array(step, { maxLength: 3 }),
    async (input, base, steps) => {
      expect(await script.play(input, base, steps)).toBe(here(input.toWellFormed(), base, steps));
    },
  );
  await fc.assert(law, { numRuns: 1500 });
});

describe("a script as Node", () => {
  test.each([
    ["http://EXAMPLE.com:80/../a/./b/%2e%2E/c?x=1#y", null],
    ["//other/path", "https://h/x"],
    ["?only", "https://h/x?y#z"],
    ["", "https://h/x?y#z"],
    ["http://[2001:DB8::0:0:1]:443/", null],
    ["http://[::ffff:1.2.3.4]", null],
    ["http://[1:2:3:4:5:6:7::]", null],
    ["http://0300.0xa8.1", null],
    ["http://4294967296", null],
    ["http://1.2.3.4.5", null],
    ["http://a.b.08", null],
    ["file:c|/x", null],
    ["file://localhost/x", null],
    ["/..", "file:///C:/a"],
    ["http://user:pa:ss@h", null],
    ["http://a@b@c", null],
    ["http://bücher.example/ü?ü#ü", null],
    ["http://faß.de", null],
    ["http://ＧＯ.com", null],
    ["http://日本語。jp", null],
    ["http://ΑΣ.gr", null],
    ["http://a b", null],
    ["http://h:65536", null],
    ["mailto:a@b  ?x", null],
    ["web+demo:/.//not-a-host/", null],
    ["blob:https://h:8080/id", null],
    ["not a url", null],
  ])("reads %j relative to %j", async (input, base) => {
    expect(await script.play(input, base, [])).toBe(here(input, base, []));
  });

  const values = [
    `[...new URLSearchParams("?a=1&b=%20+&a&&=x&c=%ff%41%")]`,
    `[...new URLSearchParams([["a", 1], ["b", null]])]`,
    `[...new URLSearchParams({ a: 1, b: "ü&=" })]`,
    `[...new URLSearchParams(new Map([["k", "v"]]))]`,
    `[...new URLSearchParams(new URLSearchParams("a=1"))]`,
    `String(new URLSearchParams([["a b", "*-._~!'()%&=+é😀"]]))`,
    `new URLSearchParams([["a"]])`,
    `(() => { const p = new URLSearchParams("a=1&b=2&a=3"); p.set("a", "9"); p.append("c", ""); return String(p); })()`,
    `(() => { const p = new URLSearchParams("a=1&b=2&a=3"); p.delete("a", "3"); return [String(p), p.size, p.has("a"), p.has("a", "3"), p.get("z"), p.getAll("a")]; })()`,
    `(() => { const p = new URLSearchParams("z=1&a=2&z=0&ﬃ=3&😀=4"); p.sort(); return String(p); })()`,
    `(() => { const p = new URLSearchParams("a=1"); const seen = []; for (const [name] of p) { seen.push(name); if (seen.length < 3) p.append("b" + seen.length, 1); } return seen; })()`,
    `(() => { const seen = []; new URLSearchParams("a=1&b=2").forEach(function (value, name, all) { seen.push(this.x, value, name, all.size); }, { x: 7 }); return seen; })()`,
    `[[...new URLSearchParams("a=1&b=2").keys()], [...new URLSearchParams("a=1&b=2").values()]]`,
    `(() => { const url = new URL("http://h/?a=1#f"); url.searchParams.append("b", "ü '"); const once = url.href; url.searchParams.delete("a"); url.searchParams.delete("b"); return [once, url.href, url.searchParams === url.searchParams]; })()`,
    `(() => { const url = new URL("http://h/?a=1"); const { searchParams } = url; url.search = "?x=%41"; const first = String(searchParams); url.href = "http://i/?y"; return [first, String(searchParams)]; })()`,
    `[URL.canParse("x:y"), URL.canParse("x"), URL.canParse("x", "http://h"), URL.parse("x"), URL.parse("x", "http://h/y/").href]`,
    `JSON.stringify({ url: new URL("http://h") })`,
    `new URL({ toString: () => "http://h/x" }).pathname`,
    `URL("http://h")`,
    `new URL()`,
    `(() => { const url = new URL("http://h"); try { url.href = "none"; } catch (error) { return [error.name, url.href]; } })()`,
    `Object.prototype.toString.call(new URL("http://h"))`,
  ];

  test.each(values)("%s", async code => {
    const outcome = (run: () => unknown) =>
      Promise.resolve()
        .then(run)
        .then(JSON.stringify, error => error.remoteName ?? error.name);
    expect(await outcome(() => script.run(code))).toBe(await outcome(() => runInThisContext(code)));
  });
});

test("a domain that is not ASCII and mixes Punycode or joiners is refused, and the error says so", async () => {
  for (const domain of ["é.xn--zca", "نامه\u200cای.com"]) {
    await expect(script.run(`new URL("http://${domain}")`)).rejects.toThrow(/takes only as Punycode/);
  }
});
