/** The demo's files and its server: what the page may ask for, and who may ask. */
import { readFileSync } from "node:fs";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { fc, test as law } from "@fast-check/vitest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { build } from "../../host/node/compile/build.ts";
import { compilerFiles, readCompilerFile } from "../../host/node/demo/compiler-files.ts";
import { demoFiles, writeDemo } from "../../host/node/demo/files.ts";
import * as inPage from "../../host/node/demo/in-page/path.ts";
import { type DemoServer, demoApp, serveDemo } from "../../host/node/demo/server.ts";
import { guestNames, LIBRARY, parkWays, wasmPath } from "../../host/web/demo/protocol.ts";
import { compileDemoGuests } from "../support/demo.ts";

const HELLO = `import { log } from "isopod/guest";\nexport function run(): void { log("hello"); }\n`;

beforeAll(() => compileDemoGuests());

/** A file of the demo as bytes. */
async function read(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const content = (await demoFiles.get(path)?.()) ?? "";
  return typeof content === "string" ? new TextEncoder().encode(content) : content;
}
const readText = async (path: string) => new TextDecoder().decode(await read(path));

describe("the demo's routes", () => {
  const app = demoApp(() => 8017);
  const ask = (path: string, headers: Record<string, string> = {}) =>
    app.request(path, { headers: { host: "127.0.0.1:8017", ...headers } });

  test.each(["127.0.0.1:8017", "localhost:8017"])("are there for who calls it %s", async host => {
    const response = await ask("/", { host });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
  });

  test.each(["example.org:8017", "127.0.0.1", "127.0.0.1:80", ""])("are not there under the name %j", async host => {
    expect((await ask("/", { host })).status).toBe(421);
  });

  test.each(["http://example.org", "https://127.0.0.1:8017", "null"])(
    "are not there for a page of %s",
    async origin => {
      expect((await ask("/", { origin })).status).toBe(403);
    },
  );

  test.each(["/package.json", "/guests/../package.json", "/guests/..%2fhello.ts", "/guests/echo.ts", "/host/index.js"])(
    "give no file at %s",
    async path => {
      expect((await ask(path)).status).toBe(404);
    },
  );

  test("say what a module is", async () => {
    const response = await ask("/guests/asyncify/hello.wasm");
    expect(response.headers.get("content-type")).toBe("application/wasm");
  });
});

describe("the page's files", () => {
  test("are all that it refers to, by paths that hold in any folder", async () => {
    const html = await readText("index.html");
    const referred = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, path]) => path);
    expect(referred).toContain("main.js");
    expect(referred.filter(path => !demoFiles.has(path))).toEqual([]);
  });

  test("import no package, and nothing that is not beside them", async () => {
    const scripts = ["main.js", "compile-in-page.js", ...compilerFiles.values()];
    const imported = await Promise.all(
      scripts.map(async script => {
        // Statements only: the compiler contains its library as text, with imports of its own.
        const found = (await readText(script)).matchAll(/(?:^|[;}])(?:import|export)\b[^;"'`()]*?["']([^"'\n]+)["']/g);
        return [...found].map(([, path]) => path);
      }),
    );
    const all = new Set(imported.flat());
    expect(all).toContain("./binaryen.js");
    expect([...all].filter(path => !demoFiles.has(path.replace("./", "")))).toEqual([]);
  });

  test("of the compiler are its own, but for what they import", async () => {
    const own = readFileSync(new URL(import.meta.resolve("assemblyscript/asc")), "utf8");
    const served = await readCompilerFile("assemblyscript/asc");
    expect(served).not.toBe(own);
    expect(served.replaceAll(/"\.\/(\w+)\.js"/g, '"$1"')).toBe(own);
  });

  test("have all examples, compiled so that no guest can block the page", async () => {
    for (const guest of guestNames) {
      for (const park of parkWays) {
        const module = new WebAssembly.Module(await read(wasmPath(guest, park)));
        expect(WebAssembly.Module.exports(module).map(({ name }) => name)).toContain("isopod:left");
      }
    }
  });

  test("have the guest library, and the licenses of what is bundled", async () => {
    expect(JSON.parse(await readText(LIBRARY))["index.ts"]).toContain("export");
    const licenses = await readText("licenses.txt");
    for (const name of ["@codemirror/view", "uplot", "binaryen", "assemblyscript"]) expect(licenses).toContain(name);
  });

  test("are written to a folder as they are served", async () => {
    const folder = await mkdtemp(join(tmpdir(), "isopod-demo-"));
    try {
      await writeDemo(join(folder, "new"));
      const entries = await readdir(join(folder, "new"), { recursive: true, withFileTypes: true });
      expect(entries.filter(entry => entry.isFile()).length).toBe(demoFiles.size);
      expect(readFileSync(join(folder, "new", "guests/hello.ts"), "utf8")).toBe(await readText("guests/hello.ts"));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("paths in the page", () => {
  const name = fc.constantFrom("a", "b.ts", "node_modules", "..", ".", "");
  const path = fc.array(name, { maxLength: 6 }).map(parts => `/${parts.join("/")}`);
  const relative = fc.array(name, { minLength: 1, maxLength: 4 }).map(parts => parts.join("/"));

  law.prop([path, relative])("are resolved and joined as Node does it", (base, more) => {
    const trimmed = (text: string) => (text.length > 1 ? text.replace(/\/$/, "") : text);
    expect(inPage.resolve(base, more)).toBe(posix.resolve(base, more));
    expect(inPage.join(base, more)).toBe(trimmed(posix.join(base, more)));
  });

  law.prop([path, path])("are told relative to each other as Node does it", (from, to) => {
    expect(inPage.relative(from, to)).toBe(posix.relative(from, to));
  });

  law.prop([path])("end and begin as Node says", whole => {
    const tidy = posix.resolve(whole);
    expect(inPage.basename(tidy)).toBe(posix.basename(tidy));
    expect(inPage.basename(tidy, ".ts")).toBe(posix.basename(tidy, ".ts"));
    expect(inPage.dirname(tidy)).toBe(posix.dirname(tidy));
  });
});

describe("the demo's server", () => {
  let server: DemoServer;
  beforeAll(async () => {
    server = await serveDemo(0);
  });
  afterAll(() => server.close());

  test("listens on the loopback address", () => {
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  });

  test("asks for the name that it is called by", async () => {
    const status = await new Promise((resolve, reject) => {
      request(server.url, { headers: { host: "rebound.example" } }, response => resolve(response.statusCode))
        .on("error", reject)
        .end();
    });
    expect(status).toBe(421);
  });
});

test("a build that takes too long is ended, and what comes after it is built", async () => {
  const folder = await mkdtemp(join(tmpdir(), "isopod-build-"));
  try {
    await writeFile(join(folder, "hello.ts"), HELLO);
    const [late] = await build(["hello.ts"], { baseDir: folder, timeoutMs: 1, cache: false });
    expect(late.wasm).toBeUndefined();
    expect(late.diagnostics[0].message).toMatch(/took too long over "hello.ts"/);
    const [built] = await build(["hello.ts"], { baseDir: folder, timeoutMs: 60_000, cache: false });
    expect(built.diagnostics).toEqual([]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
