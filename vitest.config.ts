import { fileURLToPath } from "node:url";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig, type TestProjectConfiguration } from "vitest/config";
import { binaryenAsItIs } from "./test/browser/as-it-is.ts";
import { chromiumOptions } from "./test/browser/chromium.ts";
import { compileGuests } from "./test/browser/commands.ts";

const timeouts = {
  testTimeout: 30_000,
  // Many suites compile guests first, which takes seconds where the machine is busy.
  hookTimeout: 60_000,
};

const node: TestProjectConfiguration = {
  test: {
    name: "node",
    include: ["test/**/*.test.ts"],
    // Wasm memories are cheap to reserve only without the trap handler's guard regions.
    execArgv: ["--disable-wasm-trap-handler"],
    pool: "forks",
    ...timeouts,
  },
};

/** The suites of the core, unchanged, in a page. */
const core = ["mailbox", "mailbox.laws", "receive.laws", "ways", "links", "supervisor", "calls", "timers","scheduler","registry","send-after","dead-letters","host-actors","guest-failure","crash-report","abi","abi-blocking","pid","recycling","assemblyscript","abi-errors"];

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
    include: core.map(name => `test/${name}.test.ts`),
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright(chromium === undefined ? {} : { launchOptions: chromium }),
      instances: [{ browser: "chromium" }],
      commands: { compileGuests },
    },
    ...timeouts,
  },
};

export default defineConfig({ test: { projects: chromium === undefined ? [node] : [node, browser] } });
