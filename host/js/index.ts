/**
 * `isopod/js`: guests in plain JavaScript. `loadScript` makes of a script a module that is spawned like any
 * other: a sandbox of its own for each actor, in about a kilobyte while it waits. docs/javascript.md shows how.
 */
export { ENGINE_NAME } from "./engine.ts";
export { loadScript, type ScriptOptions } from "./load-script.ts";
export { ScriptError } from "./script-error.ts";
export { type ScriptShape, shapeOf } from "./shape.ts";
