/**
 * A command of the CLI, and how its arguments are read. The parser is parseArgs of node:util. An
 * unknown option becomes a UsageError that suggests the most similar option.
 */
import { parseArgs } from "node:util";
import { suggest } from "../../wire/suggest.ts";

export interface Option {
  readonly type: "string" | "boolean";
  readonly short?: string;
  /** May be given several times. */
  readonly multiple?: boolean;
  /** The allowed values. Default: any. */
  readonly choices?: readonly string[];
}

export interface Command {
  readonly name: string;
  /** The text of `--help`. */
  readonly help: string;
  readonly options: Readonly<Record<string, Option>>;
  /** Resolves to the exit code. */
  run(given: Arguments): Promise<number>;
}

/** The command line is wrong. The message says why; the CLI adds which `--help` to read. */
export class UsageError extends Error {}

/** The arguments of a command, checked against its options. */
export class Arguments {
  readonly positionals: readonly string[];
  readonly #values: ReadonlyMap<string, string[]>;

  constructor(positionals: readonly string[], values: ReadonlyMap<string, string[]>) {
    this.positionals = positionals;
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  all(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** The value that was given last. */
  text(name: string): string | undefined {
    return this.all(name).at(-1);
  }

  /** Throws a UsageError where the value is not a whole number in the range. */
  whole(name: string, otherwise: number, least: number, most: number): number {
    const text = this.text(name);
    return text === undefined ? otherwise : numberIn(`--${name}`, text, least, most, true);
  }
}

/**
 * Throws a UsageError where the text is not a number in the range.
 *
 * @param what the name of the value in the error
 */
export function numberIn(what: string, text: string, least: number, most: number, whole: boolean): number {
  const number = text.trim() === "" ? Number.NaN : Number(text);
  if (number >= least && number <= most && (!whole || Number.isInteger(number))) return number;
  throw new UsageError(`${what} is a ${whole ? "whole " : ""}number from ${least} to ${most}, not "${text}"`);
}

/** Reads the arguments that follow a command's name. */
export function parseArguments(args: readonly string[], options: Command["options"]): Arguments {
  const values = new Map<string, string[]>();
  const config: Record<string, Option> = { ...options, help: { type: "boolean", short: "h" } };
  const { tokens, positionals } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      Object.entries(config).map(([name, { type, short }]) => [name, short ? { type, short } : { type }]),
    ),
    // The errors of parseArgs suggest nothing.
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const { rawName, name, value, inlineValue } = token;
    const option = Object.hasOwn(config, name) ? config[name] : undefined;
    if (option === undefined) {
      const likely = suggest(name, Object.keys(config));
      throw new UsageError(`there is no option ${rawName}${likely === undefined ? "" : `; did you mean --${likely}?`}`);
    }
    if (option.type === "boolean" && value !== undefined)
      throw new UsageError(`${rawName} takes no value, but got "${value}"`);
    if (option.type === "string") checkValue(rawName, value, inlineValue, option.choices);
    const before = values.get(name) ?? [];
    if (before.length > 0 && option.type === "string" && !option.multiple) {
      throw new UsageError(`${rawName} was given twice`);
    }
    values.set(name, [...before, value ?? ""]);
  }
  return new Arguments(positionals, values);
}

function checkValue(
  rawName: string,
  value: string | undefined,
  inlineValue: boolean | undefined,
  choices: readonly string[] | undefined,
): void {
  if (value === undefined || (value.startsWith("-") && !inlineValue)) {
    const meant =
      value !== undefined && /^-[\d.]/.test(value)
        ? `; a value that begins with a dash is written ${rawName}=${value}`
        : "";
    throw new UsageError(`${rawName} needs a value${meant}`);
  }
  if (choices === undefined || choices.includes(value)) return;
  const likely = suggest(value, choices);
  throw new UsageError(
    `${rawName} is ${choices.join(" or ")}, not "${value}"${likely === undefined ? "" : `; did you mean ${likely}?`}`,
  );
}
