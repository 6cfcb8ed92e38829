/**
 * The model of OTP's supervisor (otp-supervisor.ts) against OTP's own, where Erlang is installed:
 * both play the same random programs.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fc } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { type Act, MODEL_IDS, MODEL_PERIOD_MS, OtpSupervisor, program } from "../support/otp-supervisor.ts";

const PROGRAMS = Number(process.env.ISOPOD_OTP_PROGRAMS ?? 200);
const source = fileURLToPath(new URL("../support/otp_supervisor.erl", import.meta.url));

/**
 * What the model and OTP say after each batch: trace, results, children (null: the supervisor has
 * ended).
 */
type State = readonly [readonly string[], readonly string[], readonly string[] | null];

const programs = fc.sample(fc.record(program), PROGRAMS);

function inErlang({ strategy, intensity, children, batches }: (typeof programs)[number]): string {
  const first = children.map((restart, i) => `{${MODEL_IDS[i]}, ${restart}}`);
  const reasons = { end: "normal", shutdown: "shutdown", crash: "boom" } as const;
  const inWords = ({ act, who, how, restart, times }: Act) => {
    const id = MODEL_IDS[who];
    const last = { fail: times, end: reasons[how], start: restart, stop: "", advance: "" }[act];
    return act === "stop" ? `{stop, ${id}}` : `{'${act}', ${id}, ${last}}`;
  };
  const all = batches.map(batch => `[${batch.filter(({ act }) => act !== "advance").map(inWords)}]`);
  return `{${strategy}, ${intensity}, [${first}], [${all}]}.\n`;
}

function byModel({ strategy, intensity, children, batches }: (typeof programs)[number]): State[] {
  const first = children.map((kind, i) => [MODEL_IDS[i], kind] as const);
  const model = new OtpSupervisor(strategy, intensity, MODEL_PERIOD_MS, first);
  return batches.map(batch => {
    for (const { act, who, how, restart, times } of batch) {
      const id = MODEL_IDS[who];
      if (act === "fail") model.fail(id, times);
      else if (act === "end") model.end(id, how !== "crash");
      else if (act === "start" || act === "stop") model.ask(act, id, restart);
    }
    model.run();
    return [[...model.trace], [...model.results], model.ended ? null : model.children];
  });
}

const hasErlang = (() => {
  try {
    execFileSync("erl", ["+V"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

test.skipIf(!hasErlang)(
  "the model does what OTP's supervisor does (Erlang: apt-get install erlang-base)",
  { timeout: 300_000 },
  () => {
    const folder = mkdtempSync(join(tmpdir(), "isopod-otp-"));
    try {
      execFileSync("erlc", ["-o", folder, source]);
      const args = ["+S", "1:1", "-noshell", "-pa", folder, "-s", "otp_supervisor", "main"];
      const input = programs.map(inErlang).join("");
      const output = execFileSync("erl", args, { input, encoding: "utf8", maxBuffer: 2 ** 28 });
      const played = output.split("\n\n").slice(0, -1);
      expect(played).toHaveLength(programs.length);
      for (const [i, one] of programs.entries()) {
        const states = played[i].split("\n").map(line => JSON.parse(line) as State);
        expect(states, inErlang(one)).toEqual(byModel(one));
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
