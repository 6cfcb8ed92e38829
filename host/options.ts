/** The options of a runtime, of a module that is loaded, and of a message. */

import type { ReadSourceMap } from "./module/places.ts";
import type { ReadModule } from "./module/source.ts";
import type { OnError } from "./time/call-out.ts";
import type { Clock } from "./time/clock.ts";
import { callback, checksOf, having, milliseconds, oneOf, tag, text } from "./wire/checks.ts";
import type { ActorExit, DeadLetter, Denial, LogLevel } from "./wire/events.ts";
import type { Grants } from "./wire/grants.ts";
import type { HostImports } from "./wire/host-functions.ts";
import type { RuntimeLimits } from "./wire/limits.ts";
import type { Pid } from "./wire/pid.ts";

/** Options of `runtime.load`. */
export interface LoadOptions {
  /** The name of the module in errors, logs and the observer. */
  readonly name?: string;
  /**
   * `count`: the host rewrites the module so that it counts its reductions. Its actors can then be
   * preempted or ended while they compute; see `SpawnOptions.reductions`. What the module itself
   * says about reductions is not trusted. Default `none`.
   */
  readonly reductions?: "none" | "count";
}

/** Options of a runtime. */
export interface RuntimeOptions {
  /** What each actor, and all actors together, may use; see docs/security.md. */
  readonly limits?: Partial<RuntimeLimits>;
  /**
   * What guests may do beyond sending and receiving, unless their spawn says otherwise. Default:
   * nothing.
   */
  readonly grants?: Grants | "all";
  /**
   * Functions for guests to import, by module and name. A guest needs the grant `imports` to call
   * one.
   */
  readonly imports?: HostImports;
  /**
   * `off`: messages and turns go through JavaScript, also if the engine supports WebAssembly with
   * several memories. The results are the same, but a message takes 2.5 times as long (x64, Node
   * 26). Default `auto`.
   */
  readonly switch?: "auto" | "off";
  /** Milliseconds after which actors let the event loop run. Default 4. */
  readonly sliceMs?: number;
  /** The source of time. Default: the engine's clock. */
  readonly clock?: Clock;
  /**
   * Returns a number in [0, 1). Refs are made of such numbers, so they must not be predictable. If
   * it throws or returns another value, the default is used instead. Default: the system's
   * cryptographic source.
   */
  readonly random?: () => number;
  /**
   * Called with an error that a callback of yours threw, or its promise rejected with, and with the
   * callback's name. Also called for a function of `imports` that fails when no actor waits for it.
   * Such an error has no other effect. Default: `reportError` in pages, `console.error` elsewhere.
   */
  readonly onError?: OnError;
  /** Called once for each actor that has ended, after its mailbox is gone. */
  readonly onExit?: (exit: ActorExit) => void;
  /**
   * Called for each message that no actor will receive. `counters.dead` counts them in any case.
   */
  readonly onDeadLetter?: (letter: DeadLetter) => void;
  /** Called when a guest calls an import without its grant, once for each import. */
  readonly onDenied?: (denial: Denial) => void;
  /**
   * Called for each line that a guest logs, as the guest wrote it. `escapeControls` makes it safe
   * for a terminal. A line of pid 0 says how many notices were dropped. Default: `console.log`,
   * escaped.
   */
  readonly onLog?: (pid: Pid, level: LogLevel, text: string) => void;
  /** Reads a module from a path or URL. Default `fetch`. */
  readonly read?: ReadModule;
  /** Decodes an AssemblyScript string, for the messages of `abort`; see `isopod/assemblyscript`. */
  readonly readString?: (memory: WebAssembly.Memory, pointer: number) => string;
  /**
   * Reads source maps, so that crashes name source lines; see `isopod/source-map`. Default: they do
   * not.
   */
  readonly readSourceMap?: ReadSourceMap;
}

/** Options of `runtime.send` and `runtime.broadcast`. */
export interface SendOptions {
  /** A whole number from 0 up, which the receiver gets with the message. Default 0. */
  readonly tag?: number;
}

export const loadChecks = checksOf<LoadOptions>({ name: text, reductions: oneOf("none", "count") });

export const sendChecks = checksOf<SendOptions>({ tag });

export const runtimeChecks = checksOf<RuntimeOptions>({
  // These three have checks of their own.
  limits: null,
  grants: null,
  imports: null,
  switch: oneOf("auto", "off"),
  sliceMs: milliseconds,
  clock: having("now", "wake", "defer"),
  random: callback,
  onError: callback,
  onExit: callback,
  onDeadLetter: callback,
  onDenied: callback,
  onLog: callback,
  read: callback,
  readString: callback,
  readSourceMap: callback,
});
