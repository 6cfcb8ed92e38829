/**
 * How `park` waits. This file has no imports, because asc's types declare globals, which must not
 * reach users of `isopod/node`.
 */

/** `asyncify` instruments the code; `jspi` uses the engine's stack switching. */
export type ParkWay = "asyncify" | "jspi";
