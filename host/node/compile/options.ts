/** What a caller can ask of the compiler. */
import type { ParkWay } from "../../../guest/transform/park.ts";
import type { ReductionsWay } from "../../../guest/transform/reductions.ts";

export const FEATURES = ["simd", "relaxed-simd", "reference-types"] as const;
export type Feature = (typeof FEATURES)[number];

export interface CompileOptions {
  /**
   * How the guest waits in a receive. Default: `asyncify`, which works in every engine. A `.wasm`
   * file keeps the way that it has, unless this says `asyncify`.
   */
  park?: ParkWay;
  /**
   * What can stop a guest that computes for a long time.
   * `none` (default of a source): nothing.
   * `count` (default of a `.wasm` file without `park: "asyncify"`): it can be killed, and where it
   * waits by JSPI preempted.
   * `yield`: it can be preempted in every engine.
   */
  reductions?: ReductionsWay;
  /**
   * Makes a module that `load` takes with `trusted: true`, also as a `WebAssembly.Module`: for engines that
   * compile nothing at run time (docs/engines.md). The host does not rewrite it, so this does. Default:
   * false.
   */
  trusted?: boolean;
  /** Keeps the names of functions and optimizes less. Default: false. */
  debug?: boolean;
  /**
   * Bytes for references to collected objects: four bytes for each reference that a function has in
   * use. This bounds how deep functions with objects may call each other. Rounded up to a multiple
   * of 4,096. Default: 8,192. Not for a `.wasm` file, whose own compiler has decided.
   */
  stackBytes?: number;
  /**
   * Pages of 64 KiB that the guest starts with. Default: as few as its static data and its stack
   * need.
   */
  initialPages?: number;
  /**
   * Transforms of the AssemblyScript compiler, such as `json-as`: names of packages, or paths that begin with
   * `./`. They run before isopod's own. A guest that has any is not taken from the cache, because a
   * transform may depend on anything. Not for a `.wasm` file. Default: none.
   */
  transforms?: readonly string[];
  /**
   * Features of WebAssembly that asc leaves off. The engine must have them. Not for a `.wasm` file. Default:
   * none.
   */
  enable?: readonly Feature[];
  /**
   * The folder that relative entries, transforms, and the paths in messages, are relative to. Default: the
   * working directory.
   */
  baseDir?: string;
}
