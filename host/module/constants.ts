/** Reads globals of a module that begin with a constant. It is right only for a module that the engine accepts. */
import { Cursor } from "./cursor.ts";
import { Kind, readExport, readGlobalType, readImport } from "./declarations.ts";
import { walk } from "./instructions.ts";
import { Section, sectionsOf } from "./sections.ts";
import { I32 } from "./value-type.ts";
import { IGNORE } from "./visitor.ts";

const I32_CONST = 0x41;

/** The indices of the globals that are exported, by name; -1 where something else is exported by the name. */
export function exportedGlobals(bytes: Uint8Array): ReadonlyMap<string, number> {
  const exported = new Map<string, number>();
  for (const { id, body } of sectionsOf(bytes)) {
    if (id !== Section.export) continue;
    body.each(() => {
      const found = readExport(body);
      exported.set(found.name, found.kind === Kind.global ? found.index : -1);
    });
  }
  return exported;
}

/** The first value of a global, without a sign. Undefined where the module does not define it as such an i32 with a constant. */
export function constantOf(bytes: Uint8Array, index: number, mutable: boolean): number | undefined {
  let next = 0;
  let first: number | undefined;
  for (const { id, body } of sectionsOf(bytes)) {
    if (id === Section.import) {
      body.each(() => {
        if (readImport(body).kind === Kind.global) next++;
      });
    } else if (id === Section.global) {
      body.each(() => {
        const { type, isMutable } = readGlobalType(body);
        const { at } = body;
        walk(body, IGNORE);
        const isIt = next++ === index && type === I32 && isMutable === mutable;
        if (isIt) first = constantAt(new Cursor(bytes, at, body.at));
      });
    }
  }
  return first;
}

function constantAt(expression: Cursor): number | undefined {
  if (expression.byte() !== I32_CONST) return undefined;
  const value = expression.s32();
  // Then comes the end, unless the expression computes.
  expression.skip(1);
  return expression.isAtEnd ? value >>> 0 : undefined;
}
