/**
 * Supervisors against a model of OTP's (otp-supervisor.ts): random programs end children, make
 * their starts fail, start and stop children and let time pass. What is started, what fails, what
 * is stopped and in which order, the answers, the reports and the end must be the same.
 */

import { fc, test as law } from "@fast-check/vitest";
import { beforeAll, describe, expect } from "vitest";
import { readString } from "../../host/adapters/assemblyscript.ts";
import {
  type ChildReport,
  type ChildSpec,
  type HostMailbox,
  type Pid,
  type Restart,
  Runtime,
} from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { guestModules, quiet } from "../support/guests.ts";
import { type Act, MODEL_IDS, MODEL_PERIOD_MS, OtpSupervisor, program, reportLine } from "../support/otp-supervisor.ts";

/** Host mailboxes as children, which say what is done to them the moment it is done. */
class Stage {
  readonly clock = new ManualClock();
  readonly runtime = new Runtime({ clock: this.clock });
  readonly trace: string[] = [];
  readonly results: string[] = [];
  readonly reports: ChildReport[] = [];
  readonly failures = new Map<string, number>();
  readonly #alive = new Map<string, HostMailbox>();
  readonly #isAsync: boolean;

  constructor(isAsync: boolean) {
    this.#isAsync = isAsync;
  }

  spec(id: string, kind: Restart): ChildSpec {
    return { id, restart: kind, name: id, start: () => (this.#isAsync ? this.#startLater(id) : this.#start(id)) };
  }

  async #startLater(id: string): Promise<Pid> {
    await null;
    return this.#start(id);
  }

  #start(id: string): Pid {
    const failures = this.failures.get(id) ?? 0;
    this.failures.set(id, Math.max(0, failures - 1));
    this.trace.push(`${failures > 0 ? "fail" : "start"} ${id}`);
    if (failures > 0) throw new Error("no luck today");
    const mailbox = this.runtime.mailbox();
    this.#alive.set(id, mailbox);
    mailbox.onArrival(() => {
      if (mailbox.poll()?.kind !== "exit") return false;
      this.trace.push(`stop ${id}`);
      mailbox.end({ kind: "shutdown" });
      return false;
    });
    return mailbox.pid;
  }

  end(id: string, how: Act["how"]): void {
    const kinds = { end: "normal", shutdown: "shutdown", crash: "noconnection" } as const;
    this.#alive.get(id)?.end({ kind: kinds[how] });
  }

  note(request: Promise<unknown>): void {
    const index = this.results.push("nothing yet") - 1;
    const outcome = (error: unknown) => {
      const { message, code } = error as Error & { code?: string };
      if (code === "ISOPOD_CLOSED") return "ended";
      return message === "no luck today" ? "failed" : "present";
    };
    request.then(
      done => {
        this.results[index] = typeof done === "number" ? "started" : done === true ? "stopped" : "no such child";
      },
      error => {
        this.results[index] = outcome(error);
      },
    );
  }
}

describe("a supervisor of the host's", () => {
  law.prop({ ...program, isAsync: fc.boolean() }, { numRuns: 600 })(
    "does what OTP's does, whatever ends, fails, is started and is stopped",
    async ({ strategy, intensity, children, batches, isAsync }) => {
      const stage = new Stage(isAsync);
      await using runtime = stage.runtime;
      const first = children.map((kind, i) => [MODEL_IDS[i], kind] as const);
      const model = new OtpSupervisor(strategy, intensity, MODEL_PERIOD_MS, first);
      const supervisor = runtime.supervise({
        strategy,
        intensity,
        periodMs: MODEL_PERIOD_MS,
        children: first.map(([id, kind]) => stage.spec(id, kind)),
        onReport: report => stage.reports.push(report),
      });
      await supervisor.started;
      for (const batch of batches) {
        for (const { act, who, how, restart, times, ms } of batch) {
          const id = MODEL_IDS[who];
          if (act === "advance") {
            model.advance(ms);
            stage.clock.jump(ms);
          } else if (act === "fail") {
            model.fail(id, times);
            stage.failures.set(id, times);
          } else if (act === "end") {
            model.end(id, how !== "crash");
            stage.end(id, how);
          } else {
            model.ask(act, id, restart);
            stage.note(act === "start" ? supervisor.startChild(stage.spec(id, restart)) : supervisor.stopChild(id));
          }
        }
        model.run();
        await quiet();
        expect(stage.trace).toEqual(model.trace);
        expect(stage.results).toEqual(model.results);
        expect(stage.reports.map(reportLine)).toEqual(model.reports);
        const after = runtime.isAlive(supervisor.pid)
          ? supervisor.children.map(({ id, pid }) => `${id}${pid === undefined ? "-" : "+"}`)
          : [];
        expect(after).toEqual(model.children);
        for (const id of MODEL_IDS) expect(runtime.whereis(id) !== undefined).toBe(model.isAlive(id));
      }
    },
  );
});

