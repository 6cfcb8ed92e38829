/** What the embedder may set for a runtime, a module that is loaded, and a message. */

import type { ReadSourceMap } from "./module/crash-places.ts";
import type { ReadModule } from "./module/source.ts";
import type { OnError } from "./time/call-out.ts";
import type { Clock } from "./time/clock.ts";
import { callback, checksOf, having, milliseconds, oneOf, tag, text } from "./wire/checks.ts";
import type { ActorExit, DeadLetter, Denial, LogLevel } from "./wire/events.ts";
import type { Grants } from "./wire/grants.ts";
import type { HostImports } from "./wire/host-functions.ts";
import type { RuntimeLimits } from "./wire/limits.ts";
import type { Pid } from "./wire/pid.ts";
export interface LoadOptions {
  /** For people. */
  readonly name?: string;
  /**
   * `count`: the host rewrites the module so that its actors can be preempted, or killed, whatever they compute; see `SpawnOptions.reductions`. What the
   * module itself says about it is not trusted. Default `none`.
   */
  readonly reductions?: "none" | "count";
}

export interface RuntimeOptions {
  /** What actors may use, each of them and all together; see docs/security.md. */
  readonly limits?: Partial<RuntimeLimits>;
  /** What guests may do beyond sending and receiving, where their spawn does not say. Default: nothing. */
  readonly grants?: Grants | "all";
  /** Functions for guests to import, by module and name; calling one needs the grant `imports`. */
  readonly imports?: HostImports;
  /**
   * `off`: messages and turns go through JavaScript also where the engine has WebAssembly with several memories, at a third of the speed and with the same
   * result. Default `auto`.
   */
  readonly switch?: "auto" | "off";
  /** Milliseconds after which the event loop gets its turn. Default 4. */
  readonly sliceMs?: number;
  readonly clock?: Clock;
  /** A number in [0, 1), of which refs are made, too. Where it gives another, or throws, the default goes in its place. Default: from the system's source of secrets. */
  readonly random?: () => number;
  /**
   * Called with what a callback of yours has thrown, or its promise was rejected with, and with the name of that callback, or of your function whose
   * answer came too late. Nothing else comes of such an error. Default: `reportError` in pages, `console.error` everywhere else.
   */
  readonly onError?: OnError;
  /** Called once per actor that ended, after its mailbox is gone. */
  readonly onExit?: (exit: ActorExit) => void;
  /** Called for every message that nobody will receive; they are counted in any case. */
  readonly onDeadLetter?: (letter: DeadLetter) => void;
  /** Called when a guest calls what it is not granted, once for each import. */
  readonly onDenied?: (denial: Denial) => void;
  /** Lines that guests log, as they wrote them: `escapeControls` makes them safe for a terminal. One of pid 0 says what was dropped of a flood. Default: console.log, with that done. */
  readonly onLog?: (pid: Pid, level: LogLevel, text: string) => void;
  /** Reads a module from a path or URL. Default `fetch`. */
  readonly read?: ReadModule;
  /** Decodes an AssemblyScript string, for messages of `abort`; see `isopod/assemblyscript`. */
  readonly readString?: (memory: WebAssembly.Memory, pointer: number) => string;
  /** Reads the source maps of modules, for the places of crashes; see `isopod/source-map`. Without it they are not named. */
  readonly readSourceMap?: ReadSourceMap;
}

export interface SendOptions {
  /** A whole number from 0 up. */
  readonly tag?: number;
}

export const loadChecks = checksOf<LoadOptions>({ name: text, reductions: oneOf("none", "count") });

export const sendChecks = checksOf<SendOptions>({ tag });

export const runtimeChecks = checksOf<RuntimeOptions>({
  // Each of these three says by itself what is wrong.
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
