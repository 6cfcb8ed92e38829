/**
 * An actor that no other actor knows, with a secret in its memory and in its mailbox. It neither
 * answers nor hands on a request. So an answer in its place is forged, and its secret must never
 * appear.
 */
import { type GuestModule, IsopodError, type Pid, type Runtime, SpawnError } from "../../../host/index.ts";
import { guest } from "../../support/wat.ts";

/** These bytes are not found by chance. */
const SECRET = Uint8Array.of(
  0x5e,
  0xc2,
  0xe7,
  0x91,
  0x1d,
  0xb4,
  0xf0,
  0x0d,
  0xa7,
  0x33,
  0x6c,
  0xe9,
  0x82,
  0x4b,
  0xd5,
  0x17,
);
const PAGES = 2;

const binary = guest(`
  (data (i32.const 16384) "${[...SECRET].map(byte => `\\${byte.toString(16).padStart(2, "0")}`).join("")}")
  (func (export "_start") (local $at i32)
    (call $window (i32.const 64) (i32.const 128) (i32.const 4096))
    (local.set $at (i32.const 16400))
    (loop $more
      (memory.copy (local.get $at) (i32.const 16384) (i32.const 16))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br_if $more (i32.lt_u (local.get $at) (i32.const ${PAGES * 65_536})))))
  (func (export "handle") (param i32))`);

export class Vault {
  readonly #runtime: Runtime;
  readonly #module: GuestModule;
  #pid: Pid = 0;
  /** Calls that have not settled. */
  #open = 0;
  #forged: string | undefined;

  private constructor(runtime: Runtime, module: GuestModule) {
    this.#runtime = runtime;
    this.#module = module;
    this.renew();
  }

  static async open(runtime: Runtime): Promise<Vault> {
    return new Vault(runtime, await runtime.load(binary, { name: "vault" }));
  }

  /** 0 where others had taken all memory when it was to be spawned. */
  get pid(): Pid {
    return this.#pid;
  }

  /** It ends, with what is in its mailbox; another comes. */
  renew(): void {
    this.#runtime.kill(this.#pid);
    this.#pid = 0;
    try {
      this.#pid = this.#runtime.spawn(this.#module, { grants: {} });
    } catch (error) {
      if (!(error instanceof SpawnError)) throw error;
    }
  }

  /** So much of the secret goes through its mailbox. */
  fill(length: number): void {
    this.#runtime.send(
      this.#pid,
      Uint8Array.from({ length }, (_, index) => SECRET[index % SECRET.length]),
    );
  }

  call(timeoutMs: number): void {
    this.#open++;
    this.#runtime
      .call(this.#pid, "your secret?", { timeoutMs })
      .then(
        answer => {
          this.#forged = `a call that nobody has answered resolved with ${answer}`;
        },
        error => {
          if (!(error instanceof IsopodError)) this.#forged = `a call rejected with ${error}`;
        },
      )
      .finally(() => void this.#open--);
  }

  check(): void {
    if (this.#forged !== undefined) throw new Error(this.#forged);
  }

  /** To be called when it has ended, and some turns later. */
  mustBeSettled(): void {
    this.check();
    if (this.#open > 0) throw new Error(`${this.#open} calls of an actor that has ended have not settled`);
  }
}

/** Throws where somebody was shown something of the secret. */
export function mustNotShow(bytes: Uint8Array, to: string): void {
  const shown = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  // Eight bytes of it, wherever they begin, are in it where the secret is repeated.
  for (let begin = 0; begin < SECRET.length; begin++) {
    const part = Buffer.from([...SECRET, ...SECRET].slice(begin, begin + 8));
    if (shown.includes(part)) throw new Error(`${to} was shown the secret of another`);
  }
}
