/**
 * Images that leave the runtime, and actors that begin with one. An image grants nothing: its actor has
 * the grants and limits of its spawn, an empty mailbox, and no names, timers, links or monitors. Whoever
 * makes an image decides what the actor does with its grants.
 */
import type { Actor, Services } from "../actor/actor.ts";
import { pinnedBy } from "../actor/residence.ts";
import type { Template } from "../actor/spec.ts";
import { questionOf } from "../between/questions.ts";
import { STATE_PAGES } from "../kernel/image-words.ts";
import { SPEC_STATE } from "../kernel/life-words.ts";
import {
  BODY,
  CAPACITY,
  FLAGS,
  HANDLER_CAPACITY,
  HANDLER_INFO,
  HANDLER_POINTER,
  HAS_MATCH,
  INFO,
  IS_HANDLER,
  PARKED,
  PINNED,
  POINTER,
  RESIDENT,
  RUNS_ONCE,
  SPEC,
  TRAPS_EXITS,
  WANT,
  WANT_ANSWER,
  WANT_ANY,
  WANT_REF,
  WANTED,
} from "../kernel/words.ts";
import { MEMORIES } from "../mail/account.ts";
import { deriveState, imageOfState } from "../mail/derived-state.ts";
import { endOfWords, firstStateBytes, imageLimit, imageMemoryBytes, readImageGlobals } from "../mail/image-bytes.ts";
import { checkOrigin, exportImage, type ImageOrigin, importImage, parkedOf } from "../mail/image-file.ts";
import { withGlobals } from "../mail/image-globals.ts";
import { checkParked, endOfWindow, FOR_EVER, type Parked, parkedFlags } from "../mail/image-parked.ts";
import type { GuestModule } from "../module/guest-module.ts";
import { ImageError, LimitError, SpawnError } from "../wire/errors.ts";
import { DOWN, ReasonCode } from "../wire/message.ts";
import { sha256 } from "../wire/sha256.ts";
import type { Hibernation } from "./hibernation.ts";
import type { DeriveOptions } from "./spawn-options.ts";

const noBytes = new Uint8Array(0);
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** An image that a spawn begins with. */
export interface Opened {
  readonly bytes: Uint8Array;
  readonly parked: Parked;
  /** Actors that are derived from it begin its entry anew. */
  readonly beginsEntry: boolean;
}

export class Images {
  readonly #services: Services;
  readonly #hibernation: Hibernation;
  /** SHA-256 of their first states. */
  readonly #firstStates = new WeakMap<GuestModule | Template, Uint8Array>();

  constructor(services: Services, hibernation: Hibernation) {
    this.#services = services;
    this.#hibernation = hibernation;
  }

