/** The options of a runtime, and of `load`. */

import type { ReadSourceMap } from "./module/crash-places.ts";
import type { ReadModule } from "./module/source.ts";
import type { Recorder } from "./recording/seam.ts";
import type { Simulation } from "./simulation/seam.ts";
import type { OnError } from "./time/call-out.ts";
import type { Clock } from "./time/clock.ts";
import { type Check, callback, checksOf, flag, having, milliseconds, oneOf, shown, text } from "./wire/checks.ts";
import type { ActorExit, DeadLetter, Denial, LogLevel } from "./wire/events.ts";
import type { Grants } from "./wire/grants.ts";
import type { HostImports } from "./wire/host-functions.ts";
import type { RuntimeLimits } from "./wire/limits.ts";
import type { Pid } from "./wire/pid.ts";

/** Options of `load`. */
export interface LoadOptions {
  /** The module's name in messages and observers. Default: made from its source. */
  readonly name?: string;
  /**
   * `count`: the host rewrites the module so that its actors can be preempted or killed, whatever
   * they compute (see `SpawnOptions.reductions`). The host does not trust what the module itself
   * says about it. Default `none`.
   */
  readonly reductions?: "none" | "count";
  /**
   * The module was built by `isopod build --trusted` (or `build` with `trusted`), and you trust whoever
   * built it. The host uses it as it stands, also where it comes as a `WebAssembly.Module`. A module that
   * lies about itself can use more than its limits, and can read what other actors of the module leave.
   * Default false: the host reads and rewrites bytes itself, and believes nothing that they say.
   */
  readonly trusted?: boolean;
}

/** Options of a runtime. All have safe defaults. */
export interface RuntimeOptions {
  /**
   * What one actor, and all actors together, may use. docs/security.md lists the limits and their
   * defaults.
   */
  readonly limits?: Partial<RuntimeLimits>;
  /** The grants of guests whose spawn names none. Default: nothing is granted. */
  readonly grants?: Grants | "all";
  /** Functions that guests may import, by module and name. Calling one needs the grant `imports`. */
  readonly imports?: HostImports;
  /**
   * The compiled kernel, `isopod/kernel.wasm`, for engines that may not compile WebAssembly at run time.
   * Load guests as compiled modules there, too (`LoadOptions.trusted`). Default: isopod compiles its kernel when the first
   * runtime is made.
   */
  readonly kernel?: WebAssembly.Module;
  /** Milliseconds for which actors run before the event loop has its turn. Default 4. */
  readonly sliceMs?: number;
  /**
   * Milliseconds without a turn after which an actor leaves its instance, and its state becomes an image
   * (docs/hibernation.md). It leaves within twice this time. Default: actors leave only when their module
   * has as many instances as the limit `instances` allows.
   */
  readonly hibernateAfterMs?: number;
  /** The source of time. Default: `systemClock`. Tests pass a `ManualClock` of `isopod/test`. */
  readonly clock?: Clock;
  /**
   * Gives random numbers in [0, 1). Pids and refs are made of them, too. Where it throws, or gives
   * another value, the default is used instead. Default: the system's source of secure random
   * numbers.
   */
  readonly random?: () => number;
  /**
   * Called with an error that one of your callbacks has thrown, or with which its promise was
   * rejected, and with the name of that callback. Also called for a function of yours whose answer
   * came too late. The error has no other effect. Default: `reportError` in pages, `console.error`
   * elsewhere.
   */
  readonly onError?: OnError;
  /** Called once for each actor that has ended, after its mailbox is gone. */
  readonly onExit?: (exit: ActorExit) => void;
  /** Called for each message that no actor will receive. `counters.dead` counts them in any case. */
  readonly onDeadLetter?: (letter: DeadLetter) => void;
  /** Called when a guest calls an import that it is not granted, once for each import. */
  readonly onDenied?: (denial: Denial) => void;
  /**
   * Called for each line that a guest logs, with the text as the guest wrote it. Apply
   * `escapeControls` before you print it. A line from pid 0 says how much of a flood was dropped.
   * Default: `console.log`, with `escapeControls`.
   */
  readonly onLog?: (pid: Pid, level: LogLevel, text: string) => void;
  /** Reads a module from a path or URL. Default `fetch`. */
  readonly read?: ReadModule;
  /** Decodes an AssemblyScript string, for the messages of `abort`. See `isopod/assemblyscript`. */
  readonly readString?: (memory: WebAssembly.Memory, pointer: number) => string;
  /**
   * Reads the source maps of modules, so that crashes name their place in the source. See
   * `isopod/source-map`. Default: crashes name no place.
   */
  readonly readSourceMap?: ReadSourceMap;
  /** Records actors, so that their crashes can be replayed. `recorder` of `isopod/replay` makes it (docs/replay.md). */
  readonly record?: Recorder;
  /** What decides about each step. `explore` of `isopod/test` has one; it is not made by hand. */
  readonly simulation?: Simulation;
}

export const loadChecks = checksOf<LoadOptions>({ name: text, reductions: oneOf("none", "count"), trusted: flag });

/** Only checks the class: the kernel refuses a module that is not its own when it is instantiated. */
const compiledKernel: Check = (value, name, where) => {
  if (value instanceof WebAssembly.Module) return;
  throw new TypeError(`${where}: ${name} is the compiled module isopod/kernel.wasm, not ${shown(value)}`);
};

export const runtimeChecks = checksOf<RuntimeOptions>({
  // Each of these three is checked where it is used.
  limits: null,
  grants: null,
  imports: null,
  kernel: compiledKernel,
  sliceMs: milliseconds,
  hibernateAfterMs: milliseconds,
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
  record: having("bind"),
  simulation: having("attach"),
});
