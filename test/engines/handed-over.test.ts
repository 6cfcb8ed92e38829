/**
 * Where WebAssembly may not be compiled at run time, the kernel and the guests are handed over as modules:
 * in a page with a strict content security policy, and in a Workers runtime.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Browser, chromium } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kernelBytes } from "../../host/mail/kernel-module.ts";
import { chromiumOptions, NO_CHROMIUM } from "../browser/chromium.ts";
import { GUEST_FOLDERS } from "../support/compile-guests.ts";
import { build } from "../support/compiler.ts";
import { ROOT, stepsOf } from "../support/pages.ts";
import { splitBundleOf } from "./bundle.ts";
import { programOf, serve } from "./engines.ts";
import { type Report, summaryOf } from "./main.ts";

const NAMES = ["kernel", "handler", "asyncify", "jspi", "engine"] as const;

/** The programs of docs/engines.md by the names of their files. */
const documented = new Map(
  stepsOf("docs/engines.md").flatMap(step => ("file" in step ? [[step.file, step.text] as const] : [])),
);

let folder: string;
/** The files of a bundle whose entry, `suite.mjs`, exports main.ts. One of them is loaded when bytes are. */
let scripts: string[];

/** Builds a guest as a host may trust it, and writes it. */
async function make(name: string, of: keyof typeof GUEST_FOLDERS, entry: string, options: object): Promise<void> {
  const baseDir = fileURLToPath(GUEST_FOLDERS[of]);
  const [{ wasm, text }] = await build([`${entry}.ts`], { ...options, baseDir, trusted: true });
  if (wasm === undefined) throw new Error(text);
  await writeFile(join(folder, `${name}.wasm`), wasm);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "isopod-handed-over-"));
  await writeFile(join(folder, "kernel.wasm"), kernelBytes());
  await copyFile(join(ROOT, "host/js/engine.wasm"), join(folder, "engine.wasm"));
  await make("handler", "examples", "pong-handler", {});
  // By the command of docs/engines.md.
  const args = [
    join(ROOT, "bin/isopod.js"),
    "build",
    "--trusted",
    join(ROOT, "guest/examples/echo.ts"),
    "--out",
    folder,
  ];
  await promisify(execFile)(process.execPath, args);
  await make("asyncify", "guests", "smoke", { reductions: "count" });
  await make("jspi", "guests", "smoke", { park: "jspi" });
  const file = (name: string) => JSON.stringify(join(ROOT, "test/engines", name));
  const source = `export { reportOf, runHandedOver } from ${file("main.ts")};
export { handedOver } from ${file("handed-over.ts")};
export * from ${JSON.stringify(join(ROOT, "host/index.ts"))};
export { cbor } from ${JSON.stringify(join(ROOT, "host/adapters/codec.ts"))};
export { loadScript } from ${JSON.stringify(join(ROOT, "host/js/index.ts"))};\n`;
  scripts = await splitBundleOf(source, folder, "suite");
  expect(scripts).toContainEqual(expect.stringMatching(/^rewriter/));
});
afterAll(() => rm(folder, { recursive: true }));

function check(report: Report): void {
  console.info(summaryOf(report));
  expect(report.outcomes.filter(({ error }) => error !== undefined)).toEqual([]);
  expect(report.outcomes.length).toBeGreaterThan(10);
}

/** What the page may do: everything of its own, but it may not compile WebAssembly. */
const STRICT = { "content-security-policy": "default-src 'self'; script-src 'self'" };
/** What its worker may do. */
const COMPILES = { "content-security-policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'" };

const options = chromiumOptions();

