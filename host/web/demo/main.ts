/**
 * The demo's page: it compiles the source in the editor, runs the scene, and shows its actors four
 * times a second. The first file of `web/demo/`.
 *
 * The actors run in this page, and the compiler in a worker of it, so that any server of files can
 * serve the demo. This folder imports host/index.ts, the adapter for AssemblyScript's strings,
 * `web/page/`, and CodeMirror, which is bundled (package/demo-page.ts).
 */
import { hasJspi } from "../../index.ts";
import { ScriptError } from "../../js/index.ts";
import { byId } from "../page/dom.ts";
import { short } from "../page/text.ts";
import { TimePlot } from "../page/time-plot.ts";
import { Actors } from "./actors.ts";
import { Breaks } from "./breaks.ts";
import { CompileError, compile, sourceOf } from "./compiler.ts";
import { playDropped } from "./dropped.ts";
import { Editor } from "./editor.ts";
import { Log } from "./log.ts";
import { isScriptName, type ParkWay, parkWays } from "./protocol.ts";
import { type Code, codeNameOf, RunningScene } from "./running-scene.ts";
import { type Scene, scenes } from "./scenes.ts";
import { diagnosticOf } from "./script-diagnostic.ts";
import { Written } from "./written.ts";

const LOOK_MS = 250;

const choice = byId("scene", HTMLSelectElement);
const park = byId("park", HTMLSelectElement);
const reset = byId("reset", HTMLButtonElement);
const run = byId("run", HTMLButtonElement);
const status = byId("status");
const ask = byId("ask", HTMLFormElement);
const editor = new Editor(noteChange, start);
const actors = new Actors(
  part => running?.crash(part),
  part => running?.kill(part),
);
const breaks = new Breaks(change => {
  editor.text = change(editor.text);
  noteChange();
  start();
});
const log = new Log();
const plot = new TimePlot(byId("plot"), {
  label: "Messages a second",
  lines: [{ label: "messages a second", color: "accent", fill: true }],
  seconds: 60,
  heightPx: 168,
  hasLegend: false,
  format: short,
});

let scene: Scene = scenes[0];
const written = new Written();
/** The running scene. Undefined until the first one has started. */
let running: RunningScene | undefined;
let starting = false;
/** Another start was asked for while one was going on. */
let again = false;

for (const [i, { title }] of scenes.entries()) choice.add(new Option(title, String(i)));
park.disabled = !hasJspi();
choice.addEventListener("change", () => void choose(scenes[Number(choice.value)]));
park.addEventListener("change", start);
run.addEventListener("click", start);
reset.addEventListener("click", () => {
  written.set(scene, undefined);
  void choose(scene);
});
ask.addEventListener("submit", event => {
  event.preventDefault();
  const text = new FormData(ask).get("text");
  if (scene.ask !== undefined && typeof text === "string") void running?.ask(scene.ask.part, text);
});
playDropped((kind, who, text) => log.add(kind, who, text));
watch();
await choose(scene);

/** Shows a scene's source, and runs the scene. */
async function choose(chosen: Scene): Promise<void> {
  scene = chosen;
  say("busy", "loading");
  const source = await sourceOf(chosen.guest);
  if (scene !== chosen) return;
  editor.text = written.get(chosen) ?? source;
  byId("about").textContent = chosen.about;
  byId("parking").hidden = isScriptName(chosen.guest);
  breaks.show(chosen.breaks);
  noteChange();
  start();
}

function noteChange(): void {
  const shown = scene;
  const text = editor.text;
  void sourceOf(shown.guest).then(source => {
    if (shown !== scene || text !== editor.text) return;
    written.set(shown, text === source ? undefined : text);
    reset.hidden = text === source;
  });
}

/**
 * Compiles and runs the scene. Where it does not compile, the previous one keeps running. Starts
 * never overlap: a later one waits.
 */
function start(): void {
  if (starting) {
    again = true;
    return;
  }
  starting = true;
  again = false;
  run.disabled = true;
  void play(scene, editor.text).finally(() => {
    starting = false;
    run.disabled = false;
    if (again) start();
  });
}

async function play(chosen: Scene, source: string): Promise<void> {
  say("busy", isScriptName(chosen.guest) ? "loading" : "compiling");
  editor.show([]);
  try {
    if (running?.scene === chosen && isScriptName(chosen.guest)) {
      await running.replace(chosen.guest, source);
      say("live", "running");
      return;
    }
    const way: ParkWay = parkWays.find(name => name === park.value) ?? "asyncify";
    const code = new Map<string, Code>();
    for (const part of chosen.parts) {
      const { guest, isUnchanged } = part;
      const name = codeNameOf(part);
      if (code.has(name)) continue;
      const text = guest === chosen.guest && !isUnchanged ? source : await sourceOf(guest);
      const compiled = isScriptName(guest)
        ? text
        : await compile(guest, text, way, () => say("busy", "loading the compiler, once"));
      code.set(name, compiled);
    }
    await running?.stop();
    running = undefined;
    log.clear();
    actors.begin(chosen.parts);
    running = await RunningScene.start(chosen, code, (kind, who, text) => log.add(kind, who, text));
    ask.hidden = chosen.ask === undefined;
    showAsk(chosen);
    say("live", "running");
  } catch (error) {
    if (error instanceof CompileError) {
      editor.show(error.diagnostics);
      say("wrong", "does not compile: what ran before runs on");
    } else if (error instanceof ScriptError) {
      editor.show([diagnosticOf(error)]);
      say("wrong", running?.scene === chosen ? "is no script: what ran before runs on" : "is no script");
    } else {
      editor.show([{ severity: "error", message: error instanceof Error ? error.message : String(error) }]);
      say("wrong", "could not be started");
    }
  }
}

function showAsk({ ask: asked }: Scene): void {
  const [label, input] = [ask.querySelector("b"), ask.querySelector("input")];
  if (label === null || input === null || asked === undefined) return;
  label.textContent = asked.part;
  input.value = asked.text;
}

function say(state: "busy" | "live" | "wrong", text: string): void {
  status.dataset.state = state;
  status.textContent = text;
}

/** Shows the running scene at intervals, and counts the frames that the page draws meanwhile. */
function watch(): void {
  let frames = 0;
  let countedMs = performance.now();
  const count = () => {
    frames++;
    requestAnimationFrame(count);
  };
  requestAnimationFrame(count);
  let last = { running, received: 0, ms: performance.now() };
  const number = (id: string, text: string) => {
    byId(id).textContent = text;
  };
  setInterval(() => {
    const ms = performance.now();
    const received = running?.runtime.counters.received ?? 0;
    const seconds = (ms - last.ms) / 1000;
    const rate = (received - last.received) / seconds;
    const isNew = running !== last.running;
    last = { running, received, ms };
    if (running === undefined) return;
    actors.show(running.states());
    if (isNew) plot.clear();
    else plot.add(ms / 1000, [rate]);
    plot.show();
    number("rate", isNew ? "–" : short(rate));
    number("received", short(received));
    number("restarts", running.restarts.toLocaleString("en"));
    if (ms - countedMs < 1000) return;
    number("frames", String(Math.round((frames * 1000) / (ms - countedMs))));
    frames = 0;
    countedMs = ms;
  }, LOOK_MS);
}
