/**
 * What a page of documentation shows, in its order: files, behind comments such as `<!-- file:
 * hello.ts -->`, and commands with their output, behind `<!-- run -->`, or `<!-- fails -->` where the exit
 * code is 1.
 */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export type Step = { readonly file: string; readonly text: string } | Command;

export interface Command {
  readonly command: string;
  readonly output: string;
  readonly code: 0 | 1;
}

/** Where the steps are taken. */
export interface Place {
  readonly folder: string;
  /** The engine that `node` is, and `npx isopod` runs in. */
  readonly node: string;
  /** What `npx isopod` is. */
  readonly cli: string;
  /**
   * Compiles a guest, so that the programs and commands find it in the cache. One compiler does for
   * all of them.
   */
  readonly compile: (file: string) => Promise<unknown>;
}

const BLOCK = /<!-- (file|run|fails)(?:: (\S+))? -->\n```\w*\n([\s\S]*?)```/g;

export function stepsOf(page: string): Step[] {
  const markdown = readFileSync(join(ROOT, page), "utf8");
  return [...markdown.matchAll(BLOCK)].flatMap(([, kind, file, text]): Step[] =>
    kind === "file" ? [{ file, text }] : commands(text, kind === "fails" ? 1 : 0),
  );
}

function commands(text: string, code: 0 | 1): Command[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map(part => {
      const end = part.indexOf("\n");
      return { command: part.slice(0, end), output: withoutGenerations(part.slice(end + 1)), code };
    });
}

/**
 * Writes the file, or runs the command and resolves to what it prints on stdout. Rejects where its
 * exit code is another one than the page says.
 */
export async function take(step: Step, { folder, node, cli, compile }: Place): Promise<string> {
  if ("file" in step) {
    await writeFile(join(folder, step.file), step.text);
    if (step.text.includes('from "isopod/guest"')) await compile(step.file);
    return "";
  }
  const args = step.command.replace(/^npx isopod /, () => `node ${cli} `).split(" ");
  if (args[0] !== "node") throw new Error(`no test knows how to run: ${step.command}`);
  const env = { ...process.env, ISOPOD_QUIET: "1" };
  const run = promisify(execFile)(node, args.slice(1), { cwd: folder, env });
  const { stdout } = await (step.code === 0 ? run : run.then(noFailure, (error: Failed) => failedAsSaid(error)));
  return withoutGenerations(stdout);
}

/** How a command has failed. */
interface Failed {
  readonly code: number;
  readonly stdout: string;
}

function noFailure(): never {
  throw new Error("the page says that the command fails");
}

function failedAsSaid(error: Failed): Failed {
  if (error.code !== 1) throw error;
  return error;
}

/** The last part of a pid is a random number. */
export function withoutGenerations(text: string): string {
  return text.replaceAll(/<(\d+\.\d+\.\d+)\.\d+>/g, "<$1.N>");
}
