/** One running scene: a runtime, and a supervisor with the scene's actors. */
import { readString } from "../../adapters/assemblyscript.ts";
import { type ChildReport, formatPid, formatReason, type Pid, Runtime, type Supervisor } from "../../index.ts";
import { loadScript } from "../../js/index.ts";
import { ENGINE } from "./protocol.ts";
import type { Part, Scene } from "./scenes.ts";

/** The grants of every guest of the page. */
const GRANTS = { spawn: "any" as const, log: true, clock: true, random: true, lookup: true, register: true };
/** Evaluating a script of the page may take longer than one of a stranger, because the page may be slow. */
const LOAD_MS = 2000;
/** Restarts that the supervisor permits in 5 seconds: as many as a person can cause by clicking. */
const INTENSITY = 25;

/** The code of a part: a module, or the text of a script. */
export type Code = ArrayBuffer | string;

/** What a part runs: the guest that was changed, or the example. */
export function codeNameOf({ guest, isUnchanged }: Part): string {
  return isUnchanged ? `${guest}, unchanged` : guest;
}

/** The engine of scripts, which the page compiles once. */
let engine: Promise<WebAssembly.Module> | undefined;

export type Say = (kind: "log" | "crash" | "answer" | "note", who: string, text: string) => void;

/** The current state of an actor of the scene. */
export interface PartState {
  readonly part: Part;
  /** Undefined while it is not alive. */
  readonly pid: Pid | undefined;
  readonly state: string;
  readonly mailboxItems: number;
  readonly starts: number;
}

export class RunningScene {
  readonly runtime: Runtime;
  readonly scene: Scene;
  readonly #say: Say;
  /** The ids of all actors, also of ended ones, whose last log lines may come late. */
  readonly #names = new Map<Pid, string>();
  readonly #starts = new Map<string, number>();
  #supervisor: Supervisor | undefined;
  #restarts = 0;

  private constructor(scene: Scene, say: Say) {
    this.scene = scene;
    this.#say = say;
    this.runtime = new Runtime({
      grants: GRANTS,
      readString,
      onLog: (pid, level, text) => say("log", this.#nameOf(pid), level === "info" ? text : `${level}: ${text}`),
    });
  }

  /** Starts all actors. Rejects with the error of the first that cannot be started. */
  static async start(scene: Scene, code: ReadonlyMap<string, Code>, say: Say): Promise<RunningScene> {
    const running = new RunningScene(scene, say);
    try {
      for (const [name, of] of code) await running.#define(name, of);
      running.#supervisor = running.runtime.supervise({
        strategy: scene.strategy,
        intensity: INTENSITY,
        children: scene.parts.map(part => ({
          id: part.id,
          start: () => running.#spawn(part),
          name: part.id,
          ...(part.restart && { restart: part.restart }),
        })),
        onReport: report => running.#report(report),
      });
      return running;
    } catch (error) {
      await running.runtime.stop();
      throw error;
    }
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** In the order of the scene's parts. */
  states(): PartState[] {
    return this.scene.parts.map(part => {
      const pid = this.#supervisor?.child(part.id);
      const info = pid === undefined ? undefined : this.runtime.info(pid);
      const starts = this.#starts.get(part.id) ?? 0;
      if (info === undefined) return { part, pid: undefined, state: "ended", mailboxItems: 0, starts };
      return { part, pid, state: info.state, mailboxItems: info.mailboxItems, starts };
    });
  }

  /** Other code for the parts that run this: they end and are started with it. All others go on. Rejects where it cannot be loaded. */
  async replace(name: string, code: Code): Promise<void> {
    await this.#define(name, code);
    for (const part of this.scene.parts) {
      const pid = codeNameOf(part) === name ? this.#supervisor?.child(part.id) : undefined;
      if (pid !== undefined) this.runtime.exit(pid, { kind: "shutdown" });
    }
  }

  crash({ id, crash }: Part): void {
    if (crash === "ask") void this.ask(id, "crash");
    else this.runtime.send(id, "crash");
  }

  kill({ id }: Part): void {
    const pid = this.#supervisor?.child(id);
    if (pid !== undefined) this.runtime.kill(pid);
  }

  async ask(id: string, text: string): Promise<void> {
    try {
      this.#say("answer", id, `${text} → ${new TextDecoder().decode(await this.runtime.call(id, text))}`);
    } catch (error) {
      this.#say("answer", id, `${text} → ${error instanceof Error ? error.message : error}`);
    }
  }

  stop(): Promise<void> {
    return this.runtime.stop();
  }

  async #define(name: string, code: Code): Promise<void> {
    const { runtime } = this;
    if (typeof code !== "string") return runtime.define(name, await runtime.load(code, { name }));
    engine ??= WebAssembly.compileStreaming(fetch(new URL(ENGINE, document.baseURI)));
    const options = { name: `${name}.js`, engine: await engine, loadMs: LOAD_MS };
    runtime.define(name, await loadScript(runtime, code, options));
  }

  #spawn(part: Part): Pid {
    const { id, entry, args, perTurn, limits } = part;
    const pid = this.runtime.spawn(codeNameOf(part), {
      ...(entry && { entry }),
      ...(args && { args }),
      ...(limits && { limits }),
      ...(perTurn && { reductions: { policy: "yield" as const, perTurn } }),
    });
    this.#names.set(pid, id);
    this.#starts.set(id, (this.#starts.get(id) ?? 0) + 1);
    this.#say("note", id, `started as ${formatPid(pid)}`);
    return pid;
  }

  #nameOf(pid: Pid): string {
    return this.#names.get(pid) ?? formatPid(pid);
  }

  #report({ id, reason, action }: ChildReport): void {
    if (action === "restart") this.#restarts++;
    this.#say(reason.kind === "crashed" ? "crash" : "note", id, formatReason(reason));
    if (action === "give up") this.#say("crash", id, "too many restarts: the supervisor gives up; press Run");
  }
}
