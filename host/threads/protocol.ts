/** What thread 0 and a worker post each other while the worker begins and ends, and modules, which only a post can carry. Types only. */

import type { Grants } from "../wire/grants.ts";
import type { RuntimeLimits } from "../wire/limits.ts";
import type { SharedModule } from "./shared-module.ts";
import type { Port } from "./way.ts";

/** What a worker begins with. */
export interface Beginning {
  readonly thread: number;
  readonly threads: number;
  readonly space: SharedArrayBuffer | undefined;
  /** The ports to all other threads. */
  readonly ports: readonly (readonly [thread: number, port: Port])[];
  /** The address of the setup module. */
  readonly setup: string | undefined;
  readonly options: WorkerOptions;
}

/** The options of the runtime that every thread has. */
export interface WorkerOptions {
  readonly kernel: WebAssembly.Module;
  readonly limits: Partial<RuntimeLimits>;
  readonly grants: Grants | "all" | undefined;
  readonly sliceMs: number | undefined;
  readonly hibernateAfterMs: number | undefined;
  /** Whether thread 0 wants to hear of ends, and of dead letters. */
  readonly tells: { readonly exits: boolean; readonly letters: boolean; readonly denials: boolean };
  /** Texts of `abort` are AssemblyScript's. */
  readonly isAssemblyScript: boolean;
}

export type ToWorker =
  | { readonly begin: Beginning }
  | { readonly module: SharedModule; readonly id: number }
  | { readonly lost: number }
  | { readonly stop: true };

export type FromWorker =
  /** The worker listens. */
  | { readonly listens: true }
  /** It has its runtime. */
  | { readonly ready: true }
  /** It has the module. */
  | { readonly has: number; readonly error: string | undefined }
  /** Its actors have ended. */
  | { readonly stopped: true }
  | { readonly failed: string };
