/**
 * The engines in which the smoke suite runs: where each is found, how it is started, and what installs it.
 * Those of npm are in a folder of the cache, because together they are 700 MB; browsers are the system's.
 */
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { isExecutable, onPath } from "../../bench/harness/programs.ts";
import { chromiumOptions, NO_CHROMIUM } from "../browser/chromium.ts";
import { ROOT } from "../support/pages.ts";
import { REPORT, type Report } from "./main.ts";

export interface Engine {
  readonly name: string;
  /** What to do where it is missing. */
  readonly installedBy: string;
  /** The program; undefined where it is missing. */
  readonly path: string | undefined;
  /** Runs a script, which is one file without imports, and resolves to what it reports. */
  run(script: string): Promise<Report>;
}

const INSTALLED = join(ROOT, "node_modules/.cache/engines/node_modules");
const NPM = "run `test/engines/install.sh npm`";

/** In milliseconds. Machines under load are slow, and a crowd takes a minute there. */
const PATIENCE_MS = 240_000;

/** A program that test/engines/install.sh has installed, or that is on PATH. */
export function programOf(packageName: string, path: string): string | undefined {
  const installed = join(INSTALLED, packageName, path);
  return isExecutable(installed) ? installed : onPath(basename(path));
}

/** The Node of this version. Another one on PATH does not do. */
const nodeOf = (packageName: string) => [join(INSTALLED, packageName, "bin/node")].find(isExecutable);

interface Command {
  readonly name: string;
  readonly path: string | undefined;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** An engine of the command line: what it prints is the report. */
function ofCommandLine({ name, path, args = [], env = {} }: Command): Engine {
  return {
    name,
    path,
    installedBy: NPM,
    async run(script) {
      const { stdout } = await promisify(execFile)(path ?? name, [...args, script], {
        env: { ...process.env, ...env },
        timeout: PATIENCE_MS,
        maxBuffer: 2 ** 26,
      });
      const line = stdout.split("\n").find(line => line.startsWith(REPORT));
      if (line === undefined) throw new Error(`${name} reports nothing, and prints: ${stdout}`);
      return JSON.parse(line.slice(REPORT.length));
    },
  };
}

interface Browser {
  readonly name: string;
  readonly path: string | undefined;
  readonly installedBy: string;
  /** The command that opens a page, with a folder for the profile. */
  command(path: string, profile: string, url: string): readonly [program: string, ...args: string[]];
}

/** A browser: it opens a page that posts the report. Nothing drives it, so all need the same few lines. */
function ofPage({ name, path, installedBy, command }: Browser): Engine {
  return {
    name,
    path,
    installedBy,
    async run(script) {
      const profile = await mkdtemp(join(tmpdir(), "isopod-profile-"));
      await writeFile(join(profile, "user.js"), FIREFOX_PREFERENCES);
      const { url, reported, close } = await serve({
        "/": ["text/html", `<!doctype html><title>isopod</title><script type="module" src="script.js"></script>`],
        "/script.js": ["text/javascript", await readFile(script, "utf8")],
      });
      const [program, ...args] = command(path ?? name, profile, url);
      // A group of its own, because browsers start others, which would outlive the first.
      const browser = spawn(program, args, { detached: true, stdio: ["ignore", "ignore", "pipe"] });
      const said = text(browser.stderr).catch(() => "");
      const ended = new Promise<never>((_, fail) => {
        const timer = setTimeout(() => fail(new Error(`${name} did not report in time`)), PATIENCE_MS);
        timer.unref();
        browser.on("error", fail);
        browser.on("exit", async code => fail(new Error(`${name} ended with ${code}: ${await said}`)));
      });
      try {
        return await Promise.race([reported, ended]);
      } finally {
        ended.catch(() => {});
        close();
        endGroup(browser.pid);
        await rm(profile, { recursive: true, force: true, maxRetries: 10 });
      }
    },
  };
}

/** Ends a process and those that it has started. */
function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

/** A first start would otherwise open pages of its own and call home. */
const FIREFOX_PREFERENCES = Object.entries({
  "browser.aboutwelcome.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "app.update.enabled": false,
  "app.normandy.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "services.settings.server": "data:,",
})
  .map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`)
  .join("");

type Headers = Readonly<Record<string, string>>;
export type Files = Readonly<Record<string, readonly [type: string, body: string | Uint8Array, headers?: Headers]>>;

/** Serves files by their paths, each with its headers or with these, and waits for a report. */
export async function serve(files: Files, headers: Headers = {}) {
  let done: ((report: Report) => void) | undefined;
  const reported = new Promise<Report>(resolve => {
    done = resolve;
  });
  const server = createServer(async (request, response) => {
    if (request.method === "POST") {
      done?.(JSON.parse(await text(request)));
      response.end();
      return;
    }
    const [type, body, own = headers] = files[request.url ?? ""] ?? [];
    response.writeHead(body === undefined ? 404 : 200, { ...own, "content-type": type ?? "text/plain" }).end(body);
  });
  await new Promise<void>(listening => server.listen(0, "127.0.0.1", listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url, reported, close };
}

const TRAP_HANDLER = ["--disable-wasm-trap-handler"];
const chromium = chromiumOptions();
/** Debian puts it beside the libraries. */
const miniBrowser = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/libexec", "/usr/lib"]
  .flatMap(folder => ["webkit2gtk-4.1", "webkit2gtk-4.0", "webkitgtk-6.0"].map(api => join(folder, api, "MiniBrowser")))
  .find(existsSync);
/** MiniBrowser needs a display. */
const display = onPath("xvfb-run");

export const engines: readonly Engine[] = [
  ofCommandLine({ name: "Node 22", path: nodeOf("node-22"), args: TRAP_HANDLER }),
  ofCommandLine({ name: "Node 24", path: nodeOf("node-24"), args: TRAP_HANDLER }),
  ofCommandLine({ name: "Node 26", path: process.execPath, args: TRAP_HANDLER }),
  ofCommandLine({ name: "Bun", path: programOf("bun", "bin/bun.exe"), env: { BUN_JSC_useWasmFastMemory: "0" } }),
  ofCommandLine({ name: "Deno", path: programOf("deno", "deno"), args: ["run", "--allow-read"] }),
  ofPage({
    name: "Chromium",
    path: chromium?.executablePath,
    installedBy: NO_CHROMIUM,
    command: (path, profile, url) => [path, ...(chromium?.args ?? []), "--headless", `--user-data-dir=${profile}`, url],
  }),
  ofPage({
    name: "Firefox",
    path: onPath("firefox-esr") ?? onPath("firefox"),
    installedBy: "run `test/engines/install.sh browsers` or `apt-get install firefox-esr`",
    command: (path, profile, url) => [path, "--headless", "--no-remote", "--profile", profile, url],
  }),
  ofPage({
    name: "WebKitGTK",
    path: display === undefined ? undefined : miniBrowser,
    installedBy: "run `test/engines/install.sh browsers` or `apt-get install webkit2gtk-driver xvfb`",
    command: (path, _profile, url) => [display ?? "xvfb-run", "--auto-servernum", path, url],
  }),
];