describe.skipIf(options === undefined)(
  options === undefined ? `a page with a strict policy ${NO_CHROMIUM}` : "a page with a strict policy, in Chromium",
  () => {
    let browser: Browser;

    beforeAll(async () => {
      browser = await chromium.launch({ headless: true, ...options });
    });
    afterAll(() => browser.close());

    /** A page whose script is `main`, and the worker that compiles for it. */
    async function open(main: string, compiles: string) {
      const wasm = await Promise.all(
        [...NAMES, "echo"].map(
          async name => [`/${name}.wasm`, ["application/wasm", await readFile(join(folder, `${name}.wasm`))]] as const,
        ),
      );
      const suite = await Promise.all(
        scripts.map(
          async name => [`/${name}`, ["text/javascript", await readFile(join(folder, name), "utf8")]] as const,
        ),
      );
      const served = await serve(
        {
          "/": ["text/html", `<!doctype html><title>isopod</title><script type="module" src="main.js"></script>`],
          "/main.js": ["text/javascript", main],
          "/compiles.js": ["text/javascript", compiles, COMPILES],
          ...Object.fromEntries([...wasm, ...suite]),
        },
        STRICT,
      );
      const page = await browser.newPage();
      const failed = new Promise<never>((_, fail) => page.on("pageerror", fail));
      failed.catch(() => {});
      await page.goto(served.url);
      return { ...served, page, failed };
    }

    test("runs isopod with modules that a worker has compiled", async () => {
      const { page, failed, reported, close } = await open(
        `import { runHandedOver } from "./suite.mjs";
new Worker("compiles.js", { type: "module" }).onmessage = ({ data }) => runHandedOver(data);`,
        `const compiled = async name => [name, await WebAssembly.compileStreaming(fetch(name + ".wasm"))];
postMessage(Object.fromEntries(await Promise.all(${JSON.stringify(NAMES)}.map(compiled))));`,
      );
      check(await Promise.race([reported, failed]));
      await page.close();
      close();
    }, 240_000);

    test("does what docs/engines.md says", async () => {
      const main = documented.get("page.js")?.replace('"isopod"', '"./suite.mjs"') ?? "";
      const { page, failed, close } = await open(main, documented.get("compiles.js") ?? "");
      await Promise.race([
        page.waitForFunction(() => document.title === "hello", undefined, { timeout: 60_000 }),
        failed,
      ]);
      await page.close();
      close();
    });
  },
);

const workerd = programOf("workerd", "bin/workerd");

describe.skipIf(workerd === undefined)(
  workerd === undefined
    ? "a Workers runtime needs workerd: run `test/engines/install.sh npm`"
    : "a Workers runtime, workerd",
  () => {
    /** Starts a worker of these modules, the first of which is the entry, and asks it. */
    async function ask(modules: Readonly<Record<string, string>>, body: string): Promise<Response> {
      const embedded = Object.entries(modules).map(([name, file]) => {
        return `(name = "${name}", ${file.endsWith(".wasm") ? "wasm" : "esModule"} = embed "${file}")`;
      });
      const config = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (modules = [${embedded.join(", ")}], compatibilityDate = "2025-05-05");
`;
      await writeFile(join(folder, "config.capnp"), config);
      // On the fourth descriptor it says which port it listens on.
      const server = spawn(workerd ?? "", ["serve", "--control-fd=3", join(folder, "config.capnp")], {
        stdio: ["ignore", "inherit", "inherit", "pipe"],
      });
      try {
        const control = createInterface({ input: server.stdio[3] as Readable });
        const [line] = (await once(control, "line")) as [string];
        const response = await fetch(`http://127.0.0.1:${JSON.parse(line).port}/`, { method: "POST", body });
        return new Response(await response.arrayBuffer(), response);
      } finally {
        server.kill("SIGKILL");
      }
    }

    test("runs isopod with modules that it was deployed with", async () => {
      const imports = NAMES.map(name => `import ${name} from "./${name}.wasm";\n`).join("");
      const source = `${imports}import { handedOver, reportOf } from "./suite.mjs";
export default {
  async fetch() {
    return Response.json(reportOf(await handedOver({ ${NAMES.join(", ")} }, { residents: 1000, crowd: 100000 })));
  },
};
`;
      await writeFile(join(folder, "entry.mjs"), source);
      const files = ["entry.mjs", ...scripts, ...NAMES.map(name => `${name}.wasm`)];
      const response = await ask(Object.fromEntries(files.map(file => [file, file])), "");
      check((await response.json()) as Report);
    }, 240_000);

    test("runs a script as docs/engines.md says", async () => {
      await writeFile(join(folder, "scripts.mjs"), documented.get("scripts.mjs") ?? "");
      await writeFile(join(folder, "isopod.mjs"), 'export * from "./suite.mjs";');
      await writeFile(join(folder, "entries.mjs"), 'export * from "../suite.mjs";');
      const modules = {
        "scripts.mjs": "scripts.mjs",
        ...{ isopod: "isopod.mjs", "isopod/codec": "entries.mjs", "isopod/js": "entries.mjs" },
        ...Object.fromEntries(scripts.map(name => [name, name])),
        ...{ "isopod/kernel.wasm": "kernel.wasm", "isopod/js-engine.wasm": "engine.wasm" },
      };
      const source = "export const shout = text => text.toUpperCase() + '!';";
      expect(await (await ask(modules, source)).text()).toBe("HELLO!");
    });

    test("does what docs/engines.md says", async () => {
      await writeFile(join(folder, "worker.mjs"), documented.get("worker.mjs") ?? "");
      const modules = {
        "worker.mjs": "worker.mjs",
        isopod: "suite.mjs",
        ...Object.fromEntries(scripts.slice(1).map(name => [name, name])),
        "isopod/kernel.wasm": "kernel.wasm",
        "echo.wasm": "echo.wasm",
      };
      expect(await (await ask(modules, "hello")).text()).toBe("hello");
    });
  },
);
