/** Records the actors of one runtime, each in a tape of its own, and makes a recording of each that crashes. */
import type { Actor } from "../actor/actor.ts";
import type { Port } from "../actor/body.ts";
import type { Judge, Verdict } from "../actor/reductions.ts";
import { moduleNameOf, type Spec, type Template } from "../actor/spec.ts";
import type { GuestImports } from "../actor/taping.ts";
import { BY_CLOCK, BY_COUNT, DUE, GOES_ON } from "../kernel/tape-words.ts";
import { ORDERED, RESIDENT } from "../kernel/words.ts";
import type { GuestModule } from "../module/guest-module.ts";
import type { LoadedFrom } from "../module/load-rules.ts";
import { checkOptions, checksOf, wholeNumber } from "../wire/checks.ts";
import { SpawnError } from "../wire/errors.ts";
import type { ExitReason } from "../wire/message.ts";
import type { Recording } from "../wire/recording.ts";
import { LogBytes } from "./bytes.ts";
import { checkpointOf } from "./checkpoint.ts";
import { ABI_IMPORTS } from "./imports.ts";
import { type DerivedFrom, Recorded } from "./recorded.ts";
import { Reels } from "./reels.ts";
import type { Inside, Recorder } from "./seam.ts";
import { notePaid, Seat, writeOf } from "./seat.ts";
import { stateHash } from "./state.ts";
import { Tape } from "./tape.ts";

/** Options of `recorder`. */
export interface RecordOptions {
  /**
   * The modules whose actors are recorded, by their names or by the names that they are defined by; `all`: each actor.
   * Default: none, and spawns say which are.
   */
  readonly modules?: readonly string[] | "all";
  /**
   * The longest log of one actor between two checkpoints, in bytes. A recording has at most two checkpoints, and the
   * log since the older one. Default 1 MiB.
   */
  readonly bytes?: number;
  /** The longest logs and checkpoints of all recorded actors together, in bytes. Default 64 MiB. */
  readonly allBytes?: number;
}

const LEAST_BYTES = 4_096;
const DEFAULT_BYTES = 2 ** 20;
const DEFAULT_ALL_BYTES = 64 * 2 ** 20;

const names = (value: unknown, name: string, where: string): void => {
  if (value === "all" || (Array.isArray(value) && value.every(each => typeof each === "string"))) return;
  throw new TypeError(`${where}: ${name} is a list of names, or "all"`);
};

export const recordChecks = checksOf<RecordOptions>({
  modules: names,
  bytes: wholeNumber(LEAST_BYTES, 2 ** 30),
  allBytes: wholeNumber(LEAST_BYTES, 2 ** 40),
});

/**
 * What records the actors of one runtime: its option `record`. A crash of a recorded actor is told with its
 * recording (`ActorExit.recording`). A recording holds all that the actor has received.
 */
export function recorder(options: RecordOptions = {}): Recorder {
  checkOptions("recorder", options, recordChecks);
  return new RuntimeRecorder(options);
}

class RuntimeRecorder implements Recorder {
  /** Null: all. */
  readonly #modules: ReadonlySet<string> | null;
  readonly #mostBytes: number;
  readonly #mostOfAll: number;
  readonly #reels = new Reels();
  /** By the address of the record. */
  readonly #tapes = new Map<number, Tape>();
  readonly #sources = new WeakMap<GuestModule, LoadedFrom>();
  readonly #derived = new WeakMap<Template, DerivedFrom>();
  /** The names of the embedder's functions. */
  functions: string[] = [];
  #bytes = 0;
  #inside: Inside | undefined;

  constructor({ modules = [], bytes = DEFAULT_BYTES, allBytes = DEFAULT_ALL_BYTES }: RecordOptions) {
    this.#modules = modules === "all" ? null : new Set(modules);
    this.#mostBytes = bytes;
    this.#mostOfAll = allBytes;
  }

