/**
 * What recording costs: `node --disable-wasm-trap-handler bench/studies/recording.ts`. Two processes play ping-pong,
 * and neither, one or both of them are recorded; in alternating rounds. Then the recording is replayed.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ActorExit, Runtime } from "../../host/index.ts";
import { build } from "../../host/node/compile/build.ts";
import { readFile } from "../../host/recording/file.ts";
import { recorder, replay } from "../../host/replay.ts";

const TRIPS = 100_000;
const ROUNDS = 15;
const BYTES = 8;

/** The partner that is served crashes when the trips are over. */
const PLAYERS = `import { args, forward, Reader, receive, send } from "isopod/guest";
export function serves(): void {
  const given = new Reader(args());
  const partner = given.pid();
  const trips = given.u32();
  send(partner, new Uint8Array(given.u32()));
  for (let i: u32 = 0; i < trips; i++) forward(partner, receive());
}
export function returns(): void {
  const trips = new Reader(args()).u32();
  for (let i: u32 = 0; i < trips; i++) { const ball = receive(); forward(ball.from, ball); }
  unreachable();
}
`;

interface Round {
  /** Nanoseconds for a message. */
  readonly ns: number;
  readonly exits: readonly ActorExit[];
}

async function play(wasm: Uint8Array<ArrayBuffer>, recorded: readonly ("serves" | "returns")[]): Promise<Round> {
  const exits: ActorExit[] = [];
  const runtime = new Runtime({
    ...{ sliceMs: 1e9, onExit: exit => exits.push(exit), record: recorder({ bytes: 2 ** 26, allBytes: 2 ** 30 }) },
  });
  const module = await runtime.load(wasm);
  const partner = runtime.spawn(module, {
    ...{ entry: "returns", record: recorded.includes("returns") },
    args: new Uint8Array(Uint32Array.of(TRIPS).buffer),
  });
  const args = new DataView(new ArrayBuffer(16));
  args.setBigUint64(0, BigInt(partner), true);
  args.setUint32(8, TRIPS, true);
  args.setUint32(12, BYTES, true);
  runtime.spawn(module, {
    ...{ entry: "serves", record: recorded.includes("serves") },
    args: new Uint8Array(args.buffer),
  });
  const beganMs = performance.now();
  await runtime.exited(partner);
  const ns = ((performance.now() - beganMs) * 1e6) / (2 * TRIPS);
  await runtime.stop();
  return { ns, exits };
}

const folder = mkdtempSync(join(tmpdir(), "isopod-recording-"));
writeFileSync(join(folder, "players.ts"), PLAYERS);
const [{ wasm, text }] = await build([join(folder, "players.ts")]);
rmSync(folder, { recursive: true });
if (wasm === undefined) throw new Error(text);
const ways = { neither: [], one: ["returns"], both: ["serves", "returns"] } as const;
const times: Record<string, number[]> = { neither: [], one: [], both: [] };
const replays: number[] = [];
let perMessage = 0;
for (let round = 0; round <= ROUNDS; round++) {
  for (const [name, recorded] of Object.entries(ways)) {
    const { ns, exits } = await play(wasm, recorded);
    if (round > 0) times[name].push(ns);
    const recording = name === "one" ? exits.find(({ recording }) => recording !== undefined)?.recording : undefined;
    if (recording === undefined) continue;
    const file = recording.bytes();
    const { log } = readFile(file);
    perMessage = log.length / TRIPS - BYTES;
    const replaying = await replay(file);
    const beganMs = performance.now();
    const { isSame } = replaying.play();
    if (!isSame) throw new Error("the replay differs");
    if (round > 0) replays.push(((performance.now() - beganMs) * 1e6) / TRIPS);
  }
}
const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1];
for (const [name, values] of Object.entries(times)) {
  const [least, ratio] = [Math.min(...values), Math.min(...values) / Math.min(...times.neither)];
  console.log(
    `${name.padEnd(8)} ${median(values).toFixed(1)} ns a message, at least ${least.toFixed(1)}, ${ratio.toFixed(2)} of neither`,
  );
}
console.log(`replay   ${median(replays).toFixed(1)} ns a round trip`);
console.log(`log      ${perMessage.toFixed(2)} bytes a message beside its payload`);