const ACT: Act = { act: "end", who: 0, how: "end", restart: "permanent", times: 1, ms: 1 };
/**
 * A start that fails is tried again behind what is in the mailbox, also the second one that does.
 */
const FAILS_TWICE = {
  strategy: "one_for_one",
  intensity: 3,
  children: ["permanent", "permanent", "permanent"] as Restart[],
  batches: [
    [
      { ...ACT, act: "fail", who: 1 },
      { ...ACT, act: "fail", who: 2 },
    ],
    [{ ...ACT, who: 2 }],
    [
      { ...ACT, who: 1 },
      { ...ACT, act: "start" },
    ],
    [ACT],
  ] as Act[][],
} as const;

describe("a supervisor that is a guest", () => {
  const strategies = ["one_for_one", "one_for_all", "rest_for_one"] as const;
  const restarts = ["permanent", "transient", "temporary"] as const;
  let compiled: Map<string, WebAssembly.Module>;

  beforeAll(async () => {
    compiled = await guestModules("guests", ["subject", "overseer"], "asyncify");
  });

  /** What guests/overseer.ts calls such a child. */
  const child = (id: string, kind: Restart) => `~${id}:${restarts.indexOf(kind)}:100`;

  law.prop(program, { numRuns: 400, examples: [FAILS_TWICE] })(
    "does what OTP's does, whatever ends, fails, is started and is stopped",
    async ({ strategy, intensity, children, batches }) => {
      const clock = new ManualClock();
      await using runtime = new Runtime({ clock, readString, limits: { memoryPages: 4 }, onLog: () => {} });
      for (const [name, module] of compiled) runtime.define(name, await runtime.load(module, { name }));
      const first = children.map((kind, i) => [MODEL_IDS[i], kind] as const);
      const model = new OtpSupervisor(strategy, intensity, MODEL_PERIOD_MS, first);
      const trace: string[] = [];
      const results: string[] = [];
      const endedByThemselves = new Set<Pid>();
      runtime.inspect(event => {
        if (event.kind === "register") trace.push(`start ${event.name.slice(1)}`);
        if (event.kind === "log" && event.level === "debug") trace.push(event.text.replace("~", ""));
        if (event.kind === "exit" && event.names.length > 0 && !endedByThemselves.has(event.pid)) {
          trace.push(`stop ${event.names[0].slice(1)}`);
        }
      });
      const words = [runtime.mailbox().pid, strategies.indexOf(strategy), intensity, MODEL_PERIOD_MS];
      const supervisor = runtime.spawn("overseer", {
        args: [...words, ...first.map(([id, kind]) => child(id, kind))].join(" "),
        grants: { spawn: ["subject"], register: true, log: true },
      });
      const ask = (request: string) =>
        runtime.call(supervisor, request).then(
          answer => new TextDecoder().decode(answer),
          () => "ended",
        );
      await quiet();
      for (const batch of batches) {
        for (const { act, who, times } of batch) {
          if (act !== "fail") continue;
          model.fail(MODEL_IDS[who], times);
          await ask(`fail ~${MODEL_IDS[who]} ${times}`);
        }
        for (const { act, who, how, restart, ms } of batch) {
          const id = MODEL_IDS[who];
          if (act === "advance") {
            // It measures with timers, which fire in turns: what came before is dealt with before.
            model.run();
            await quiet();
            model.advance(ms);
            clock.jump(ms);
            await quiet();
          } else if (act === "end") {
            const pid = runtime.whereis(`~${id}`);
            if (pid !== undefined) endedByThemselves.add(pid);
            model.end(id, how !== "crash");
            if (pid !== undefined) runtime.exit(pid, { kind: how === "crash" ? "noconnection" : "shutdown" });
          } else if (act === "start" || act === "stop") {
            model.ask(act, id, restart);
            const index = results.push("nothing yet") - 1;
            ask(act === "start" ? `start ${child(id, restart)}` : `stop ~${id}`).then(answer => {
              results[index] = answer;
            });
          }
        }
        model.run();
        await quiet();
        expect(trace).toEqual(model.trace);
        const answers = { started: "true", stopped: "true", ended: "ended" };
        expect(results).toEqual(model.results.map(result => answers[result as "started"] ?? "false"));
        expect(runtime.isAlive(supervisor)).toBe(!model.ended);
        const list = (await ask("list")).replaceAll("~", "");
        expect(list).toBe(model.ended ? "ended" : model.children.join(""));
        for (const id of MODEL_IDS) expect(runtime.whereis(`~${id}`) !== undefined).toBe(model.isAlive(id));
      }
    },
  );
});
