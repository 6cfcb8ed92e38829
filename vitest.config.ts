import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig, type TestProjectConfiguration } from "vitest/config";
import { binaryenAsItIs } from "./test/browser/as-it-is.ts";
import { chromiumOptions, NO_CHROMIUM } from "./test/browser/chromium.ts";
import { compileGuests } from "./test/browser/commands.ts";

/** The same for all projects. */
const shared = {
  // Compiles guests for all suites, in one process.
  globalSetup: ["test/support/compile-server.ts"],
  // Generous, because a machine that others load is ten times slower: no test is about time.
  testTimeout: 120_000,
  hookTimeout: 240_000,
};

const node = {
  ...shared,
  setupFiles: ["test/support/one-instance.ts"],
  // Wasm memories are cheap to reserve only without the trap handler's guard regions.
  execArgv: ["--disable-wasm-trap-handler"],
  pool: "forks" as const,
  // Node imports the sources as they are. With Vite's runner each use of an import is a call of a getter:
  // the laws of the kernel take twice the CPU time there.
  experimental: { viteModuleRunner: false, nodeLoader: false },
};

/** The rooms of host/, as test/ mirrors them. */
const rooms = [
  ...["wire", "time", "adapters", "mail", "module", "actor"],
  ...["kernel", "between", "turns", "life", "door", "javascript", "away", "cluster", "observe", "simulation"],
  ...["recording", "js"],
];
const inRooms = `test/{${rooms.join(",")}}`;

/** Suites of rooms that start processes, compile guests that they make at random, or take many seconds. */
const slowOfRooms = [
  "test/cluster/cli.test.ts",
  "test/cluster/link.laws.test.ts",
  "test/cluster/nats.test.ts",
  "test/cluster/tab.test.ts",
  "test/js/engine.test.ts",
  "test/kernel/stack.test.ts",
  "test/mail/full-mailbox.test.ts",
  "test/mail/order.laws.test.ts",
  "test/javascript/otp-supervisor.test.ts",
  "test/recording/guests.test.ts",
  "test/recording/random.laws.test.ts",
  "test/simulation/bugs.test.ts",
  "test/simulation/supervisors.test.ts",
  "test/turns/guard.test.ts",
  "test/turns/waits.laws.test.ts",
];

/** Suites that keep modules back, or load them anew. */
const withVite = ["test/mail/kernel-module.test.ts", "test/module/loader.test.ts"];

/** What a page shall do as Node does: these suites run in both. */
const inBoth = [
  ...["abi", "abi-blocking", "abi-edges", "abi-errors", "assemblyscript", "calls", "crash-report", "dead-letters"],
  ...["guest-failure", "host-actors", "links", "pid", "receive.laws", "recycling"],
  ...["names", "scheduler", "send-after", "supervisor", "timers", "ways"],
];

/**
 * The fast half: no suite starts a process, and none waits for a compiler if its guests are in the
 * cache.
 */
const core: TestProjectConfiguration = {
  test: {
    ...node,
    name: "core",
    include: ["test/*.test.ts", `${inRooms}/**/*.test.ts`],
    exclude: [...slowOfRooms, ...withVite],
    // These suites leave nothing behind, and each would load the host anew.
    isolate: false,
  },
};

/**
 * The slow half: processes, packages, attacks, benchmarks, and what drives a browser from outside.
 */
const slow: TestProjectConfiguration = {
  test: {
    ...node,
    name: "node",
    include: [`test/!(${rooms.join("|")})/**/*.test.ts`, ...slowOfRooms],
    exclude: ["test/browser/page/**"],
  },
};

/** What needs Vite's runner, because Node's own cache of modules cannot be emptied. */
const vite: TestProjectConfiguration = {
  test: { ...node, name: "vite", include: withVite, experimental: { viteModuleRunner: true } },
};

const chromium = chromiumOptions();
const browser: TestProjectConfiguration = {
  // Found only when a suite imports them, they would make Vite reload the page in the middle of the
  // run.
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
    ...shared,
    name: "chromium",
    // Suites share nothing but what they import, and Binaryen takes a second to start.
    isolate: false,
    include: [...inBoth.map(name => `${inRooms}/${name}.test.ts`), "test/browser/page/*.test.ts"],
    // The kernel's own laws need files, and Node's Buffer.
    exclude: ["test/kernel/**"],
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright(chromium === undefined ? {} : { launchOptions: chromium }),
      instances: [{ browser: "chromium" }],
      commands: { compileGuests },
    },
  },
};

if (chromium === undefined)
  process.stderr.write(`The suites of the core are not run in a browser: that ${NO_CHROMIUM}.\n`);

export default defineConfig({
  test: {
    // Files for AssemblyScript alone.
    coverage: { exclude: ["**/*.as.ts"] },
    projects: chromium === undefined ? [core, slow, vite] : [core, slow, vite, browser],
    // One more than there are processors: many suites wait for processes that they have started.
    // With two processors the whole takes 295 s then, and 436 s with two workers.
    maxWorkers: availableParallelism() + 1,
  },
});
