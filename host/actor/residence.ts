/** Whether an actor has an instance, why it keeps it, and what its state takes without one. */

import { STATE_PAGES } from "../kernel/image-words.ts";
import { POOL, SPEC_STATE } from "../kernel/life-words.ts";
import { BODY, PINNED, RESIDENT, SPEC } from "../kernel/words.ts";
import { imageLength, imageMemoryBytes, readImageGlobals } from "../mail/image-bytes.ts";
import { PAGE_BYTES } from "../wire/abi.ts";
import type { Actor } from "./actor.ts";

/** An actor with a larger memory keeps its instance. */
export const MAX_IMAGE_MEMORY = 64 * PAGE_BYTES;

/** Whether an actor has an instance. Undefined for the host's own. */
export function isResident(actor: Actor): boolean | undefined {
  return actor.module === null ? undefined : actor.has(RESIDENT);
}

/** The bytes of its image, which an actor without an instance has: 0 before its first turn. */
export function imageBytesOf(actor: Actor): number | undefined {
  if (actor.module === null || actor.has(RESIDENT)) return undefined;
  const image = actor.word(BODY);
  return image === 0 ? 0 : imageLength(actor.services.kernel, image);
}

/** The size of its guest's memory. Undefined for the host's own. */
export function memoryBytesOf(actor: Actor): number | undefined {
  if (actor.module === null || actor.has(RESIDENT)) return actor.bytes.memory?.buffer.byteLength;
  const { kernel } = actor.services;
  const image = actor.word(BODY);
  if (image !== 0) return imageMemoryBytes(kernel, image);
  const state = kernel.word(actor.word(SPEC) + SPEC_STATE);
  return state === 0 ? actor.module.initialBytes : kernel.word(state + STATE_PAGES) * PAGE_BYTES;
}

/** The reductions that it was granted and has not spent. */
export function leftReductions(actor: Actor): number {
  if (actor.has(RESIDENT)) return Math.max(0, actor.instance.counter?.value ?? 0);
  const place = actor.module?.leftGlobal ?? -1;
  const image = actor.word(BODY);
  if (image === 0 || place < 0) return 0;
  return Math.max(0, new DataView(readImageGlobals(actor.services.kernel, image).buffer).getInt32(8 * place, true));
}

/** Why an actor keeps its instance, in words; undefined where it can leave it, or has none. */
export function pinnedBy(actor: Actor): string | undefined {
  const { module, instance, spec, services } = actor;
  if (module === null || !actor.has(RESIDENT)) return undefined;
  if (spec.way === "jspi") return "it waits by JSPI, and its stack is the engine's";
  if (!module.hasKnownTypes) return "its module came compiled, so it cannot be rewritten: load its bytes";
  if (module.movableGlobals === undefined) return "its module has other state than its memory and numeric globals";
  if (instance.bytes.u8.length > MAX_IMAGE_MEMORY) return `its memory is larger than ${MAX_IMAGE_MEMORY} bytes`;
  if (services.kernel.word(actor.word(SPEC) + POOL) === 0) {
    return "there was no memory left for the first state of its module";
  }
  if (!actor.has(PINNED)) return undefined;
  return "there was no memory left for its image, or the embedder has its memory (HostContext.memory)";
}
