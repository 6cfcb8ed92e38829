/**
 * `isopod/wasi`: WASI preview 1, for language runtimes that need it. Text that a guest writes to
 * its output streams becomes lines of its log. There are no files, no environment and no sockets:
 * those functions return `notcapable`.
 *
 * Guarantee: one call moves at most 64 KiB and 1,000 lines. `HostContext` checks every pointer. For
 * each actor, the host keeps only its open descriptors, its position in the input, and one
 * unfinished line for each output stream.
 *
 * ```ts
 * const runtime = new Runtime({ imports: { wasi_snapshot_preview1: wasi() } });
 * runtime.spawn(await runtime.load(bytes), { grants: { imports: ["wasi_snapshot_preview1.*"], log: true, clock: true } });
 * ```
 */

import { checkOptions, checksOf, shown } from "../wire/checks.ts";
import type { HostContext, HostFunction } from "../wire/host-functions.ts";
import { joined, payloadFrom } from "../wire/payload.ts";
import { LINE_END, WasiOutput } from "./wasi-output.ts";

/** Results, numbered as `errno` in the specification. */
const SUCCESS = 0;
const BAD_DESCRIPTOR = 8;
const INVALID = 28;
const NOT_SUPPORTED = 58;
const NOT_SEEKABLE = 70;
const NOT_CAPABLE = 76;

const STDIN = 0;
const STDERR = 2;

/** Fields of `fdstat`. */
const CHARACTER_DEVICE = 2;
const RIGHT_TO_READ = 1n << 1n;
const RIGHT_TO_WRITE = 1n << 6n;

/** Values of `clockid`. */
const REALTIME = 0;
const MONOTONIC = 1;

/**
 * How much one call moves. A longer `fd_read` or `fd_write` is cut short, as the specification
 * permits.
 */
const MAX_BYTES = 65_536;
/** How many lines one `fd_write` logs. Each takes the host half a microsecond or more. */
const MAX_LINES = 1000;
/** As IOV_MAX of Linux. */
const MAX_VECTORS = 1024;
const VECTOR_BYTES = 8;
const WORD_BYTES = 4;

const DENIED = (
  "clock_res_get fd_advise fd_allocate fd_datasync fd_fdstat_set_rights fd_filestat_get fd_filestat_set_size fd_filestat_set_times fd_pread " +
  "fd_prestat_dir_name fd_pwrite fd_readdir fd_renumber fd_sync fd_tell path_create_directory path_filestat_get path_filestat_set_times path_link " +
  "path_open path_readlink path_remove_directory path_rename path_symlink path_unlink_file poll_oneoff proc_raise sock_accept sock_recv sock_send sock_shutdown"
).split(" ");

const encoder = new TextEncoder();
const nothing = new Uint8Array(0);

export interface WasiOptions {
  /** The arguments of the program. Default: only the module's name. */
  readonly args?: readonly string[];
  /** The standard input of the program. A string is sent as UTF-8. Default: empty. */
  readonly stdin?: Uint8Array | string;
}

const wasiChecks = checksOf<WasiOptions>({ args: checkArgs, stdin: null });

function checkArgs(args: unknown): void {
  if (Array.isArray(args) && args.every(text => typeof text === "string")) return;
  throw new TypeError(`wasi: args is a list of texts, not ${shown(args)}`);
}

/**
 * The functions of `wasi_snapshot_preview1`, for `RuntimeOptions.imports`.
 *
 * @throws {TypeError} where an option has the wrong type
 */