  attach(inside: Inside): void {
    if (this.#inside !== undefined) throw new TypeError("a recorder is for one runtime: make another");
    this.#inside = inside;
  }

  get memory(): WebAssembly.Memory {
    return this.#reels.memory;
  }

  wants(name: string): boolean {
    return this.#modules === null || this.#modules.has(name);
  }

  refusal({ module, way }: Spec): string | undefined {
    if (way === "jspi") return "it waits by JSPI, and the engine's stacks cannot be made again";
    if (module !== null && !module.hasKnownTypes) return "its module came compiled: load its bytes";
    return undefined;
  }

  loaded(module: GuestModule, from: LoadedFrom): void {
    const { content } = from;
    // Who has loaded the bytes may change them.
    this.#sources.set(module, content instanceof Uint8Array ? { ...from, content: content.slice() } : from);
  }

  derived(template: Template, base: Template | null, image: Uint8Array, begins: "parked" | "entry"): void {
    this.#derived.set(template, { base, image, begins, name: template.name });
  }

  bind(actor: Actor, port: Port, imports: GuestImports): { imports: GuestImports; turn: Port["turn"] } {
    this.#nameFunctions(imports);
    const seat = new Seat(actor, this, port, imports);
    return { imports: seat.imports, turn: seat.turn };
  }

  /** All guests get the same functions of the embedder. */
  #nameFunctions(imports: GuestImports): void {
    if (this.functions.length > 0) return;
    this.functions = Object.entries(imports).flatMap(([module, functions]) =>
      module === "actor" || module === "env" ? [] : Object.keys(functions).map(name => `${module}.${name}`),
    );
  }

  of(actor: Actor): Tape {
    const found = this.#tapes.get(actor.record);
    if (found?.lo === actor.lo) return found;
    const reel = this.#reels.take();
    if (reel === undefined) throw new SpawnError("the engine has no memory left to record another actor");
    const tape = new Tape(actor.lo, reel, this.#reels, this.#mostBytes, bytes => this.#count(bytes));
    this.#tapes.set(actor.record, tape);
    // Its end is the host's from now on.
    void actor.extra;
    return tape;
  }

  /** Counts bytes. False: they are too many. */
  #count(bytes: number): boolean {
    this.#bytes += bytes;
    return bytes <= 0 || this.#bytes <= this.#mostOfAll;
  }

  rest(actor: Actor, tape: Tape): void {
    if (this.#inside === undefined || !tape.wantsCheckpoint) return;
    const made = checkpointOf(actor, this.#inside.images);
    if (made === undefined) tape.waitForCheckpoint();
    else tape.begin(made.checkpoint, actor.word(ORDERED), made.operation);
  }

  wrote(actor: Actor, pointer: number, bytes?: Uint8Array): void {
    const tape = this.of(actor);
    if (bytes === undefined) tape.isExposed = true;
    else tape.add(writeOf(pointer, bytes));
  }

  due(actor: Actor, isDue: boolean): boolean {
    if (isDue) this.of(actor).add(new LogBytes().byte(DUE).bytes);
    return isDue;
  }

  judge(judge: Judge): Judge {
    return (spent, most, tookMs, mostMs) => {
      const verdict = judge(spent, most, tookMs, mostMs);
      const actor = this.#inside?.services.kernel.current;
      if (actor?.spec.isRecorded) this.of(actor).add(new LogBytes().byte(operations[verdict]).number(spent).bytes);
      return verdict;
    };
  }

  ended(actor: Actor, reason: ExitReason): Recording | undefined {
    const tape = this.#tapes.get(actor.record);
    if (tape === undefined || tape.lo !== actor.lo) return undefined;
    // It may have ended in an import.
    if (actor.has(RESIDENT)) notePaid(actor, tape);
    tape.flush();
    const { segments } = tape;
    this.#tapes.delete(actor.record);
    const { module } = actor;
    const isKept =
      reason.kind === "crashed" && (actor.atFault || actor.exiting !== null) && segments.length > 0 && module !== null;
    const recording = isKept ? this.#recorded(actor, module, tape, reason) : undefined;
    tape.drop();
    this.#reels.give(tape.reel);
    return recording;
  }

  #recorded(actor: Actor, module: GuestModule, tape: Tape, reason: ExitReason & { kind: "crashed" }): Recording {
    const { spec } = actor;
    const derived: DerivedFrom[] = [];
    for (let template = spec.template; template !== null; ) {
      const from = this.#derived.get(template);
      if (from === undefined) break;
      derived.unshift(from);
      template = from.base;
    }
    return new Recorded({
      ...{ module, source: this.#sources.get(module), derived, spec, tape, reason },
      ...{
        lo: actor.lo,
        hi: actor.hi,
        args: actor.args.slice(),
        functions: this.functions,
        imports: ABI_IMPORTS.length,
      },
      name: moduleNameOf(spec) ?? "guest",
      hash: actor.has(RESIDENT) ? stateHash(actor) : new Uint8Array(0),
    });
  }
}

const operations: Readonly<Record<Verdict, number>> = { on: GOES_ON, count: BY_COUNT, clock: BY_CLOCK };
