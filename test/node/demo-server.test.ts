/** The demo's server: what it gives to whom, and that the compiler behind it is for the page alone. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { build } from "../../host/node/compile/build.ts";
import { demoApp } from "../../host/node/demo/app.ts";
import { CompileQueue, type Outcome } from "../../host/node/demo/compile-queue.ts";
import { demoFile } from "../../host/node/demo/files.ts";
import { type DemoServer, serveDemo } from "../../host/node/demo/server.ts";
import { guestNames } from "../../host/web/demo/protocol.ts";

const HELLO = `import { log } from "isopod/guest";\nexport function run(): void { log("hello"); }\n`;
const TOKEN = "the token of this page";

/** Compiles nothing, but says that it did. */
class NoQueue extends CompileQueue {
  busy = false;
  override get isBusy(): boolean {
    return this.busy;
  }
  override async compile(): Promise<Outcome> {
    return { wasm: Uint8Array.of(0), diagnostics: [] };
  }
}

describe("the demo's routes", () => {
  const queue = new NoQueue();
  const app = demoApp({ queue, token: TOKEN, port: () => 8017 });
  const ask = (path: string, headers: Record<string, string> = {}, body?: string) =>
    app.request(path, {
      headers: { host: "127.0.0.1:8017", ...headers },
      ...(body !== undefined && { method: "POST", body }),
    });
  const token = { "x-isopod-token": TOKEN };

  test.each(["127.0.0.1:8017", "localhost:8017"])("are there for who calls it %s", async host => {
    expect((await ask("/", { host })).status).toBe(200);
  });

  test.each(["example.org:8017", "127.0.0.1", "127.0.0.1:80", ""])("are not there under the name %j", async host => {
    const response = await ask("/", { host });
    expect(response.status).toBe(421);
    expect(await response.text()).not.toContain(TOKEN);
  });

  test.each(["http://example.org", "https://127.0.0.1:8017", "null"])(
    "are not there for a page of %s",
    async origin => {
      expect((await ask("/compile/asyncify/hello", { ...token, origin }, HELLO)).status).toBe(403);
    },
  );

  test("compile for who bears the token, and for nobody else", async () => {
    expect((await ask("/compile/asyncify/hello", token, HELLO)).status).toBe(200);
    expect((await ask("/compile/asyncify/hello", { ...token, origin: "http://localhost:8017" }, HELLO)).status).toBe(
      200,
    );
    for (const wrong of ["", "x", TOKEN.toUpperCase()]) {
      expect((await ask("/compile/asyncify/hello", { "x-isopod-token": wrong }, HELLO)).status).toBe(403);
      expect((await ask("/wasm/asyncify/hello", { "x-isopod-token": wrong })).status).toBe(403);
    }
  });

  test("take sources of 64 KiB and none longer", async () => {
    expect((await ask("/compile/asyncify/hello", token, " ".repeat(65_536))).status).toBe(200);
    expect((await ask("/compile/asyncify/hello", token, " ".repeat(65_537))).status).toBe(413);
  });

  test("say that the compiler is busy where too many wait", async () => {
    queue.busy = true;
    expect((await ask("/compile/asyncify/hello", token, HELLO)).status).toBe(429);
    queue.busy = false;
  });

  test.each(["/compile/asyncify/other", "/compile/other/hello", "/compile/asyncify/..%2fhello"])(
    "know no guest at %s",
    async path => {
      expect((await ask(path, token, HELLO)).status).toBe(404);
    },
  );

  test.each([
    "/package.json",
    "/host/node/cli/cli.js",
    "/host/../package.json",
    "/host/..%2f..%2fpackage.json",
    "/host/nothing.js",
    "/host/index.ts",
    "/guests/echo.ts",
  ])("give no file at %s", async path => {
    expect((await ask(path)).status).toBe(404);
  });
});

describe("the page's files", () => {
  test("are all that its scripts import, however deep", async () => {
    const seen = new Set<string>();
    const visit = async (path: string): Promise<void> => {
      if (seen.has(path)) return;
      seen.add(path);
      const file = await demoFile(path);
      expect(file, path).toBeDefined();
      for (const [, from] of (file?.text ?? "").matchAll(/^(?:import|export) [^;]*?"(\.[^"]+)";$/gms)) {
        await visit(new URL(from, `http://page/${path}`).pathname.slice(1));
      }
    };
    await visit("host/web/demo/main.js");
    expect(seen).toContain("host/mail/mailbox.js");
    expect([...seen].filter(path => path.endsWith(".ts"))).toEqual([]);
  });
});

describe("the demo's server", () => {
  let server: DemoServer;
  let token: string;
  beforeAll(async () => {
    server = await serveDemo(0);
    token = /name="isopod-token" content="([^"]+)"/.exec(await (await fetch(server.url)).text())?.[1] ?? "";
  });
  afterAll(() => server.close());

  const compile = (source: string, park = "asyncify") =>
    fetch(`${server.url}compile/${park}/hello`, { method: "POST", headers: { "x-isopod-token": token }, body: source });

  test("listens on the loopback address, and has a token of its own", async () => {
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect(token.length).toBeGreaterThan(20);
  });

  test("asks for the name that it is called by", async () => {
    const status = await new Promise((resolve, reject) => {
      request(server.url, { headers: { host: "rebound.example" } }, response => resolve(response.statusCode))
        .on("error", reject)
        .end();
    });
    expect(status).toBe(421);
  });

  test.each(["asyncify", "jspi"])("compiles a guest that counts its reductions, by %s", async park => {
    const response = await compile(HELLO, park);
    expect(response.headers.get("content-type")).toBe("application/wasm");
    const module = new WebAssembly.Module(await response.arrayBuffer());
    expect(WebAssembly.Module.exports(module).map(({ name }) => name)).toContain("isopod:left");
  });

  test("says where a source is wrong", async () => {
    const response = await compile(HELLO.replace("hello", `hello" + nobody + "`));
    expect(response.status).toBe(422);
    expect(await response.json()).toEqual([
      { severity: "error", message: "Cannot find name 'nobody'.", line: 2, column: 45 },
    ]);
  });

  test("has all its examples compiled", async () => {
    for (const name of guestNames) {
      const response = await fetch(`${server.url}wasm/asyncify/${name}`, { headers: { "x-isopod-token": token } });
      expect(WebAssembly.validate(await response.arrayBuffer()), name).toBe(true);
    }
  });
});

test("a build that takes too long is ended, and what comes after it is built", async () => {
  const folder = await mkdtemp(join(tmpdir(), "isopod-build-"));
  try {
    await writeFile(join(folder, "hello.ts"), HELLO);
    const [late] = await build(["hello.ts"], { baseDir: folder, timeoutMs: 1 });
    expect(late.wasm).toBeUndefined();
    expect(late.diagnostics[0].message).toMatch(/took too long over "hello.ts"/);
    const [built] = await build(["hello.ts"], { baseDir: folder, timeoutMs: 60_000 });
    expect(built.diagnostics).toEqual([]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
