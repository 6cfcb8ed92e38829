import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Wasm memories are cheap to reserve only without the trap handler's guard regions.
    execArgv: ["--disable-wasm-trap-handler"],
    pool: "forks",
    testTimeout: 20_000,
  },
});
