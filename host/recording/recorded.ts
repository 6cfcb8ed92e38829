/** The recording of an actor that has crashed, as it is kept until somebody wants its file. */
import type { Spec, Template } from "../actor/spec.ts";
import type { GuestModule } from "../module/guest-module.ts";
import type { LoadedFrom } from "../module/load-rules.ts";
import type { WayName } from "../wire/limits.ts";
import type { ExitReason } from "../wire/message.ts";
import { pidFromWords } from "../wire/pid.ts";
import type { Recording } from "../wire/recording.ts";
import { writeFile } from "./file.ts";
import { hex } from "./hash.ts";
import type { Segment, Tape } from "./tape.ts";

/** A longer module is not in the file: who replays it must have it. */
const LONGEST_MODULE = 2 ** 20;

const nothing = new Uint8Array(0);

/** What a derived module was made of. */
export interface DerivedFrom {
  readonly base: Template | null;
  readonly image: Uint8Array;
  readonly begins: "parked" | "entry";
  readonly name: string;
}

interface Parts {
  readonly module: GuestModule;
  readonly source: LoadedFrom | undefined;
  readonly derived: readonly DerivedFrom[];
  readonly spec: Spec;
  readonly tape: Tape;
  readonly reason: ExitReason & { readonly kind: "crashed" };
  readonly lo: number;
  readonly hi: number;
  readonly args: Uint8Array;
  readonly functions: readonly string[];
  /** How many imports have lower numbers than those functions. */
  readonly imports: number;
  readonly name: string;
  readonly hash: Uint8Array;
}

export class Recorded implements Recording {
  readonly name: string;
  readonly #parts: Parts;
  readonly #segments: readonly Segment[];

  constructor(parts: Parts) {
    this.name = `${parts.name.replaceAll(/[^\w.-]/g, "_")}-${pidFromWords(parts.lo, parts.hi)}.isopod`;
    this.#parts = parts;
    this.#segments = parts.tape.segments;
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const { module, source, derived, spec, tape, reason, lo, hi, args, functions, imports, name, hash } = this.#parts;
    const [first] = this.#segments;
    const located = module.located(reason);
    const content = source?.content;
    const isInside = content instanceof Uint8Array && content.length <= LONGEST_MODULE;
    return writeFile({
      header: {
        module: {
          name: module.name,
          hash: module.hash === undefined ? "" : hex(module.hash),
          counts: source?.counts ?? false,
          trusted: source?.trusted ?? true,
        },
        derived: derived.map(({ name, begins }) => ({ name, begins })),
        ...{ name, pid: [lo, hi], entry: spec.entry, way: spec.way as WayName },
        ...{ limits: spec.limits, reductions: spec.reductions, functions, imports },
        itemsBefore: first.itemsBefore,
        isExposed: tape.isExposed,
        engine: globalThis.navigator?.userAgent ?? "",
        end: {
          ...{ message: reason.message, stack: reason.stack, hash: hex(hash) },
          located: located.kind === "crashed" ? located.message : reason.message,
        },
      },
      module: isInside ? content : nothing,
      sourceMap: new TextEncoder().encode((isInside && source?.sourceMap) || ""),
      args,
      image: first.checkpoint?.image ?? nothing,
      globals: first.checkpoint?.globals ?? nothing,
      log: joined(this.#segments.flatMap(({ chunks }) => chunks)),
      derived: derived.map(({ image }) => image),
    });
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
