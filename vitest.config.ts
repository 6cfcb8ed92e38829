import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Wasm memories are cheap to reserve only without the trap handler's guard regions.
    execArgv: ["--disable-wasm-trap-handler"],
    pool: "forks",
    testTimeout: 30_000,
    // Many suites compile guests first, which takes seconds where the machine is busy.
    hookTimeout: 60_000,
  },
});
