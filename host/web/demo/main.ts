/** The demo's page: chooses scenes, compiles what is written, starts it, and shows it four times a second. */
import { hasJspi } from "../../index.ts";
import { Actors } from "./actors.ts";
import { CompileError, compile, sourceOf } from "./compiler.ts";
import { element } from "./dom.ts";
import { Editor } from "./editor.ts";
import { Log } from "./log.ts";
import { Plot, short } from "./plot.ts";
import { type GuestName, type Scene, scenes } from "./scenes.ts";
import { Stage } from "./stage.ts";

const LOOK_MS = 250;

const choice = element("scene", HTMLSelectElement);
const park = element("park", HTMLSelectElement);
const reset = element("reset", HTMLButtonElement);
const run = element("run", HTMLButtonElement);
const status = element("status", HTMLElement);
const ask = element("ask", HTMLFormElement);
const editor = new Editor(noteChange, start);
const actors = new Actors(
  part => stage?.crash(part),
  part => stage?.kill(part),
);
const log = new Log();
const plot = new Plot();

let scene: Scene = scenes[0];
/** What is written in place of an example, as long as the page lives. */
const written = new Map<Scene, string>();
/** What plays. Undefined until the first scene has begun. */
let stage: Stage | undefined;
let starting = false;
let again = false;

for (const [i, { title }] of scenes.entries()) choice.add(new Option(title, String(i)));
park.disabled = !hasJspi();
choice.addEventListener("change", () => void choose(scenes[Number(choice.value)]));
park.addEventListener("change", start);
run.addEventListener("click", start);
reset.addEventListener("click", () => {
  written.delete(scene);
  void choose(scene);
});
ask.addEventListener("submit", event => {
  event.preventDefault();
  const text = new FormData(ask).get("text");
  if (scene.ask !== undefined && typeof text === "string") void stage?.ask(scene.ask.part, text);
});
watch();
await choose(scene);

/** Shows a scene's guest, and plays it. */
async function choose(chosen: Scene): Promise<void> {
  scene = chosen;
  say("busy", "loading");
  const source = await sourceOf(chosen.guest);
  if (scene !== chosen) return;
  editor.text = written.get(chosen) ?? source;
  element("about", HTMLElement).textContent = chosen.about;
  noteChange();
  start();
}

function noteChange(): void {
  const shown = scene;
  const text = editor.text;
  void sourceOf(shown.guest).then(source => {
    if (shown !== scene || text !== editor.text) return;
    if (text === source) written.delete(shown);
    else written.set(shown, text);
    reset.hidden = text === source;
  });
}

/** Compiles and plays; where it does not compile, what has played before plays on. Once at a time: what is wanted meanwhile comes after. */
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
  say("busy", "compiling");
  editor.show([]);
  try {
    const wasm = new Map<GuestName, ArrayBuffer>();
    for (const { guest } of chosen.parts) {
      if (wasm.has(guest)) continue;
      const text = guest === chosen.guest ? source : await sourceOf(guest);
      wasm.set(guest, await compile(guest, text, park.value));
    }
    await stage?.stop();
    log.clear();
    actors.begin(chosen.parts);
    stage = await Stage.start(chosen, wasm, (kind, who, text) => log.add(kind, who, text));
    ask.hidden = chosen.ask === undefined;
    showAsk(chosen);
    say("live", "running");
  } catch (error) {
    if (error instanceof CompileError) {
      editor.show(error.complaints);
      say("wrong", "does not compile: what ran before runs on");
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

/** Looks at what plays, and counts the frames that the page draws meanwhile. */
function watch(): void {
  let frames = 0;
  let countedMs = performance.now();
  const count = () => {
    frames++;
    requestAnimationFrame(count);
  };
  requestAnimationFrame(count);
  let last = { stage, received: 0, ms: performance.now() };
  const number = (id: string, text: string) => {
    element(id, HTMLElement).textContent = text;
  };
  setInterval(() => {
    const ms = performance.now();
    const received = stage?.runtime.counters.received ?? 0;
    const seconds = (ms - last.ms) / 1000;
    const rate = (received - last.received) / seconds;
    const isNew = stage !== last.stage;
    last = { stage, received, ms };
    if (stage === undefined) return;
    actors.show(stage.roles());
    if (isNew) plot.clear();
    else plot.add(ms / 1000, rate);
    number("rate", isNew ? "–" : short(rate));
    number("received", short(received));
    number("restarts", stage.restarts.toLocaleString("en"));
    if (ms - countedMs < 1000) return;
    number("frames", String(Math.round((frames * 1000) / (ms - countedMs))));
    frames = 0;
    countedMs = ms;
  }, LOOK_MS);
}
