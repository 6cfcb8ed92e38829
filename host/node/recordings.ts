/**
 * Writes the recordings of crashes to a folder, where nobody else can read them: they hold what the actors have
 * received. The oldest files go where there are too many.
 */
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Recording, Runtime } from "../index.ts";
import { recordChecks } from "../recording/recorder.ts";
import type { RecordOptions } from "../replay.ts";
import { checkOptions, checksOf, text, wholeNumber } from "../wire/checks.ts";

/** What `createRuntime` records, and where the files go. */
export interface RecordToFolder extends RecordOptions {
  /** The folder of the files. It is made if it is not there. Default: nothing is written; `onExit` gets the recordings. */
  readonly folder?: string;
  /** The most recordings in the folder. For a further one, the oldest goes. Default 20. */
  readonly files?: number;
}

const MOST_FILES = 20;
const EXTENSION = ".isopod";

const checks = checksOf<RecordToFolder>({ ...recordChecks, folder: text, files: wholeNumber(1, 100_000) });

/** Checks the options, and answers those of the recorder. */
export function recorderOptions(options: RecordToFolder): RecordOptions {
  checkOptions("record of createRuntime", options, checks);
  const { folder: _folder, files: _files, ...own } = options;
  return own;
}

/** Writes the recording of each crash of the runtime. `failed` is told of what cannot be written. */
export function keepRecordings(
  runtime: Runtime,
  { folder, files = MOST_FILES }: RecordToFolder,
  failed: (error: unknown) => void,
): void {
  if (folder === undefined) return;
  runtime.inspect(
    event => {
      if (event.kind !== "exit" || event.recording === undefined) return;
      try {
        writeRecording(folder, event.recording, files);
      } catch (error) {
        failed(error);
      }
    },
    kind => kind === "exit",
  );
}

/** Writes one file, which only its owner can read. Answers its path. */
export function writeRecording(folder: string, recording: Recording, most: number): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = freePath(folder, recording.name);
  writeFileSync(path, recording.bytes(), { flag: "wx", mode: 0o600 });
  const all = readdirSync(folder)
    .filter(name => name.endsWith(EXTENSION))
    .map(name => ({
      path: join(folder, name),
      ms: statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0,
    }))
    .sort((a, b) => a.ms - b.ms)
    .filter(other => other.path !== path);
  for (const { path } of all.slice(0, Math.max(0, all.length + 1 - most))) rmSync(path, { force: true });
  return path;
}

/** The path of a file that is not there. */
function freePath(folder: string, name: string): string {
  const there = new Set(readdirSync(folder));
  const base = name.slice(0, -EXTENSION.length);
  let number = 1;
  let path = name;
  while (there.has(path)) path = `${base}-${++number}${EXTENSION}`;
  return join(folder, path);
}
