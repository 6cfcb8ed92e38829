/** What `isopod test` prints about a test. */
import { SimulationError } from "../../../test.ts";
import { escapeControls } from "../../../wire/escape-controls.ts";
import type { TestOptions, TestResult } from "./options.ts";

export function printResult(result: TestResult, isJson: boolean): void {
  process.stdout.write(isJson ? `${JSON.stringify(plain(result))}\n` : escapeControls(lines(result), true));
}

function lines({ file, test, explored, error, command }: TestResult): string {
  if (explored !== undefined) {
    const orders = explored.seeds === 0 ? "one order" : `${explored.seeds + 1} orders`;
    return `ok    ${file} ${test}: ${orders}, ${explored.steps} steps\n`;
  }
  if (!(error instanceof SimulationError)) return `FAIL  ${file} ${test}\n      ${error?.message}\n`;
  const { reason, seed, choices, story } = error;
  return [
    `FAIL  ${file} ${test}`,
    `      ${reason}`,
    `      ${whichOrder(seed, choices)}`,
    "",
    ...story,
    "",
    `      To play it again: ${command}`,
    "",
  ]
    .map(line => `${line}\n`)
    .join("");
}

function whichOrder(seed: number | undefined, choices: readonly number[]): string {
  const against = choices.filter(choice => choice !== 0).length;
  const what = against === 0 ? "in the ordinary order" : `with ${against} choice${against === 1 ? "" : "s"} against it`;
  return seed === undefined ? what : `found by seed ${seed}, and made smaller: ${what}`;
}

/** The same as data. */
function plain({ file, test, explored, error, command }: TestResult): object {
  if (error === undefined) return { file, test, passed: true, ...explored };
  if (!(error instanceof SimulationError)) return { file, test, passed: false, reason: error.message };
  const { kind, reason, seed, choices, story } = error;
  return { file, test, passed: false, kind, reason, seed, choices, story, command };
}

/** The command that plays a failure again. */
export function commandOf(
  file: string,
  test: string,
  { choices }: SimulationError,
  { kill, kills, steps, delayMs, preempt, definitions, imports }: TestOptions,
): string {
  const words = ["isopod", "test", file, "--only", test];
  for (const name of kill) words.push("--kill", name);
  if (kill.length > 0 && kills !== 1) words.push("--kills", `${kills}`);
  if (steps !== 20_000) words.push("--steps", `${steps}`);
  if (delayMs !== 1_000) words.push("--delay", `${delayMs}`);
  if (preempt !== undefined) words.push("--preempt", `${preempt}`);
  for (const [name, path] of definitions) words.push("--define", `${name}=${path}`);
  if (imports !== undefined) words.push("--imports", imports);
  return [...words, "--choices", choices.length === 0 ? "0" : choices.join(",")].map(quoted).join(" ");
}

function quoted(word: string): string {
  return /^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
