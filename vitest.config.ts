import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig, type TestProjectConfiguration } from "vitest/config";
import { binaryenAsItIs } from "./test/browser/as-it-is.ts";
import { chromiumOptions, NO_CHROMIUM } from "./test/browser/chromium.ts";
import { compileGuests } from "./test/browser/commands.ts";

/** Generous, because a machine that others load is ten times slower: no test is about time. */
const timeouts = {
  testTimeout: 120_000,
  hookTimeout: 240_000,
};

/** Compiles for all suites, in one process. */
const globalSetup = ["test/support/compile-server.ts"];

const node: TestProjectConfiguration = {
  test: {
    name: "node",
    include: ["test/**/*.test.ts"],
    exclude: ["test/browser/page/**"],
    // Wasm memories are cheap to reserve only without the trap handler's guard regions.
    execArgv: ["--disable-wasm-trap-handler"],
    pool: "forks",
    globalSetup,
    ...timeouts,
  },
};

/** What a page shall do as Node does: these suites run in both. */
const core = [
  ...["abi", "abi-blocking", "abi-edges", "abi-errors", "assemblyscript", "calls", "crash-report", "dead-letters"],
  ...["guest-failure", "host-actors", "links", "mailbox", "mailbox.laws", "pid", "receive.laws", "recycling"],
  ...["names", "scheduler", "send-after", "supervisor", "timers", "ways"],
];

const chromium = chromiumOptions();
const browser: TestProjectConfiguration = {
  // Found only when a suite imports them, they would make Vite reload the page in the middle of the run.
  optimizeDeps: { include: ["@assemblyscript/loader", "@fast-check/vitest"] },
  plugins: [binaryenAsItIs],
  resolve: {
    alias: [
      {
        find: /^\.\/compile-guests\.ts$/,
        replacement: fileURLToPath(new URL("./test/browser/compile-guests.ts", import.meta.url)),
      },
    ],
  },
  test: {
    name: "chromium",
    // Suites share nothing but what they import, and Binaryen takes a second to start.
    isolate: false,
    include: [...core.map(name => `test/*/${name}.test.ts`), "test/browser/page/*.test.ts"],
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright(chromium === undefined ? {} : { launchOptions: chromium }),
      instances: [{ browser: "chromium" }],
      commands: { compileGuests },
    },
    globalSetup,
    ...timeouts,
  },
};

if (chromium === undefined)
  process.stderr.write(`The suites of the core are not run in a browser: that ${NO_CHROMIUM}.\n`);

export default defineConfig({
  test: {
    projects: chromium === undefined ? [node] : [node, browser],
    // Vitest leaves a processor to others. Where there are two, everything takes twice as long then.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
