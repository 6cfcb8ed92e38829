/** What the script of a module exports. */
import type { DerivedModule } from "../index.ts";

/**
 * `onMessage` gets each message. `main` runs when its actor begins. `functions` are called by their names, as
 * `runtime.client` does.
 */
export interface ScriptShape {
  readonly kind: "onMessage" | "main" | "functions";
  /** The names of the functions that can be called. Else empty. */
  readonly functions: readonly string[];
}

const shapes = new WeakMap<DerivedModule, ScriptShape>();

/** The shape of a script that `loadScript` has loaded. Undefined for other modules. */
export function shapeOf(module: object): ScriptShape | undefined {
  return shapes.get(module as DerivedModule);
}

export function noteShape(module: DerivedModule, shape: ScriptShape): void {
  shapes.set(module, shape);
}
