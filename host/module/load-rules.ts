/** What a runtime requires of the modules that it loads, and how one of them is to be loaded. */
import type { Offers } from "./check.ts";
import type { ReadSourceMap } from "./crash-places.ts";
import type { GuestModule } from "./guest-module.ts";

/** What a runtime requires of the modules that it loads. */
export interface LoadRules {
  /** The most bytes that a module may have. */
  readonly moduleBytes: number;
  readonly tableElements: number;
  readonly offers: Offers;
  /** Without it, crashes do not say where in the sources they were. */
  readonly readSourceMap: ReadSourceMap | undefined;
  /** Compiles in place of the engine, what is to run. */
  readonly compile?: ((bytes: Uint8Array<ArrayBuffer>) => Promise<WebAssembly.Module>) | undefined;
  /** Is told what each module was made of. */
  readonly onLoaded?: ((module: GuestModule, from: LoadedFrom) => void) | undefined;
}

/** What a module was made of. */
export interface LoadedFrom {
  readonly content: Uint8Array | WebAssembly.Module;
  readonly sourceMap: string | undefined;
  readonly counts: boolean;
  readonly trusted: boolean;
}

/** How a module is to be loaded. */
export interface LoadWay {
  /** Its name in messages. */
  readonly name?: string;
  /** `count`: the host counts its reductions. */
  readonly reductions?: "none" | "count";
  /** It is as our tools have made it, and is used as it stands. */
  readonly trusted?: boolean;
}
