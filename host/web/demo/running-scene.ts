/** One running scene: a runtime, and a supervisor with the scene's actors. */
import { readString } from "../../adapters/assemblyscript.ts";
import { type ChildReport, formatPid, formatReason, type Pid, Runtime, type Supervisor } from "../../index.ts";
import type { GuestName } from "./protocol.ts";
import type { Part, Scene } from "./scenes.ts";

/** The grants of every guest of the page. */
const GRANTS = { spawn: "any" as const, log: true, clock: true, random: true, lookup: true, register: true };
/** Restarts that the supervisor permits in 5 seconds: as many as a person can cause by clicking. */
const INTENSITY = 25;

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
  readonly #scene: Scene;
  readonly #say: Say;
  /** The ids of all actors, also of ended ones, whose last log lines may come late. */
  readonly #names = new Map<Pid, string>();
  readonly #starts = new Map<string, number>();
  #supervisor: Supervisor | undefined;
  #restarts = 0;

  private constructor(scene: Scene, say: Say) {
    this.#scene = scene;
    this.#say = say;
    this.runtime = new Runtime({
      grants: GRANTS,
      readString,
      onLog: (pid, level, text) => say("log", this.#nameOf(pid), level === "info" ? text : `${level}: ${text}`),
    });
  }

  /** Starts all actors. Rejects with the error of the first that cannot be started. */
  static async start(scene: Scene, wasm: ReadonlyMap<GuestName, ArrayBuffer>, say: Say): Promise<RunningScene> {
    const running = new RunningScene(scene, say);
    try {
      for (const [name, bytes] of wasm) running.runtime.define(name, await running.runtime.load(bytes, { name }));
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
    return this.#scene.parts.map(part => {
      const pid = this.#supervisor?.child(part.id);
      const info = pid === undefined ? undefined : this.runtime.info(pid);
      const starts = this.#starts.get(part.id) ?? 0;
      if (info === undefined) return { part, pid: undefined, state: "ended", mailboxItems: 0, starts };
      return { part, pid, state: info.state, mailboxItems: info.mailboxItems, starts };
    });
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

  #spawn({ id, guest, entry, args, perTurn }: Part): Pid {
    const pid = this.runtime.spawn(guest, {
      ...(entry && { entry }),
      ...(args && { args }),
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
