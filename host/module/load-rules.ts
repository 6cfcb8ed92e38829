/** What a runtime requires of the modules that it loads, and how one of them is to be loaded. */
import type { Offers } from "./check.ts";
import type { ReadSourceMap } from "./crash-places.ts";

/** What a runtime requires of the modules that it loads. */
export interface LoadRules {
  /** The most bytes that a module may have. */
  readonly moduleBytes: number;
  readonly tableElements: number;
  readonly offers: Offers;
  /** Without it, crashes do not say where in the sources they were. */
  readonly readSourceMap: ReadSourceMap | undefined;
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
