/**
 * Modules whose own actors do work of the host: they evaluate scripts. Nobody is told of their spawns and
 * ends. Actors of modules that are derived from one are told like all others.
 */
const helpers = new WeakSet<object>();

/** From now on nobody is told of the module's own actors. */
export function noteHelper(module: object): void {
  helpers.add(module);
}

/** Whether an actor of this spec is such a helper. */
export function isHelper({
  module,
  template,
}: {
  readonly module: object | null;
  readonly template: unknown;
}): boolean {
  return template === null && module !== null && helpers.has(module);
}
