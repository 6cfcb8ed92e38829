/** Plays sends to other places on the kernel and on plain lists, and compares: for tests without guests. */
import { isDeepStrictEqual } from "node:util";
import { fc } from "@fast-check/vitest";
import { highWord, lowWord, parsePid, placeOf } from "../../host/wire/pid.ts";
import { type Kernel, kernel } from "./kernel-functions.ts";
import { audit, insist, kernelMemory, type Outgoing, readOutgoing, setWord, word } from "./kernel-memory.ts";
import * as W from "./words.ts";

/** This place, and the others that there are. An outbox for one thread of another node is for all. */
const HERE = [5, 2] as const;
const PLACES = [
  [5, 3],
  [5, 0],
  [0, 0],
  [7, 2],
  [7, 9],
  [255, 63],
] as const;
const SENDERS = 3;
/** What `hostSend` answers. */
export const LEFT = 4711;
const GUEST_BYTES = 131_072;

const place = fc.nat(PLACES.length - 1);
const length = fc.oneof(fc.nat(40), fc.nat(3000), fc.constantFrom(65_472, 65_473));
export const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("open" as const), place, sizeClass: fc.integer({ min: 0, max: 11 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("close" as const), place }) },
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant("send" as const),
      from: fc.nat(SENDERS - 1),
      place,
      slot: fc.nat(W.MAX_SLOTS - 1),
      generation: fc.integer({ min: 1, max: W.LAST_GENERATION }),
      tag: fc.integer({ min: -5, max: 5 }),
      pointer: fc.oneof(fc.nat(1000), fc.constantFrom(GUEST_BYTES - 10, -8)),
      length,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("take" as const), place }) },
);
export type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Outbox {
  readonly address: number;
  /** The bytes that its records may have. */
  readonly room: number;
  used: number;
  ordered: number;
  records: Outgoing[];
}

export class OutboxPlayer {
  readonly memory = kernelMemory();
  readonly guest = new WebAssembly.Memory({ initial: GUEST_BYTES / 65_536 });
  readonly records: number[];
  readonly #kernel: Kernel;
  readonly #outboxes = new Map<string, Outbox>();
  /** Reductions that the last sender has paid. */
  #paid = 0;
  #ids = 0;
  /** The memory before a send. */
  #before = new Uint8Array(0);

  /** `called` is told the name of each function of the host before it runs. */
  constructor(used: Kernel = kernel, called: (name: string) => void = () => undefined) {
    this.#kernel = used;
    used.useMemories(this.memory, this.guest);
    used.useOutside({
      hostHeadroom: () => undefined,
      hostSeed: () => undefined,
      hostSend: () => {
        called("hostSend");
        return LEFT;
      },
      hostCharge: reductions => {
        called("hostCharge");
        this.#paid += reductions;
      },
    });
    setWord(this.memory, W.PLACE, placeOf(HERE[1], HERE[0]));
    this.records = Array.from({ length: SENDERS }, (_, i) => {
      const record = used.open();
      setWord(this.memory, record + W.FLAGS, i === 0 ? W.PAYS : 0);
      return record;
    });
  }

