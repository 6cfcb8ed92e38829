/** The soak (soak.ts) at a thousandth of its load. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

interface Outcome {
  readonly code: number | null;
  readonly text: string;
}

function soak(...options: string[]): Promise<Outcome> {
  const script = fileURLToPath(new URL("./soak.ts", import.meta.url));
  const args = ["--expose-gc", "--disable-wasm-trap-handler", script, ...options];
  return new Promise(resolve => {
    const child = execFile(process.execPath, args, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode, text: stdout + stderr });
    });
  });
}

/** What stands in a row of its table. */
function row(text: string, label: string): number[] {
  const line = text.split("\n").find(candidate => candidate.startsWith(`${label} `));
  if (line === undefined) throw new Error(`there is no row ${label} in:\n${text}`);
  return line
    .slice(label.length)
    .trim()
    .split(/\s+/)
    .map(cell => Number(cell.replaceAll(",", "")));
}

describe("the soak at a thousandth", () => {
  test("does what it says, and finds everything as it was", { timeout: 120_000 }, async () => {
    const { code, text } = await soak("--scale", "0.001");
    expect(text).toContain("Everything is as it was.");
    expect(code).toBe(0);
    for (const load of ["pingPong", "fanIn", "selective", "payloads", "spawns", "kills", "links", "timers", "calls"]) {
      const [done, of] = row(text, load);
      expect(done, load).toBeGreaterThanOrEqual(of);
    }
    expect(row(text, "all spawns")[0]).toBeGreaterThanOrEqual(1000);
    expect(row(text, "all messages")[0]).toBeGreaterThanOrEqual(10_000);
  });

  test("fails, and says why, where actors are left alive", { timeout: 120_000 }, async () => {
    const { code, text } = await soak("--scale", "0.0001", "--leave", "2");
    expect(text).toContain("2 actors are alive that should have ended.");
    expect(text).toContain("The soak has failed.");
    expect(code).toBe(1);
  });
});
