/**
 * Grants: what a guest may do beyond sending, receiving and knowing itself. Without the grant, an
 * import answers -100.
 */

import { meant } from "./checks.ts";

/** The grants of an actor, given with its spawn. A grant that is left out is denied. */
export interface Grants {
  /** Start actors of the modules that are defined under these names. `"any"` allows all of them. */
  readonly spawn?: readonly string[] | "any";
  /** Send exit signals, and link, to actors that are not its own children. */
  readonly kill?: boolean;
  /** Register names and join groups, for itself and its own children. */
  readonly register?: boolean;
  /** Find actors by name or group, and send to them by it. */
  readonly lookup?: boolean;
  /** Log lines of text, which `onLog` gets. */
  readonly log?: boolean;
  /** Read the time, by the imports `now` and `epoch`. */
  readonly clock?: boolean;
  /** Get random numbers, by `env.seed`. */
  readonly random?: boolean;
  /**
   * Call functions of the embedder: `db.get`, or `db.*` for all of a module. `"any"` allows all of
   * them.
   */
  readonly imports?: readonly string[] | "any";
}

/** Grants in the form that imports test. */
export interface Granted {
  readonly spawn: ReadonlySet<string> | "any";
  readonly kill: boolean;
  readonly register: boolean;
  readonly lookup: boolean;
  readonly log: boolean;
  readonly clock: boolean;
  readonly random: boolean;
  readonly imports: ReadonlySet<string> | "any";
}

const yesOrNo = ["kill", "register", "lookup", "log", "clock", "random"] as const;
const lists = ["spawn", "imports"] as const;

const everything: Granted = {
  spawn: "any",
  kill: true,
  register: true,
  lookup: true,
  log: true,
  clock: true,
  random: true,
  imports: "any",
};

/**
 * Converts grants to the form that imports test. Throws a TypeError that names an unknown grant or
 * a wrong value, so that a misspelled grant is noticed.
 */
export function grantedBy(grants: Grants | "all" = {}): Granted {
  if (grants === "all") return everything;
  if (typeof grants !== "object" || grants === null)
    throw new TypeError(`grants are "all" or an object such as { log: true }, not ${String(grants)}`);
  for (const [name, value] of Object.entries(grants)) {
    if (lists.some(list => list === name)) {
      if (value !== undefined && value !== "any" && !Array.isArray(value)) {
        throw new TypeError(`the grant ${name} is a list of names or "any", not ${String(value)}`);
      }
    } else if (!yesOrNo.some(flag => flag === name)) {
      const known = [...lists, ...yesOrNo];
      throw new TypeError(`there is no grant called ${name}; ${meant(name, known)}`);
    } else if (value !== undefined && typeof value !== "boolean") {
      throw new TypeError(`the grant ${name} is true or false, not ${String(value)}`);
    }
  }
  const { spawn = [], imports = [], kill, register, lookup, log, clock, random } = grants;
  return {
    spawn: spawn === "any" ? spawn : new Set(spawn),
    imports: imports === "any" ? imports : new Set(imports),
    kill: kill === true,
    register: register === true,
    lookup: lookup === true,
    log: log === true,
    clock: clock === true,
    random: random === true,
  };
}

/** The grants that both have. */
export function inBoth(a: Granted, b: Granted): Granted {
  if (a === b || b === everything) return a;
  return {
    spawn: namesInBoth(a.spawn, b.spawn, name => [name]),
    imports: namesInBoth(a.imports, b.imports, name => [name, allOf(name)]),
    kill: a.kill && b.kill,
    register: a.register && b.register,
    lookup: a.lookup && b.lookup,
    log: a.log && b.log,
    clock: a.clock && b.clock,
    random: a.random && b.random,
  };
}

/**
 * Whether an actor with these grants may call a function of the embedder. `full`: its name with its module,
 * `db.get`. `all`: the pattern for all functions of the module, `db.*`.
 */
export function mayImport({ imports }: Granted, full: string, all: string): boolean {
  return imports === "any" || imports.has(full) || imports.has(all);
}

function namesInBoth(a: Granted["spawn"], b: Granted["spawn"], covering: (name: string) => string[]): Granted["spawn"] {
  if (a === "any") return b;
  if (b === "any") return a;
  const within = (names: ReadonlySet<string>) => (name: string) => covering(name).some(other => names.has(other));
  return new Set([...[...a].filter(within(b)), ...[...b].filter(within(a))]);
}

/** The pattern for all functions of a module: `db.*` for `db.get`. */
export function allOf(name: string): string {
  return `${name.slice(0, name.lastIndexOf(".") + 1)}*`;
}
