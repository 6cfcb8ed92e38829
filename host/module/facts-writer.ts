/** Writes the section of facts, which facts-section.ts reads. Only our tools do so. */
import { FACTS_SECTION, type ModuleFacts } from "./facts.ts";
import { FACTS_VERSION } from "./facts-section.ts";
import { Output } from "./output.ts";
import { Section } from "./sections.ts";

/** The module with a section at its end that notes the facts. */
export function withFacts(bytes: Uint8Array, facts: ModuleFacts): Uint8Array<ArrayBuffer> {
  const { imports, exports, footprint, ownsMemory, storeLimit, scratch } = facts;
  const { leftGlobal, parkedGlobal, movableGlobals, hash } = facts;
  const written = {
    ...{ version: FACTS_VERSION, imports, exports, footprint, ownsMemory, storeLimit, scratch },
    ...{ leftGlobal, parkedGlobal, movableGlobals },
    hash: hash === undefined ? undefined : hexOf(hash),
  };
  const text = new TextEncoder().encode(JSON.stringify(written));
  const out = new Output(bytes.length + text.length + 64);
  out.copy(bytes, 0, bytes.length);
  out.begin(Section.custom);
  out.name(FACTS_SECTION);
  out.copy(text, 0, text.length);
  out.end();
  return out.finish();
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, "0")).join("");
}
