/** The functions of the kernel as TypeScript, and what tests need to use them. */
import * as functions from "../../host/kernel/kernel.ts";
import { useMemories } from "../../host/kernel/memory.ts";
import { useOutside } from "../../host/kernel/outside.ts";
import { findTag } from "../../host/kernel/search.ts";
import { become } from "../../host/kernel/self.ts";

/** The sources as they are. A copy of them has the same type. */
export const kernel = { ...functions, findTag, useMemories, useOutside, become };
export type Kernel = typeof kernel;
