/**
 * Modules whose own actors do work of the host: they evaluate scripts. Nobody is told of their spawns and
 * ends. Actors of modules that are derived from one are told like all others.
 */
const helpers = new WeakSet<object>();

/** From now on nobody is told of the module's own actors. */
export function noteHelper(module: object): void {
  helpers.add(module);
}

/** Whether an actor of a module, or of one that is derived from it (`template`), is such a helper. */
export function isHelper(module: object | null, template: object | null): boolean {
  return module !== null && template === null && helpers.has(module);
}
