/**
 * What this process runs on, and whether it was started with the one flag that matters to isopod. Asking changes nothing.
 *
 * Without `--disable-wasm-trap-handler` V8 reserves 8–10 GiB of address space for each Wasm memory: a process then holds some 13,000
 * of them instead of 100,000, and with many actors a message costs two to three times as much.
 */

export const TRAP_HANDLER_FLAG = "--disable-wasm-trap-handler";

/** The flags that Node was started with, from the command line and from NODE_OPTIONS. */
export function engineFlags(): string[] {
  const fromEnvironment = process.env.NODE_OPTIONS?.split(/\s+/).filter(flag => flag !== "") ?? [];
  return [...new Set([...process.execArgv, ...fromEnvironment])];
}

/** Memories are cheap here. */
export function hasTrapHandlerFlag(): boolean {
  // Node takes `_` for `-` in the name of a flag.
  return engineFlags().some(flag => flag.replaceAll("_", "-") === TRAP_HANDLER_FLAG);
}

/** What `adviceFor` asks of a process. */
export interface Surroundings {
  readonly versions: Readonly<Record<string, string | undefined>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly hasFlag: boolean;
}

/** The environment variable by which Bun makes plain memories, and with it a spawn 45 times as fast (Bun 1.4, x64). */
export const BUN_VARIABLE = "BUN_JSC_useWasmFastMemory";

/** What is slow in this process, and how to start it instead; undefined where nothing helps, or nothing has to. */
export function adviceFor({ versions, env, hasFlag }: Surroundings, maxActors: number): string | undefined {
  if (versions.bun !== undefined) {
    if (env[BUN_VARIABLE] === "0") return undefined;
    return `each spawn takes some milliseconds: start bun with ${BUN_VARIABLE}=0 in the environment`;
  }
  // Its V8 does not know the flag.
  if (versions.deno !== undefined || hasFlag) return undefined;
  return `many actors run at less than half speed, and at most ${maxActors} fit: start node with ${TRAP_HANDLER_FLAG}`;
}

/** For people and reports, for example `node 26.10.0, V8 14.3.127.12`. */
export function engineName(): string {
  const { bun, deno, node, v8 } = process.versions;
  if (bun !== undefined) return `bun ${bun}`;
  return `${deno === undefined ? `node ${node}` : `deno ${deno}`}, V8 ${v8.replace(/-(node|rusty).*$/, "")}`;
}