export function wasi(options: WasiOptions = {}): Record<string, HostFunction> {
  checkOptions("wasi", options, wasiChecks);
  const { args, stdin = nothing } = options;
  const given = args?.map(text => `${text}\0`);
  const input = payloadFrom(stdin);
  const processes = new WeakMap<HostContext, Process>();

  const processOf = (context: HostContext) => {
    let process = processes.get(context);
    if (process === undefined) {
      process = new Process(context);
      processes.set(context, process);
    }
    return process;
  };
  const argsOf = (context: HostContext) => given ?? [`${context.module}\0`];
  const isOpen = (context: HostContext, fd: number) => processOf(context).open.has(fd);

  return {
    ...Object.fromEntries(DENIED.map(name => [name, () => NOT_CAPABLE])),

    args_sizes_get: (context, count: number, size: number) => writeSizes(context, argsOf(context), count, size),
    args_get: (context, pointers: number, texts: number) => writeTexts(context, argsOf(context), pointers, texts),
    environ_sizes_get: (context, count: number, size: number) => writeSizes(context, [], count, size),
    environ_get: () => SUCCESS,

    fd_close: (context, fd: number) => (processOf(context).close(fd) ? SUCCESS : BAD_DESCRIPTOR),
    fd_fdstat_get(context, fd: number, result: number) {
      if (!isOpen(context, fd)) return BAD_DESCRIPTOR;
      const stat = new DataView(new ArrayBuffer(24));
      stat.setUint8(0, CHARACTER_DEVICE);
      stat.setBigUint64(8, fd === STDIN ? RIGHT_TO_READ : RIGHT_TO_WRITE, true);
      return write(context, result, stat);
    },
    fd_fdstat_set_flags(context, fd: number, flags: number) {
      if (!isOpen(context, fd)) return BAD_DESCRIPTOR;
      return flags === 0 ? SUCCESS : NOT_SUPPORTED;
    },
    // A program lists its directories until it gets this error. There are none.
    fd_prestat_get: () => BAD_DESCRIPTOR,
    fd_seek: (context, fd: number) => (isOpen(context, fd) ? NOT_SEEKABLE : BAD_DESCRIPTOR),

    fd_read(context, fd: number, pointer: number, count: number, result: number) {
      const process = processOf(context);
      if (!process.open.has(fd)) return BAD_DESCRIPTOR;
      if (fd !== STDIN) return NOT_CAPABLE;
      const vectors = vectorsOf(context, pointer, count);
      if (vectors === undefined) return INVALID;
      const begin = process.position;
      for (const { at, length } of vectors) {
        const bytes = input.subarray(process.position, process.position + length);
        context.write(at, bytes);
        process.position += bytes.length;
      }
      return writeWords(context, result, [process.position - begin]);
    },
    fd_write(context, fd: number, pointer: number, count: number, result: number) {
      const process = processOf(context);
      if (!process.open.has(fd)) return BAD_DESCRIPTOR;
      if (fd === STDIN) return NOT_CAPABLE;
      const vectors = vectorsOf(context, pointer, count);
      if (vectors === undefined) return INVALID;
      // All pointers are checked before anything is logged.
      const bytes = firstLines(joined(vectors.map(({ at, length }) => context.read(at, length))));
      writeWords(context, result, [bytes.length]);
      process.output(fd).write(bytes);
      return SUCCESS;
    },

    clock_time_get(context, clock: number, _precision: bigint, result: number) {
      if (!context.may("clock")) return NOT_CAPABLE;
      if (clock !== REALTIME && clock !== MONOTONIC) return INVALID;
      const ms = clock === REALTIME ? Date.now() : performance.now();
      const time = new DataView(new ArrayBuffer(8));
      time.setBigUint64(0, BigInt(Math.round(ms * 1e6)), true);
      return write(context, result, time);
    },
    random_get(context, pointer: number, length: number) {
      if (!context.may("random")) return NOT_CAPABLE;
      if (length >>> 0 > MAX_BYTES) return INVALID;
      return write(context, pointer, crypto.getRandomValues(new Uint8Array(length >>> 0)));
    },
    sched_yield: () => SUCCESS,
    proc_exit: (context, code: number) =>
      context.exit(
        code === 0 ? { kind: "normal" } : { kind: "custom", bytes: encoder.encode(`exit code ${code >>> 0}`) },
      ),
  };
}

/** The state that the host keeps for one actor. */
class Process {
  /** Its open descriptors. A closed descriptor is never opened again. */
  readonly open = new Set([0, 1, 2]);
  /** How much of its standard input it has read. */
  position = 0;
  readonly #stdout: WasiOutput;
  readonly #stderr: WasiOutput;

  constructor(context: HostContext) {
    this.#stdout = new WasiOutput(context);
    this.#stderr = new WasiOutput(context);
  }

  output(fd: number): WasiOutput {
    return fd === STDERR ? this.#stderr : this.#stdout;
  }

  /** Returns false where it is not open. */
  close(fd: number): boolean {
    if (!this.open.delete(fd)) return false;
    if (fd !== STDIN) this.output(fd).flush();
    return true;
  }
}

/** Bytes up to the end of the last line that one call may log. */
function firstLines(bytes: Uint8Array): Uint8Array {
  let end = 0;
  for (let lines = 0; lines < MAX_LINES; lines++) {
    const at = bytes.indexOf(LINE_END, end);
    if (at < 0) return bytes;
    end = at + 1;
  }
  return bytes.subarray(0, end);
}

interface Vector {
  readonly at: number;
  readonly length: number;
}

/**
 * The buffers that a guest names, cut to what one call moves. Undefined where there are too many.
 */
function vectorsOf(context: HostContext, pointer: number, count: number): Vector[] | undefined {
  if (count >>> 0 > MAX_VECTORS) return undefined;
  const { buffer, byteOffset, byteLength } = context.read(pointer, count * VECTOR_BYTES);
  const view = new DataView(buffer, byteOffset, byteLength);
  const vectors: Vector[] = [];
  let left = MAX_BYTES;
  for (let at = 0; at < byteLength && left > 0; at += VECTOR_BYTES) {
    const length = Math.min(view.getUint32(at + WORD_BYTES, true), left);
    vectors.push({ at: view.getUint32(at, true), length });
    left -= length;
  }
  return vectors;
}

/** Writes the number of texts, and the number of their bytes. */
function writeSizes(context: HostContext, texts: readonly string[], count: number, size: number): number {
  writeWords(context, count, [texts.length]);
  return writeWords(context, size, [encoder.encode(texts.join("")).length]);
}

/** Writes the texts one after another, and a pointer to each. */
function writeTexts(context: HostContext, texts: readonly string[], pointers: number, at: number): number {
  const parts = texts.map(text => encoder.encode(text));
  let next = at;
  const begins = parts.map(({ length }) => {
    const begin = next;
    next += length;
    return begin;
  });
  writeWords(context, pointers, begins);
  return write(context, at, joined(parts));
}

function writeWords(context: HostContext, pointer: number, words: readonly number[]): number {
  const view = new DataView(new ArrayBuffer(words.length * WORD_BYTES));
  for (const [index, word] of words.entries()) view.setUint32(index * WORD_BYTES, word, true);
  return write(context, pointer, view);
}

function write(context: HostContext, pointer: number, bytes: ArrayBufferView<ArrayBuffer>): number {
  context.write(pointer, new Uint8Array(bytes.buffer));
  return SUCCESS;
}
