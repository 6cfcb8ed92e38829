/**
 * Which engine this process runs in, and whether it was started with the flag that matters to
 * isopod.
 *
 * Without `--disable-wasm-trap-handler`, V8 reserves 8 to 10 GiB of address space for each Wasm
 * memory. A process then holds 13,000 memories instead of 100,000, and with many actors a message
 * costs two to three times as much.
 */

export const TRAP_HANDLER_FLAG = "--disable-wasm-trap-handler";

/** The flags that Node was started with, on the command line and in NODE_OPTIONS. */
export function engineFlags(): string[] {
  const fromEnvironment = process.env.NODE_OPTIONS?.split(/\s+/).filter(flag => flag !== "") ?? [];
  return [...new Set([...process.execArgv, ...fromEnvironment])];
}

/** Whether V8 was told not to reserve address space for each memory. */
export function hasTrapHandlerFlag(): boolean {
  // Node accepts `_` in place of `-` in the name of a flag.
  return engineFlags().some(flag => flag.replaceAll("_", "-") === TRAP_HANDLER_FLAG);
}

/** What `adviceFor` needs to know of a process. */
export interface Surroundings {
  readonly versions: Readonly<Record<string, string | undefined>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly hasFlag: boolean;
}

/**
 * The environment variable that makes Bun use plain memories. A spawn is then 45 times as fast (Bun
 * 1.4, x64).
 */
export const BUN_VARIABLE = "BUN_JSC_useWasmFastMemory";

/**
 * Says what is slow in this process and how to start it instead. Undefined where no setting would
 * help.
 */
export function adviceFor({ versions, env, hasFlag }: Surroundings, maxInstances: number): string | undefined {
  if (versions.bun !== undefined) {
    if (env[BUN_VARIABLE] === "0") return undefined;
    return `each spawn takes some milliseconds: start bun with ${BUN_VARIABLE}=0 in the environment`;
  }
  // Deno's V8 does not know the flag.
  if (versions.deno !== undefined || hasFlag) return undefined;
  return `many actors run at less than half speed, and at most ${maxInstances} instances fit: start node with ${TRAP_HANDLER_FLAG}`;
}

/** For people and reports: `node 26.10.0, V8 14.3.127.12`. */
export function engineName(): string {
  const { bun, deno, node, v8 } = process.versions;
  if (bun !== undefined) return `bun ${bun}`;
  return `${deno === undefined ? `node ${node}` : `deno ${deno}`}, V8 ${v8.replace(/-(node|rusty).*$/, "")}`;
}
