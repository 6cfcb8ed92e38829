/**
 * Checks what the embedder passes: the names of options, the ranges of numbers, the known words.
 * Node runs TypeScript unchecked. Without these checks a wrong number or a misspelled name would
 * have another effect, or none, and would be noticed late.
 *
 * A wrong name, word or type is a TypeError. A number out of its range is a RangeError. Checks come
 * first: where one throws, nothing has happened.
 */
import { ReasonCode } from "./message.ts";
import { suggest } from "./suggest.ts";

/**
 * Throws where `value` is not valid for the option `name`. `where` says in messages whose option it
 * is.
 */
export type Check = (value: unknown, name: string, where: string) => void;

/** A check for each option. Null: the code that uses the option checks it. */
export type Checks<T> = { readonly [K in keyof Required<T>]: Check | null };

/**
 * Makes a table of checks that has no inherited names. Options are looked up by names that the
 * embedder has written, and `toString` is not an option.
 */
export function checksOf<T>(checks: Checks<T>): Checks<T> {
  return Object.setPrototypeOf(checks, null);
}

/** The longest time that is accepted, in milliseconds: 8,900 years. */
const MOST_MS = 2 ** 48;

/**
 * Checks the names and values of options. It allocates nothing, because each `send` and `call`
 * comes here.
 */
export function checkOptions<T extends object>(where: string, options: T, checks: Checks<T>): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`${where} takes its options as an object, not ${shown(options)}`);
  }
  for (const name in options) {
    const check = checks[name];
    if (check === undefined) throw unknownOption(where, name, Object.keys(checks));
    const value = options[name];
    if (value !== undefined && check !== null) check(value, name, where);
  }
}

function unknownOption(where: string, name: string, known: readonly string[]): TypeError {
  return new TypeError(`there is no option ${name} of ${where}; ${meant(name, known)}`);
}

/** The end of an error message: the known word that `word` is close to, or all known words. */
export function meant(word: string, known: readonly string[]): string {
  const likely = suggest(word, known);
  return likely === undefined
    ? `there ${known.length === 1 ? "is" : "are"} ${known.join(", ")}`
    : `did you mean ${likely}?`;
}

export function checkWhole(value: unknown, name: string, where: string, least: number, most: number): void {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return;
  throw wrongNumber(value, name, where, `a whole number from ${least} to ${most}`);
}

/** Checks a time in milliseconds, which may have fractions. */
export function checkMs(value: unknown, name: string, where: string, orForever: boolean): void {
  if (
    typeof value === "number" &&
    value >= 0 &&
    (value <= MOST_MS || (orForever && value === Number.POSITIVE_INFINITY))
  )
    return;
  const range = `a number of milliseconds from 0 to ${MOST_MS}${orForever ? ", or Infinity" : ""}`;
  throw wrongNumber(value, name, where, range);
}

function wrongNumber(value: unknown, name: string, where: string, range: string): Error {
  const text = `${where}: ${name} is ${range}, not ${shown(value)}`;
  return typeof value === "number" ? new RangeError(text) : new TypeError(text);
}

export function wholeNumber(least: number, most: number): Check {
  return (value, name, where) => checkWhole(value, name, where, least, most);
}

/** A check for a whole number in this range, or Infinity. */
export function wholeNumberOrForever(least: number, most: number): Check {
  return (value, name, where) => {
    if (value !== Number.POSITIVE_INFINITY) checkWhole(value, name, where, least, most);
  };
}

/** A check for a message's tag. */
export const tag = wholeNumber(0, 2 ** 31 - 1);
/** The same, or a ref: a mailbox may answer one that it was told. */
export const tagOrRef = wholeNumber(-(2 ** 31), 2 ** 31 - 1);
export const milliseconds: Check = (value, name, where) => checkMs(value, name, where, false);
export const millisecondsOrForever: Check = (value, name, where) => checkMs(value, name, where, true);

/** A check for one of these words. */
export function oneOf(...words: readonly string[]): Check {
  return (value, name, where) => {
    if (words.some(word => word === value)) return;
    const instead = typeof value === "string" ? `; ${meant(value, words)}` : "";
    throw new TypeError(`${where}: ${name} is ${words.join(" or ")}, not ${shown(value)}${instead}`);
  };
}

function ofType(type: "string" | "boolean" | "function" | "object", what: string): Check {
  return (value, name, where) => {
    if (typeof value === type && value !== null) return;
    throw new TypeError(`${where}: ${name} is ${what}, not ${shown(value)}`);
  };
}

export const text = ofType("string", "a text");
export const flag = ofType("boolean", "true or false");
export const callback = ofType("function", "a function");

/** A check for an object with these methods, such as a clock. */
export function having(...methods: readonly string[]): Check {
  return (value, name, where) => {
    for (const method of methods) {
      if (typeof (value as Record<string, unknown> | null)?.[method] === "function") continue;
      throw new TypeError(
        `${where}: ${name} has the functions ${methods.join(", ")}, and ${shown(value)} has no ${method}`,
      );
    }
  };
}

/** A check for options within options. */
export function options<T extends object>(checks: Checks<T>): Check {
  return (value, name, where) => checkOptions(`${name} of ${where}`, value as T, checks);
}

/** Checks that a pid is a whole number from 0 up. It does not look for an actor. */
export function checkPid(pid: unknown): void {
  if (Number.isSafeInteger(pid) && (pid as number) >= 0) return;
  const text = `a pid is a whole number from 0 up, not ${shown(pid)}`;
  throw typeof pid === "number" ? new RangeError(text) : new TypeError(text);
}

export const pid: Check = value => checkPid(value);

/** Checks an exit reason that the embedder gives. */
export function checkReason(reason: unknown, where: string): void {
  const { kind, message, stack, bytes } = (reason ?? {}) as Readonly<Record<string, unknown>>;
  const kinds = Object.keys(ReasonCode);
  if (typeof kind !== "string" || !kinds.includes(kind)) {
    const instead = typeof kind === "string" ? meant(kind, kinds) : `its kind is one of ${kinds.join(", ")}`;
    throw new TypeError(
      `${where} takes a reason such as { kind: "shutdown" }, not ${shown(kind ?? reason)}; ${instead}`,
    );
  }
  if (kind === "crashed" && (typeof message !== "string" || typeof stack !== "string")) {
    throw new TypeError(`${where}: the reason crashed has a message and a stack, which are texts`);
  }
  if (kind === "custom" && !(bytes instanceof Uint8Array) && typeof bytes !== "string") {
    throw new TypeError(`${where}: the reason custom has bytes, a Uint8Array or a text`);
  }
}

/** Describes any value for the message of an error. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 50 ? `${value.slice(0, 50)}…` : value);
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "then" in value ? "a promise: await it" : "an object";
  return String(value);
}
