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

/** For people and reports, for example `node 26.10.0, V8 14.3.127.12`. */
export function engineName(): string {
  return `node ${process.versions.node}, V8 ${process.versions.v8.replace(/-node.*$/, "")}`;
}
