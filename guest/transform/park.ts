/** How `park` waits, in a file without imports: asc's own types declare globals, which must not reach users of `isopod/node`. */

/** By instrumented code, or by the engine's own stack switching. */
export type ParkWay = "asyncify" | "jspi";
