/** Makes binary.ts of source.ts. */
import { writeFileSync } from "node:fs";
import binaryen from "binaryen";
import * as source from "./source.ts";

const { BulkMemory, BulkMemoryOpt, MutableGlobals, ReferenceTypes, MultiMemory } = binaryen.Features;

/** The optimized binary of a module's text, as base64. */
export function assemble(text: string): string {
  const module = binaryen.parseText(text);
  try {
    module.setFeatures(BulkMemory | BulkMemoryOpt | MutableGlobals | ReferenceTypes | MultiMemory);
    if (!module.validate()) throw new Error("the switch is no valid module");
    setOptions();
    module.optimize();
    return Buffer.from(module.emitBinary()).toString("base64");
  } finally {
    module.dispose();
  }
}

/** Binaryen's options are global to the process. All are set, so that the binary depends on its source only. */
function setOptions(): void {
  binaryen.setOptimizeLevel(3);
  binaryen.setShrinkLevel(0);
  binaryen.setAlwaysInlineMaxSize(2);
  binaryen.setFlexibleInlineMaxSize(20);
  binaryen.setOneCallerInlineMaxSize(-1);
  binaryen.setAllowInliningFunctionsWithLoops(false);
  binaryen.setDebugInfo(false);
  binaryen.setLowMemoryUnused(false);
  binaryen.setZeroFilledMemory(false);
  binaryen.setFastMath(false);
}

/** The whole text of binary.ts. */
export function binaryFile(): string {
  const constant = (name: string, text: string) => {
    const lines = assemble(text).match(/.{1,110}/g) ?? [];
    return `export const ${name} =\n  ${lines.map(line => `"${line}"`).join(" +\n  ")};\n`;
  };
  return `/** The switch's modules as base64, made by assemble.ts from source.ts: \`npm run switch\`. */\n\n${constant("port", source.port)}\n${constant("loop", source.loop)}\n${constant("gate", source.gate)}`;
}

if (import.meta.main) writeFileSync(new URL("binary.ts", import.meta.url), binaryFile());
