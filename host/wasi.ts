/**
 * WASI preview 1, for language runtimes that insist on it, with `@bjorn3/browser_wasi_shim`, which whoever wants this installs. No files, no environment,
 * no sockets: what is not in the list below answers that it is not permitted. Text that a guest writes to its outputs is lines of its log.
 *
 * ```ts
 * const runtime = new Runtime({ imports: { wasi_snapshot_preview1: wasi() } });
 * runtime.spawn(await runtime.load(bytes), { grants: { imports: ["wasi_snapshot_preview1.*"], log: true, clock: true } });
 * ```
 */
import { ConsoleStdout, File, OpenFile, WASI } from "@bjorn3/browser_wasi_shim";
import type { HostContext, HostFunction } from "./host-functions.ts";

/** Of wasi-libc's errno.h. */
const NOT_A_DESCRIPTOR = 8;
const INVALID = 28;
const NOT_CAPABLE = 76;

/** What one call may copy: the shim bounds nothing, and does all of it before it returns. */
const MAX_VECTORS = 1024;
const MAX_BYTES = 65_536;
const VECTOR_BYTES = 8;

const encoder = new TextEncoder();

/** Functions of WASI that concern nothing but the guest itself. */
const own = [
  "args_get",
  "args_sizes_get",
  "environ_get",
  "environ_sizes_get",
  "fd_close",
  "fd_fdstat_get",
  "fd_fdstat_set_flags",
  "fd_seek",
  "sched_yield",
];

/** All others that there are. */
const denied = (
  "clock_res_get fd_advise fd_allocate fd_datasync fd_fdstat_set_rights fd_filestat_get fd_filestat_set_size fd_filestat_set_times fd_pread " +
  "fd_prestat_dir_name fd_pwrite fd_readdir fd_renumber fd_sync fd_tell path_create_directory path_filestat_get path_filestat_set_times path_link " +
  "path_open path_readlink path_remove_directory path_rename path_symlink path_unlink_file poll_oneoff proc_raise sock_accept sock_recv sock_send sock_shutdown"
).split(" ");

export interface WasiOptions {
  /** What the program finds as its arguments. Default: the module's name. */
  readonly args?: readonly string[];
}

/** The functions of `wasi_snapshot_preview1`, for `RuntimeOptions.imports`. */
export function wasi({ args }: WasiOptions = {}): Record<string, HostFunction> {
  const systems = new WeakMap<HostContext, WASI>();

  const call = (name: string) => (context: HostContext, words: readonly unknown[]) => {
    let system = systems.get(context);
    if (system === undefined) {
      system = systemOf(context, args ?? [context.module]);
      systems.set(context, system);
    }
    return system.wasiImport[name](...words) as number;
  };
  const pass = (name: string): HostFunction => {
    const run = call(name);
    return (context, ...words: unknown[]) => run(context, words);
  };
  const [write, read] = [call("fd_write"), call("fd_read")];
  const [time, random] = [call("clock_time_get"), call("random_get")];

  return {
    ...Object.fromEntries(denied.map(name => [name, () => NOT_CAPABLE])),
    ...Object.fromEntries(own.map(name => [name, pass(name)])),
    // There are no directories; this is how a runtime finds that out.
    fd_prestat_get: () => NOT_A_DESCRIPTOR,
    fd_write: (context, fd: number, vectors: number, count: number, result: number) =>
      areFew(context, vectors, count) ? write(context, [fd, vectors, count, result]) : INVALID,
    fd_read: (context, fd: number, vectors: number, count: number, result: number) =>
      areFew(context, vectors, count) ? read(context, [fd, vectors, count, result]) : INVALID,
    clock_time_get: (context, clock: number, precision: bigint, result: number) =>
      context.may("clock") ? time(context, [clock, precision, result]) : NOT_CAPABLE,
    random_get: (context, pointer: number, length: number) => {
      if (!context.may("random")) return NOT_CAPABLE;
      return length >>> 0 > MAX_BYTES ? INVALID : random(context, [pointer, length]);
    },
    proc_exit: (context, code: number) =>
      context.exit(code === 0 ? { kind: "normal" } : { kind: "custom", bytes: encoder.encode(`exit code ${code}`) }),
  };
}

function systemOf(context: HostContext, args: readonly string[]): WASI {
  const line = (text: string) => void context.log(text);
  const outputs = [ConsoleStdout.lineBuffered(line), ConsoleStdout.lineBuffered(line)];
  const system = new WASI([...args], [], [new OpenFile(new File([])), ...outputs], { debug: false });
  system.inst = {
    exports: {
      get memory() {
        return context.memory;
      },
    },
  };
  return system;
}

/** Whether what a list of buffers asks for can be done at once. */
function areFew(context: HostContext, vectors: number, count: number): boolean {
  if (count >>> 0 > MAX_VECTORS) return false;
  const { buffer, byteOffset } = context.read(vectors, (count >>> 0) * VECTOR_BYTES);
  const view = new DataView(buffer, byteOffset);
  let bytes = 0;
  for (let i = 0; i < count; i++) bytes += view.getUint32(i * VECTOR_BYTES + 4, true);
  return bytes <= MAX_BYTES;
}
