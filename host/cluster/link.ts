/**
 * A link: the way from this node to one other, over a network that may lose, repeat and reorder frames. It
 * guarantees that what is handed to it arrives in order, once or never, and that the loss of anything is the end of
 * the link. What is sent after an end goes over a new link.
 *
 * Each link has a *session* of both sides. HELLO tells the own one. A link is open when both sides know both.
 * A side that gives up takes a new session, and the other one ends the link when it sees that.
 */
import type { Carrier } from "../away/outbox.ts";
import { ACK, ASK, DATA, type Frame, HELLO, MAX_PAYLOAD_BYTES, MORE, newFrame, stamp, WAITS } from "./frame.ts";

const nothing = new Uint8Array(0);
/** What a kept frame takes beside its bytes, about. */
const FRAME_OVERHEAD = 64;
/** Signals are never refused. A link that has kept so much more than its window ends. */
const BEYOND_WINDOW = 64 << 20;

/** Times and sizes of links. */
export interface LinkOptions {
  /** Milliseconds between two looks at what is missing. */
  readonly tickMs: number;
  /** Milliseconds without a frame, or without an acknowledgement, after which a link ends. */
  readonly downAfterMs: number;
  /** Bytes that were sent and are not acknowledged. Beyond, `send` answers -1. */
  readonly windowBytes: number;
  /** Bytes of the longest piece that arrives: a message, or what one outbox holds. */
  readonly pieceBytes: number;
}

/** What a link uses of its node. */
export interface LinkEnds {
  /** The incarnation of this node. */
  readonly epoch: number;
  /** A number that no other link of this incarnation has, and greater than all before. */
  newSession(): number;
  now(): number;
  send(frame: Uint8Array): void;
  /** Whole records have arrived. */
  arrived(records: Uint8Array): void;
  /** The link has ended, and a new one may begin. `lost`: frames of records that may not have arrived. */
  ended(why: string, lost: readonly Uint8Array[]): void;
  /** There is room again. */
  ready(): void;
}

export class Link implements Carrier {
  readonly #options: LinkOptions;
  readonly #ends: LinkEnds;
  #session: number;
  /** The incarnation of the other node; 0: not known. */
  #peerEpoch = 0;
  /** The session of the other side; 0: not known. */
  #peerSession = 0;
  /** Sessions of the other side up to this one are over. */
  #floor = 0;
  #isOpen = false;
  /** The other side may not know that the last link is over. */
  #mustTell = false;
  /** When HELLO was sent, and what it said. */
  #helloMs = Number.NEGATIVE_INFINITY;
  #helloSaid = "";

  /** Frames that are not acknowledged, by their numbers, in order. */
  readonly #kept = new Map<number, Uint8Array<ArrayBuffer>>();
  #keptBytes = 0;
  /** The number of the next DATA. */
  #next = 1;
  /** When something was acknowledged, or nothing was missing. */
  #progressMs = 0;
  #isOver = false;
  /** When frames were sent again, and from which on. */
  #againMs = Number.NEGATIVE_INFINITY;
  #againFrom = 0;

  /** The number of the next DATA to arrive. */
  #expected = 1;
  /** Bytes that have arrived and were not acknowledged. */
  #owed = 0;
  #heardMs: number;
  /** From this one on frames were asked for. */
  #askedFrom = 0;
  /** The beginning of records that go on in the next frame. */
  readonly #pieces: Uint8Array[] = [];
  #pieceBytes = 0;
  /** Frames that were sent again. */
  resent = 0;