  /** The state of a parked actor, as bytes. It leaves its instance. Throws an ImageError that says why there is none. */
  image(actor: Actor): Uint8Array {
    const refused = refusal(actor);
    if (refused !== undefined) throw new ImageError(`there is no image of this actor, because ${refused}`);
    if (actor.has(RESIDENT) && !this.#hibernation.hibernate(actor)) {
      throw new ImageError("there is no image of this actor, because there is no memory left for it");
    }
    const module = actor.module as GuestModule;
    // The actor of a derived module is parked before its first turn.
    if (actor.word(BODY) === 0) actor.setWord(BODY, imageOfState(this.#services.kernel, stateOf(actor)));
    return exportImage(this.#services.kernel, actor.word(BODY), this.#originOf(actor, module), this.#parkedOf(actor));
  }

  /** Looks at what can be known of an image before its actor is made. `where`: who was called. Throws an ImageError. */
  open(
    module: GuestModule,
    given: Uint8Array,
    entry: string | undefined,
    where: string,
    begin: DeriveOptions["begin"] = "parked",
  ): Opened {
    if (!(given instanceof Uint8Array)) throw new TypeError(`${where} takes the image as a Uint8Array`);
    // The bytes may be changed while they are read, if another thread shares them.
    const bytes = given.slice();
    const { hash } = module;
    if (hash === undefined) throw new ImageError(`actors of ${module.name} have no images: load its bytes`);
    checkOrigin(bytes, { module: hash });
    const parked = parkedOf(bytes);
    if (!module.hasEntry(parked.entry)) throw new ImageError("the image has an entry that its module does not have");
    if (entry !== undefined && entry !== parked.entry) {
      throw new ImageError(`the image is of an actor that runs ${parked.entry}, and cannot run ${entry}`);
    }
    return { bytes, parked, beginsEntry: begin === "entry" && !parked.isHandler };
  }

  /** Gives an image to an actor that is being made. Throws an ImageError. */
  load(actor: Actor, module: GuestModule, { bytes, parked, beginsEntry }: Opened): void {
    const { kernel, account } = this.#services;
    const { isHandler } = parked;
    if (actor.has(PINNED)) throw new ImageError(`actors of ${module.name} have no images: ${pinnedBy(actor)}`);
    if (actor.has(IS_HANDLER) !== isHandler || actor.has(RUNS_ONCE))
      throw new ImageError("the image's actor waits in another way");
    const state = stateOf(actor);
    if (!account.admits(MEMORIES, 2 * bytes.length)) {
      throw new LimitError(
        "all actors together have almost used up the limit allMemoryBytes: end some first, or raise it",
      );
    }
    const { memoryPages } = actor.limits;
    const pages = Math.min(memoryPages, module.memoryType?.maximumPages ?? memoryPages);
    const image = importImage(kernel, state, bytes, this.#originOf(actor, module), pages);
    actor.setWord(BODY, image);
    const memoryBytes = imageMemoryBytes(kernel, image);
    checkParked(parked, memoryBytes, actor.has(HAS_MATCH));
    const wordsEnd = endOfWords(kernel, image);
    const globals = readImageGlobals(kernel, image);
    const view = new DataView(globals.buffer);
    if (module.leftGlobal >= 0) view.setBigUint64(8 * module.leftGlobal, 0n, true);
    if (beginsEntry && module.parkedGlobal >= 0) view.setBigUint64(8 * module.parkedGlobal, 0n, true);
    if (module.storeLimit !== undefined) {
      const limit = Math.max(view.getUint32(0, true), module.storeLimit, wordsEnd);
      view.setBigUint64(0, BigInt(Math.min(limit, memoryBytes)), true);
    }
    const limit = Math.min(memoryBytes, Math.max(imageLimit(kernel, image), wordsEnd, endOfWindow(parked)));
    actor.setWord(BODY, withGlobals(kernel, image, globals, limit));
  }

  /** Whether a new actor can begin with the first state of its derived module. Throws a SpawnError. */
  check(actor: Actor, module: GuestModule): void {
    const { kernel } = this.#services;
    const state = stateOf(actor);
    if (state === 0) throw new SpawnError(`${module.name}: a derived module's actor waits as its image's actor did`);
    const pages = kernel.word(state + STATE_PAGES);
    if (pages <= actor.limits.memoryPages) return;
    throw new SpawnError(
      `${module.name} has ${pages} pages of memory in its first state, and the limit memoryPages is ${actor.limits.memoryPages}`,
    );
  }

  /** The first state of a derived module, from an actor that has got the image. Throws an ImageError. */
  template(
    actor: Actor,
    module: GuestModule,
    { parked, beginsEntry }: Opened,
    { name, language, inSources }: Pick<Template, "name" | "language" | "inSources">,
  ): Template {
    const { kernel } = this.#services;
    const image = actor.word(BODY);
    const limit = module.storeLimit === undefined ? -1 : imageLimit(kernel, image);
    return { name, language, inSources, state: deriveState(kernel, image, limit), parked, beginsEntry };
  }

  /** The actor of an image is alive: it waits as it did. */
  park(actor: Actor, parked: Parked): void {
    const { kernel, clock } = this.#services;
    const { isHandler, info, pointer, capacity, want, wanted, timeoutMs } = parked;
    actor.setWord(FLAGS, (actor.word(FLAGS) & ~TRAPS_EXITS) | parkedFlags(parked));
    actor.setWord(INFO, info);
    actor.setWord(POINTER, pointer);
    actor.setWord(CAPACITY, capacity);
    actor.setWord(WANT, want);
    actor.setWord(WANTED, wanted);
    actor.state = PARKED;
    if (isHandler) {
      actor.setColdWord(HANDLER_INFO, info);
      actor.setColdWord(HANDLER_POINTER, pointer);
      actor.setColdWord(HANDLER_CAPACITY, capacity);
      return;
    }
    actor.deadlineMs = timeoutMs === FOR_EVER ? Number.POSITIVE_INFINITY : clock.now() + timeoutMs;
    actor.armDeadline();
    // Nobody knows the ref any more: whoever was asked is not connected with this actor.
    if (want === WANT_REF) kernel.deliver(actor.record, DOWN, 0, 0, 0, wanted, ReasonCode.noconnection, noBytes);
  }

  #parkedOf(actor: Actor): Parked {
    const isHandler = actor.has(IS_HANDLER);
    const leftMs = actor.deadlineMs - this.#services.clock.now();
    return {
      entry: actor.entry,
      isHandler,
      trapsExits: actor.has(TRAPS_EXITS),
      info: isHandler ? actor.coldWord(HANDLER_INFO) >>> 0 : actor.info,
      pointer: isHandler ? actor.coldWord(HANDLER_POINTER) >>> 0 : actor.pointer,
      capacity: isHandler ? actor.coldWord(HANDLER_CAPACITY) >>> 0 : actor.capacity,
      want: isHandler ? WANT_ANY : actor.want,
      wanted: isHandler ? 0 : actor.wanted,
      timeoutMs:
        isHandler || leftMs === Number.POSITIVE_INFINITY
          ? FOR_EVER
          : Math.min(MAX_TIMEOUT_MS, Math.max(0, Math.ceil(leftMs))),
    };
  }

  #originOf(actor: Actor, module: GuestModule): ImageOrigin {
    const owner = actor.spec.template ?? module;
    let firstState = this.#firstStates.get(owner);
    if (firstState === undefined) {
      firstState = sha256(firstStateBytes(this.#services.kernel, stateOf(actor)));
      this.#firstStates.set(owner, firstState);
    }
    return { module: module.hash as Uint8Array, firstState };
  }
}

/** The first state of an actor whose module has a pool. */
function stateOf(actor: Actor): number {
  return actor.services.kernel.word(actor.word(SPEC) + SPEC_STATE);
}

/** Why an actor has no image; undefined where it may have one. */
function refusal(actor: Actor): string | undefined {
  if (actor.module === null) return "it is the host's own";
  const pinned = pinnedBy(actor);
  if (pinned !== undefined) return pinned;
  if (actor.state !== PARKED) return "it is not parked";
  if (actor.want === WANT_ANSWER && !actor.has(IS_HANDLER)) return "it waits for an answer of the embedder";
  const question = questionOf(actor);
  if (question !== undefined) return `it has asked ${question.to}, which has not answered`;
  if ((actor.spilledStack?.parts.length ?? 0) > 0) return "frames of its stack are set aside";
  return undefined;
}
