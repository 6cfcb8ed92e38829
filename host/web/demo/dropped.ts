/** Plays the recording of a crash that is dropped on the page, and tells its last steps and its end in the log. */
import { readString } from "../../adapters/assemblyscript.ts";
import { readSourceMap } from "../../adapters/source-map.ts";
import { formatPid, formatReason } from "../../index.ts";
import { type ReplayStep, replay } from "../../replay.ts";
import { ENGINE } from "./protocol.ts";
import type { Say } from "./running-scene.ts";

/** A recording has thousands of steps; the last ones lead to the crash. */
const STEPS_SHOWN = 60;

/** From now on, files that are dropped on the page are played. */
export function playDropped(say: Say): void {
  document.addEventListener("dragover", event => event.preventDefault());
  document.addEventListener("drop", event => {
    const file = event.dataTransfer?.files[0];
    if (file === undefined) return;
    event.preventDefault();
    void play(file, say);
  });
}

async function play(file: File, say: Say): Promise<void> {
  const steps: ReplayStep[] = [];
  try {
    const played = await replay(new Uint8Array(await file.arrayBuffer()), {
      ...{ readString, readSourceMap },
      module: engine,
      onStep: step => {
        steps.push(step);
        if (steps.length > STEPS_SHOWN) steps.shift();
      },
    });
    const { reason, isSame, items } = played.play();
    for (const step of steps) say("note", played.module, told(step));
    if (reason !== undefined) say("crash", played.module, formatReason(reason));
    const end = isSame ? "the same crash and the same memory" : "it differs from what was recorded";
    say("note", played.module, `${file.name}: ${end}, after ${items} items`);
    await played.runtime.stop();
  } catch (error) {
    say("note", file.name, error instanceof Error ? error.message : String(error));
  }
}

/** The engine of scripts: their recordings do not hold it. */
async function engine(): Promise<Uint8Array> {
  return new Uint8Array(await (await fetch(new URL(ENGINE, document.baseURI))).arrayBuffer());
}

function told(step: ReplayStep): string {
  if (step.step === "call") {
    const { name, answer, to, target, text } = step;
    const what = [text, target, to === undefined ? undefined : formatPid(to)].find(word => word !== undefined) ?? "";
    return `  ${name.replace(/^actor\./, "")} ${what} = ${answer}`;
  }
  const { item, kind, from, tag, bytes } = step;
  return `item ${item}: ${kind} from ${formatPid(from)}, tag ${tag}, ${bytes.length} bytes`;
}