  constructor(options: LinkOptions, ends: LinkEnds) {
    this.#options = options;
    this.#ends = ends;
    this.#session = ends.newSession();
    this.#heardMs = ends.now();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Bytes that are kept until they are acknowledged. */
  get keptBytes(): number {
    return this.#keptBytes;
  }

  get peerEpoch(): number {
    return this.#peerEpoch;
  }

  /** When something was heard of the other node. */
  get heardMs(): number {
    return this.#heardMs;
  }

  get isReady(): boolean {
    return this.#keptBytes < this.#options.windowBytes;
  }

  carry(records: Uint8Array): void {
    if (this.#kept.size === 0) this.#progressMs = this.#ends.now();
    for (let at = 0; at < records.length; at += MAX_PAYLOAD_BYTES) {
      const end = at + MAX_PAYLOAD_BYTES;
      const frame = newFrame(DATA, end < records.length ? MORE : 0, this.#next, records.subarray(at, end));
      this.#kept.set(this.#next++, frame);
      this.#keptBytes += frame.length + FRAME_OVERHEAD;
      if (this.#isOpen) this.#send(frame);
    }
    // The outbox must not be closed in this call. `tick` ends the link.
    if (this.#keptBytes > this.#options.windowBytes + BEYOND_WINDOW) this.#isOver = true;
    if (!this.#isOpen) this.#hello();
  }

  /** The other node has this epoch. False: that is an old one. */
  meet(epoch: number): boolean {
    if (epoch < this.#peerEpoch) return false;
    this.#heardMs = this.#ends.now();
    if (epoch === this.#peerEpoch) return true;
    // What waits is for actors of the old one.
    if (this.#peerEpoch !== 0) this.end("the node has begun anew");
    this.#peerEpoch = epoch;
    this.#peerSession = 0;
    this.#floor = 0;
    return true;
  }

  /** A frame has come from the other node, whose epoch is met. */
  take(frame: Frame): void {
    const isMine = frame.peerEpoch === this.#ends.epoch;
    if (!isMine && frame.peerEpoch !== 0) this.#hello();
    else if (frame.kind === HELLO) this.#helloFrom(frame);
    else if (isMine && frame.session === this.#peerSession && frame.peerSession === this.#session) this.#inside(frame);
    // It belongs to a link that is over for one side.
    else this.#hello();
  }

  /** Looks at what is missing, and for how long. `lateMs`: how much later it comes than it should. */
  tick(lateMs = 0): void {
    const now = this.#ends.now();
    const { downAfterMs } = this.#options;
    // This process was stopped: the others may have sent in the meantime.
    this.#heardMs += lateMs;
    this.#progressMs += lateMs;
    const isWaiting = this.#kept.size > 0;
    if (this.#isOver) this.end("more signals wait for it than a link may keep");
    else if ((this.#isOpen || isWaiting) && now - this.#heardMs >= downAfterMs) {
      this.end(`nothing was heard of it for ${downAfterMs} ms`);
    } else if (isWaiting && now - this.#progressMs >= downAfterMs) {
      this.end(`it has acknowledged nothing for ${downAfterMs} ms`);
    } else if (this.#isOpen) {
      const isHole = this.#askedFrom === this.#expected;
      if (isHole || this.#owed > 0 || isWaiting) this.#note(isHole ? ASK : ACK, isWaiting ? WAITS : 0);
    } else if (isWaiting || (this.#mustTell && now - this.#heardMs < downAfterMs)) this.#hello();
  }

  /** The other node is gone. Another one of its number may have any epoch. */
  forget(): void {
    this.#peerEpoch = 0;
    this.#floor = 0;
  }

  /** The network is back. What was sent before may be lost. */
  repeat(): void {
    if (this.#isOpen) for (const number of this.#kept.keys()) this.#again(number);
  }

  /** Ends the link. What waits is lost. */
  end(why: string): void {
    const lost = [...this.#kept.values()];
    this.#kept.clear();
    this.#keptBytes = 0;
    this.#next = 1;
    this.#expected = 1;
    this.#owed = 0;
    this.#askedFrom = 0;
    this.#againFrom = 0;
    this.#pieces.length = 0;
    this.#pieceBytes = 0;
    this.#isOpen = false;
    this.#mustTell = true;
    this.#isOver = false;
    this.#floor = Math.max(this.#floor, this.#peerSession);
    this.#peerSession = 0;
    this.#session = this.#ends.newSession();
    this.#ends.ended(why, lost);
    this.#hello();
  }

  #helloFrom({ session, peerSession }: Frame): void {
    // Who knows the session of this link was not open when it had the one that is over, or would have another now.
    const isOver = session < this.#peerSession || (session <= this.#floor && peerSession !== this.#session);
    if (!isOver && session !== this.#peerSession) {
      if (this.#isOpen) this.end("it has ended the link");
      this.#peerSession = session;
    }
    if (isOver || peerSession !== this.#session) this.#hello();
    else if (this.#isOpen) this.#note(ACK);
    else this.#open();
  }

  /** Both sides know both sessions. */
  #open(): void {
    this.#isOpen = true;
    this.#mustTell = false;
    this.#progressMs = this.#ends.now();
    if (this.#kept.size === 0) this.#note(ACK);
    else for (const frame of this.#kept.values()) this.#send(frame);
  }

  #inside(frame: Frame): void {
    if (!this.#isOpen) this.#open();
    this.#acknowledged(frame.acknowledged);
    const { kind, number, flags } = frame;
    if (kind === ASK) this.#againAll();
    if (kind !== DATA) {
      if (number >= this.#expected) this.#ask();
      else if ((flags & WAITS) !== 0) this.#note(ACK);
      return;
    }
    if (number === this.#expected) this.#takeNext(frame);
    else if (number > this.#expected) this.#ask();
    // It was sent again, so the acknowledgement is missing.
    else this.#owed += 1;
  }

  #takeNext({ payload, flags }: Frame): void {
    this.#expected++;
    this.#owed += payload.length;
    if (this.#owed >= this.#options.windowBytes / 4) this.#note(ACK);
    const isLast = (flags & MORE) === 0;
    if (isLast && this.#pieces.length === 0) {
      this.#ends.arrived(payload);
      return;
    }
    this.#pieceBytes += payload.length;
    if (this.#pieceBytes > this.#options.pieceBytes) {
      this.end(`it sends messages of more than ${this.#options.pieceBytes} bytes`);
      return;
    }
    this.#pieces.push(payload.slice());
    if (!isLast) return;
    const records = joined(this.#pieces, this.#pieceBytes);
    this.#pieces.length = 0;
    this.#pieceBytes = 0;
    this.#ends.arrived(records);
  }

  #acknowledged(number: number): void {
    const before = this.#kept.size;
    const wasReady = this.isReady;
    for (const [each, frame] of this.#kept) {
      if (each > number) break;
      this.#kept.delete(each);
      this.#keptBytes -= frame.length + FRAME_OVERHEAD;
    }
    if (this.#kept.size === before) return;
    this.#progressMs = this.#ends.now();
    if (!wasReady && this.isReady) this.#ends.ready();
  }

  /** Asks for what is missing, once; `tick` asks again. */
  #ask(): void {
    if (this.#askedFrom === this.#expected) return;
    this.#askedFrom = this.#expected;
    this.#note(ASK);
  }

  #againAll(): void {
    const [first] = this.#kept.keys();
    const now = this.#ends.now();
    if (first === undefined || (first === this.#againFrom && now - this.#againMs < this.#options.tickMs / 2)) return;
    this.#againFrom = first;
    this.#againMs = now;
    for (const number of this.#kept.keys()) this.#again(number);
  }

  #again(number: number): void {
    const frame = this.#kept.get(number);
    if (frame === undefined) return;
    this.resent++;
    this.#send(frame);
  }

  /** Sends what has no records. */
  #note(kind: number, flags = 0): void {
    this.#send(newFrame(kind, flags, this.#next - 1, nothing));
  }

  /** Tells the session. Not the same again within half a tick: many late frames may cause it. */
  #hello(): void {
    const now = this.#ends.now();
    const says = `${this.#session} ${this.#peerSession} ${this.#peerEpoch}`;
    if (says === this.#helloSaid && now - this.#helloMs < this.#options.tickMs / 2) return;
    this.#helloMs = now;
    this.#helloSaid = says;
    this.#send(newFrame(HELLO, 0, 0, nothing));
  }

  #send(frame: Uint8Array<ArrayBuffer>): void {
    this.#owed = 0;
    stamp(frame, this.#session, this.#peerSession, this.#ends.epoch, this.#peerEpoch, this.#expected - 1);
    this.#ends.send(frame);
  }
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
