/** What scripts do not have is not there, and an error that nobody handles says what to use instead. */
import { describe, expect, test } from "vitest";
import { loadScript } from "../../host/js/index.ts";
import { newRuntime } from "../support/runtimes.ts";
import { functionsOf, scriptOptions, spawnScript } from "../support/scripts.ts";

const hints: Readonly<Record<string, RegExp>> = {
  "fetch XMLHttpRequest WebSocket Request": /a script has no network; the host can offer a function for it/,
  Intl: /a script has no Intl; format texts on the host/,
  "SharedArrayBuffer BroadcastChannel": /actors share no memory; they send messages/,
  Worker: /another actor is started by spawn/,
  WebAssembly: /a script cannot run WebAssembly/,
  "process Buffer global": /a script does not run in Node/,
  "require module exports": /a script is an ES module; use import and export/,
  "setImmediate clearImmediate": /use setTimeout or queueMicrotask/,
  "window document navigator location localStorage sessionStorage indexedDB alert": /a script runs in no page/,
  "AbortController EventTarget Blob ReadableStream": /a few globals of the web beside it, without this one/,
};
const all = Object.entries(hints).flatMap(([names, hint]) => names.split(" ").map(name => [name, hint] as const));

describe("an error that nobody handles", () => {
  test("says of each missing name what to use, to who has called", async () => {
    const script = await functionsOf<{ run(code: string): unknown }>(
      newRuntime(),
      "export const run = code => (0, eval)(code);",
    );
    for (const [name, hint] of all) {
      expect(await script.run(`typeof ${name}`)).toBe("undefined");
      const error = {
        remoteName: "ReferenceError",
        remoteMessage: expect.stringMatching(new RegExp(`^${name} is not defined: .*${hint.source}`)),
      };
      await expect(script.run(`${name}.x`), name).rejects.toMatchObject(error);
    }
  });

  test("says so where it ends the actor, and where it ends loading", async () => {
    const runtime = newRuntime();
    const message = /^(script\.js: )?ReferenceError: fetch is not defined: a script has no network/;
    for (const body of [`fetch("x");`, `Promise.resolve().then(() => fetch("x"));`]) {
      const pid = await spawnScript(runtime, `export function onMessage() { ${body} }`);
      const exited = runtime.exited(pid);
      runtime.send(pid, "");
      expect(await exited).toMatchObject({ kind: "crashed", message: expect.stringMatching(message) });
    }
    await expect(loadScript(runtime, `export const x = () => 1; fetch("x");`, await scriptOptions())).rejects.toThrow(
      message,
    );
  });

  test("of an own name has no hint, and an error that is caught has none either", async () => {
    const script = await functionsOf<{ run(code: string): unknown }>(
      newRuntime(),
      "export const run = code => (0, eval)(code);",
    );
    await expect(script.run("myFetch()")).rejects.toMatchObject({ remoteMessage: "myFetch is not defined" });
    await expect(script.run("fetching()")).rejects.toMatchObject({ remoteMessage: "fetching is not defined" });
    expect(await script.run("(() => { try { fetch; } catch (error) { return error.message; } })()")).toBe(
      "fetch is not defined",
    );
  });
});
