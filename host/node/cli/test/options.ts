/** What `isopod test` was asked for, and what became of a test. */
import type { Explored } from "../../../test.ts";
import type { Arguments } from "../command.ts";

export interface TestOptions {
  /** The command line, for what the compiler is told. */
  readonly given: Arguments;
  readonly seeds: number;
  readonly first: number;
  /** The tests to run; empty: all. */
  readonly only: readonly string[];
  readonly kill: readonly string[];
  readonly kills: number;
  readonly steps: number;
  readonly delayMs: number;
  readonly preempt?: number;
  readonly choices?: readonly number[];
  /** Files by the names that they are spawned by. */
  readonly definitions: ReadonlyMap<string, string>;
  /** The file with the functions of the host. */
  readonly imports: string | undefined;
  readonly isJson: boolean;
}

/** What became of one test. */
export interface TestResult {
  readonly file: string;
  readonly test: string;
  readonly explored?: Explored;
  readonly error?: Error;
  /** Plays the failure again. */
  readonly command?: string;
}
