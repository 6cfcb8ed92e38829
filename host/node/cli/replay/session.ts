/** Plays one recording, and prints how it ends. */
import { readFile } from "node:fs/promises";
import { readString } from "../../../adapters/assemblyscript.ts";
import { readSourceMap } from "../../../adapters/source-map.ts";
import { escapeControls, formatPid } from "../../../index.ts";
import { ENGINE_NAME, ENGINE_URL } from "../../../js/engine.ts";
import { type Replay, type ReplayOptions, type ReplayResult, replay } from "../../../replay.ts";
import { formatReason } from "../../../wire/reason.ts";
import { whyMissing } from "../../read.ts";
import { painted } from "../terminal.ts";
import { serveMap, stopInDebugger, waitForDebugger } from "./inspect.ts";
import { stepAsJson, stepAsText } from "./step-text.ts";

export interface PlayOptions {
  /** Stops before the item behind this one. */
  readonly to: number | undefined;
  readonly tellsSteps: boolean;
  readonly isJson: boolean;
  /** The file of the module, if the recording does not hold it. */
  readonly module: string | undefined;
  readonly isTrusted: boolean;
  /** The port of the inspector; undefined: nobody inspects. */
  readonly inspectorPort: number | undefined;
}

/** Resolves to the exit code. Throws an Error that says why the file cannot be played. */
export async function replayFile(path: string, options: PlayOptions): Promise<number> {
  const missing = whyMissing(path);
  if (missing !== undefined) throw new Error(`${path} could not be read: ${missing}`);
  const { tellsSteps, isJson, isTrusted, module, inspectorPort } = options;
  const served = inspectorPort === undefined ? undefined : await serveMap();
  const given: ReplayOptions = {
    ...{ readString, readSourceMap, trusted: isTrusted },
    module: async name => moduleBytes(name, module),
    ...(served && { mapUrl: served.url }),
    ...(tellsSteps && {
      onStep: step => process.stdout.write(`${isJson ? JSON.stringify(stepAsJson(step)) : stepAsText(step)}\n`),
    }),
  };
  const played = await replay(new Uint8Array(await readFile(path)), given);
  if (!isJson) printHead(played);
  if (served !== undefined && inspectorPort !== undefined) {
    served.map = played.sourceMap;
    waitForDebugger(inspectorPort);
    await stopInDebugger();
  }
  const beganMs = performance.now();
  const result = played.play(options.to);
  const tookMs = performance.now() - beganMs;
  served?.close();
  if (isJson) process.stdout.write(`${JSON.stringify(resultAsJson(played, result))}\n`);
  else printResult(played, result, tookMs);
  return result.reason === undefined || result.isSame ? 0 : 1;
}

/** The module of a recording that does not hold it: the engine of scripts is here. */
async function moduleBytes(name: string, file: string | undefined): Promise<Uint8Array> {
  if (file === undefined && name !== ENGINE_NAME) {
    throw new Error(`the recording does not hold its module ${name}: name its file by --module`);
  }
  return new Uint8Array(await readFile(file ?? ENGINE_URL));
}

function printHead(played: Replay): void {
  const who = `${formatPid(played.pid)} ${escapeControls(played.module)}`;
  const by = played.engine === "" ? "" : `, recorded in ${escapeControls(played.engine)}`;
  process.stderr.write(`isopod: ${who}, from item ${played.itemsBefore + 1} on${by}\n`);
  if (!played.isExposed) return;
  process.stderr.write(
    "isopod: functions of the embedder had the actor's memory, and what they wrote is not in the recording\n",
  );
}

function printResult(
  played: Replay,
  { reason, recorded, isSame, isSameMemory, items }: ReplayResult,
  tookMs: number,
): void {
  const who = `${formatPid(played.pid)} ${escapeControls(played.module)}`;
  if (reason === undefined) {
    process.stderr.write(`isopod: ${who} is alive after item ${items}\n`);
    return;
  }
  process.stderr.write(`${painted("error", "isopod:")} ${who} ${formatReason(reason)}\n`);
  if (isSame) {
    process.stderr.write(
      `isopod: the same crash and the same memory, after ${items} items, in ${tookMs.toFixed(1)} ms\n`,
    );
    return;
  }
  const what = isSameMemory ? "the memory is the same" : "the memory is another one";
  process.stderr.write(`isopod: the recorded actor ${formatReason(recorded)}, and ${what}\n`);
}

function resultAsJson(played: Replay, { reason, recorded, isSame, isSameMemory, items }: ReplayResult): unknown {
  return {
    ...{ module: played.module, pid: formatPid(played.pid), items, isSame, isSameMemory },
    ...(reason === undefined ? {} : { reason: formatReason(reason) }),
    recorded: formatReason(recorded),
  };
}
