/**
 * The seam between a runtime and what records its actors, or plays a recording. Both are made outside of the core,
 * and get between a guest and its port.
 */
import type { GuestModule } from "../module/guest-module.ts";
import type { LoadedFrom } from "../module/load-rules.ts";
import type { HostImport } from "../wire/host-functions.ts";
import type { ExitReason } from "../wire/message.ts";
import type { Recording } from "../wire/recording.ts";
import type { Port } from "./body.ts";
import type { Judge } from "./reductions.ts";
import type { Spec } from "./spec.ts";

/** Functions that a guest imports, by module and name. */
export type GuestImports = Readonly<Record<string, Readonly<Record<string, HostImport | WebAssembly.Memory>>>>;

/** `A`: the type of actors. */
export interface Taping<A> {
  /** Whether actors of a module, or of a definition, of this name are recorded where their spawn does not say. */
  wants(name: string): boolean;
  /** Why an actor like this cannot be recorded; undefined: it can. */
  refusal(spec: Spec): string | undefined;
  /** Compiles a module in place of the engine; undefined: the engine does it. */
  readonly compile?: ((bytes: Uint8Array<ArrayBuffer>) => Promise<WebAssembly.Module>) | undefined;
  /** A module was loaded. */
  loaded(module: GuestModule, from: LoadedFrom): void;
  /** A module was derived from another one by an image. */
  derived(spec: Spec["template"], base: Spec["template"], image: Uint8Array, begins: "parked" | "entry"): void;
  /** What the guest imports that is going to be made for an actor, and the turn of its port. */
  bind(actor: A, port: Port, imports: GuestImports): { readonly imports: GuestImports; readonly turn: Port["turn"] };
  /** The embedder has written to the memory of a recorded actor; without bytes: it may write at any time. */
  wrote(actor: A, pointer: number, bytes?: Uint8Array): void;
  /** A recorded actor has ended, and has its instance still. */
  ended(actor: A, reason: ExitReason): Recording | undefined;
  /** Whether the event loop is due where a recorded actor asks for more reductions. */
  due(actor: A, isDue: boolean): boolean;
  /** The judge that is asked in place of the runtime's. */
  judge(judge: Judge): Judge;
}