  /** Another node is one place, with all its threads. */
  #keyOf(index: number): string {
    const [node, thread] = PLACES[index];
    return node === HERE[0] ? `${node}.${thread}` : String(node);
  }

  play(given: Step): void {
    const key = this.#keyOf(given.place);
    const outbox = this.#outboxes.get(key);
    const [node, thread] = PLACES[given.place];
    switch (given.do) {
      case "open": {
        if (outbox !== undefined) break;
        const address = this.#kernel.openOutbox(placeOf(thread, node), given.sizeClass);
        const room = (64 << given.sizeClass) - W.OUTBOX_HEADER;
        this.#outboxes.set(key, { address, room, used: 0, ordered: 0, records: [] });
        break;
      }
      case "close":
        if (outbox === undefined) break;
        this.#kernel.closeOutbox(outbox.address);
        this.#outboxes.delete(key);
        break;
      case "send":
        this.#send(given, outbox);
        break;
      case "take":
        if (outbox !== undefined) this.#take(outbox);
        break;
    }
  }

  #send(
    { from, place, slot, generation, tag, pointer, length }: Step & { do: "send" },
    outbox: Outbox | undefined,
  ): void {
    const { memory } = this;
    const me = this.records[from];
    const [node, thread] = PLACES[place];
    const pid = parsePid(`<${node}.${thread}.${slot}.${generation}>`) ?? 0;
    const bytes = new Uint8Array(this.guest.buffer);
    const id = this.#ids++;
    const isInside = length === 0 || (pointer >= 0 && pointer + length <= GUEST_BYTES);
    if (isInside) for (let i = 0; i < length; i++) bytes[pointer + i] = (id * 7 + i * 3) | 1;
    const size = W.OUTGOING_HEADER + Math.ceil(length / 8) * 8;
    const fits = outbox !== undefined && outbox.used + size <= outbox.room;
    const leaves = fits && isInside && length <= W.MAX_INSIDE_BYTES;
    this.#keep();
    this.#kernel.become(me);
    setWord(memory, W.CURRENT, me);
    setWord(memory, W.TURNS_LEFT, 77);
    const paid = this.#paid;
    const answer = this.#kernel.send(lowWord(pid), highWord(pid), tag, pointer, length);
    insist(answer === (leaves ? W.ACCEPTED : LEFT), `a send to ${PLACES[place]} answers ${answer}`);
    insist(this.#paid - paid === (leaves && from === 0 ? length >> W.COPIED_SHIFT : 0), "a sender pays something else");
    if (!leaves) {
      this.#same([]);
      return;
    }
    const { address, used, ordered } = outbox;
    const isHalfFull = outbox.room - used - size < used + size + W.OUTBOX_HEADER;
    insist((word(memory, W.TURNS_LEFT) === 0) === isHalfFull, "the loop goes on, or returns, and should not");
    const begin = address + W.OUTBOX_HEADER + used;
    this.#same([
      [begin, size],
      [address + W.OUTBOX_TAIL, 8],
      [W.SENT, 8],
    ]);
    const words = (record: number) => [word(memory, record + W.LO), word(memory, record + W.HI)] as const;
    const payload = bytes.slice(pointer, pointer + length);
    const to = [lowWord(pid), highWord(pid)] as const;
    outbox.records.push({ kind: W.MESSAGE, tag, from: words(me), ref: 0, reason: 0, order: ordered, to, payload });
    outbox.used += size;
    outbox.ordered++;
  }

  /** Keeps the memory for `#same`. */
  #keep(): void {
    const { buffer } = this.memory;
    if (this.#before.length !== buffer.byteLength) this.#before = new Uint8Array(buffer.byteLength);
    this.#before.set(new Uint8Array(buffer));
  }

  /** Whether all other bytes of the memory are as they were. */
  #same(except: readonly (readonly [at: number, length: number])[]): void {
    const now = new Uint8Array(this.memory.buffer);
    const changed = [...except, [W.CURRENT, 4], [W.TURNS_LEFT, 4], [W.SENT_IN_TURN, 4], [now.length, 0]] as const;
    let from = 0;
    for (const [at, length] of changed.toSorted(([a], [b]) => a - b)) {
      const isSame = Buffer.compare(this.#before.subarray(from, at), now.subarray(from, at)) === 0;
      insist(isSame, "a send has changed other bytes");
      from = at + length;
    }
  }

  #take(outbox: Outbox): void {
    const begin = outbox.address + W.OUTBOX_HEADER;
    const end = word(this.memory, outbox.address + W.OUTBOX_TAIL);
    const taken = readOutgoing(new Uint8Array(this.memory.buffer.slice(begin, end)));
    insist(isDeepStrictEqual(taken, outbox.records), "an outbox has other records");
    setWord(this.memory, outbox.address + W.OUTBOX_TAIL, begin);
    outbox.records = [];
    outbox.used = 0;
  }

  /** Compares all that is stored with the lists, and empties all outboxes. */
  check(): void {
    audit(this.memory, this.records);
    for (const outbox of this.#outboxes.values()) this.#take(outbox);
  }
}
