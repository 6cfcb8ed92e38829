/**
 * What a node knows of the other nodes of its cluster: who is there, a link to each, and what each may send. It
 * needs nothing of a network but that it brings frames to a node, or to all; it may lose them.
 *
 * A node is there while something is heard of it. Each tick it sends a beacon to all.
 */
import type { Away, Place } from "../away/away.ts";
import type { Outbox } from "../away/outbox.ts";
import { signalsOf } from "../away/signal.ts";
import { MESSAGE } from "../kernel/mail-words.ts";
import type { CallOut } from "../time/call-out.ts";
import type { Clock } from "../time/clock.ts";
import { BEACON, BYE, frameFrom, newFrame, stamp, VERSION, versionOf } from "./frame.ts";
import { Guard, type GuestLimits } from "./guard.ts";
import { Link, type LinkOptions } from "./link.ts";

/** Nodes with these numbers are guests: they are not trusted. */
export const FIRST_GUEST = 128;
export const LAST_NODE = 255;
/** What an outbox to another node takes of the kernel's memory. */
const OUTBOX_BYTES = 64 * 1024;
const ALL = 0;

/** Brings frames to other nodes. May throw, and may lose frames. */
export interface Network {
  /** `to`: the number of a node; 0 is all. */
  publish(to: number, frame: Uint8Array): void;
}

/** Something has happened to another node. */
export interface NodeEvent {
  /**
   * `up`: it is there. `down`: it is gone, and all ties to its actors are told. `broken`: the link to it has ended,
   * as for `down`, but it is there. `refused`: it cannot be spoken with. `replaced`: another process has the number of
   * this node, which can send and receive no more.
   */
  readonly kind: "up" | "down" | "broken" | "refused" | "replaced";
  readonly node: number;
  /** Why, in words. */
  readonly why: string;
}

/** Totals since this node has joined. */
export interface ClusterCounters {
  /** Frames that are none of this version, or come from a number that their sender must not have. */
  refused: number;
  /** Signals in the name of actors of other nodes. */
  forged: number;
  /** Messages that may not have arrived, because their link has ended. */
  lost: number;
  /** Signals of guests that they may not send. */
  denied: number;
  /** Frames that could not be handed to the network. */
  unsent: number;
}

/** What it uses of its node. */
export interface MeshParts {
  readonly away: Away;
  readonly clock: Clock;
  readonly callOut: CallOut;
  readonly network: Network;
  readonly node: number;
  readonly epoch: number;
  readonly options: LinkOptions;
  readonly guestLimits: GuestLimits;
  /** Whether guests may send to this actor. */
  isExported(lo: number, hi: number): boolean;
  told(event: NodeEvent): void;
}

interface Peer {
  readonly place: Place;
  readonly link: Link;
  /** What a guest may do; null: it is no guest. */
  readonly guard: Guard | null;
  outbox: Outbox | null;
  isUp: boolean;
  /** Frames of this epoch and older ones are late, until `goneUntilMs`. */
  goneEpoch: number;
  goneUntilMs: number;
  isRefused: boolean;
}

export class Mesh {
  readonly counters: ClusterCounters = { refused: 0, forged: 0, lost: 0, denied: 0, unsent: 0 };
  readonly #parts: MeshParts;
  readonly #peers = new Map<number, Peer>();
  #session = 0;
  #tickedMs: number;
  #cancelTick: (() => void) | undefined;
  #isOver = false;

  constructor(parts: MeshParts) {
    this.#parts = parts;
    this.#tickedMs = parts.clock.now();
  }

  /** The numbers of the other nodes that are there. */
  nodes(): number[] {
    return [...this.#peers.values()].filter(({ isUp }) => isUp).map(({ place }) => place.node);
  }

  /** The incarnation of a node that is there; 0: it is not. */
  epochOf(node: number): number {
    const peer = this.#peers.get(node);
    return peer?.isUp ? peer.link.peerEpoch : 0;
  }

  /** Bytes that wait for a node's acknowledgement, and the frames that it was sent again. */
  linkOf(node: number): { readonly keptBytes: number; readonly resent: number; readonly isOpen: boolean } | undefined {
    const link = this.#peers.get(node)?.link;
    return link && { keptBytes: link.keptBytes, resent: link.resent, isOpen: link.isOpen };
  }

  /** Begins to tell the others that this node is there. */
  start(): void {
    this.#beacon(ALL);
    this.#plan();
  }

  /** A frame has come. The network says of whom it is: `from`, and whether that is a guest. */
  receive(from: number, isGuest: boolean, bytes: Uint8Array): void {
    const { node, clock, epoch } = this.#parts;
    if (this.#isOver) return;
    const frame = frameFrom(bytes);
    if (from === node) {
      if (frame !== undefined && frame.epoch > epoch) this.replaced("a younger node has its number");
      return;
    }
    const isNode = Number.isInteger(from) && from > 0 && from <= LAST_NODE && isGuest === from >= FIRST_GUEST;
    if (!isNode || frame === undefined) {
      this.counters.refused++;
      if (isNode && versionOf(bytes) !== VERSION) this.#refuse(from, versionOf(bytes));
      return;
    }
    const peer = this.#peers.get(from) ?? this.#newPeer(from);
    if (frame.epoch <= peer.goneEpoch && clock.now() < peer.goneUntilMs) return;
    const known = peer.link.peerEpoch;
    if (peer.isUp && known !== 0 && frame.epoch > known) this.#down(peer, "it has begun anew");
    if (!peer.link.meet(frame.epoch)) return;
    if (frame.kind === BYE) {
      if (peer.isUp) this.#down(peer, "it has left");
      peer.goneEpoch = frame.epoch;
      peer.goneUntilMs = clock.now() + this.#parts.options.downAfterMs;
      return;
    }
    if (!peer.isUp) this.#up(peer);
    if (frame.kind !== BEACON) peer.link.take(frame);
  }

  /** The network was away, and is back. */
  reconnected(): void {
    this.#beacon(ALL);
    for (const { link } of this.#peers.values()) link.repeat();
  }

  /** This node leaves. All ties to other nodes are told. */
  stop(): void {
    if (this.#isOver) return;
    this.#publish(ALL, this.#stamped(newFrame(BYE, 0, 0, new Uint8Array(0))));
    this.#lose("this node has left");
    this.#isOver = true;
    this.#cancelTick?.();
  }

  /** Another process has this node's number. */
  replaced(why: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelTick?.();
    this.#lose(why);
    this.#parts.told({ kind: "replaced", node: this.#parts.node, why });
  }

  /** All links end. */
  #lose(why: string): void {
    for (const peer of this.#peers.values()) if (peer.isUp) this.#down(peer, why);
  }

  tick(): void {
    const { clock, options } = this.#parts;
    const now = clock.now();
    const lateMs = Math.max(0, now - this.#tickedMs - 2 * options.tickMs);
    this.#tickedMs = now;
    this.#beacon(ALL);
    for (const peer of this.#peers.values()) {
      const { link } = peer;
      if (peer.isUp && now - link.heardMs - lateMs >= options.downAfterMs) {
        this.#down(peer, `nothing was heard of it for ${options.downAfterMs} ms`);
      } else link.tick(lateMs);
    }
  }

  #plan(): void {
    if (this.#isOver) return;
    const { clock, callOut, options } = this.#parts;
    this.#cancelTick = clock.wake(options.tickMs, () => {
      callOut.run("a cluster's tick", () => this.tick());
      this.#plan();
    });
  }

  #newPeer(node: number): Peer {
    const { options, clock, epoch, guestLimits, isExported } = this.#parts;
    const link = new Link(options, {
      epoch,
      newSession: () => ++this.#session,
      now: () => clock.now(),
      send: frame => this.#publish(node, frame),
      arrived: records => this.#arrived(peer, records),
      ended: (why, lost) => this.#ended(peer, why, lost),
      ready: () => peer.outbox?.flush(),
    });
    const guard = node < FIRST_GUEST ? null : new Guard(guestLimits, clock, isExported);
    const rest = { outbox: null, isUp: false, goneEpoch: 0, goneUntilMs: 0, isRefused: false };
    const peer: Peer = { place: { thread: 0, node }, link, guard, ...rest };
    this.#peers.set(node, peer);
    return peer;
  }

  #up(peer: Peer): void {
    peer.isUp = true;
    peer.isRefused = false;
    const { node } = peer.place;
    this.#openOutbox(peer);
    this.#beacon(node);
    this.#parts.told({ kind: "up", node, why: "it is there" });
  }

  #down(peer: Peer, why: string): void {
    peer.isUp = false;
    peer.link.end(why);
    peer.link.forget();
    this.#parts.told({ kind: "down", node: peer.place.node, why });
  }

  #openOutbox(peer: Peer): void {
    const { away } = this.#parts;
    const { link } = peer;
    const guarded = {
      get isReady() {
        return link.isReady;
      },
      carry(records: Uint8Array<ArrayBuffer>) {
        peer.guard?.leaving(records);
        link.carry(records);
      },
    };
    peer.outbox = away.open(peer.place, guarded, OUTBOX_BYTES);
  }

  /** The link has ended, so every tie over it is told. */
  #ended(peer: Peer, why: string, lost: readonly Uint8Array[]): void {
    const { outbox } = peer;
    this.counters.lost += lost.reduce((all, frame) => all + messagesIn(frame), 0);
    if (outbox !== null) {
      this.counters.lost += messagesIn(outbox.take(), 0);
      peer.outbox = null;
      this.#parts.away.close(outbox, peer.place);
    }
    peer.guard?.forget();
    if (!peer.isUp) return;
    this.#openOutbox(peer);
    this.#parts.told({ kind: "broken", node: peer.place.node, why });
  }

  #arrived({ place, guard }: Peer, records: Uint8Array): void {
    const { counters } = this;
    const admitted = guard === null ? records : guard.admitted(records);
    if (guard !== null) counters.denied += guard.takeDenied();
    counters.forged += this.#parts.away.arrive(place, admitted);
  }

  #beacon(to: number): void {
    this.#publish(to, this.#stamped(newFrame(BEACON, 0, 0, new Uint8Array(0))));
  }

  #stamped(frame: Uint8Array<ArrayBuffer>): Uint8Array {
    stamp(frame, 0, 0, this.#parts.epoch, 0, 0);
    return frame;
  }

  #publish(to: number, frame: Uint8Array): void {
    if (this.#isOver) return;
    try {
      this.#parts.network.publish(to, frame);
    } catch {
      // The connection is closed. Ticks find what that means.
      this.counters.unsent++;
    }
  }

  #refuse(node: number, version: number): void {
    const peer = this.#peers.get(node) ?? this.#newPeer(node);
    if (peer.isRefused) return;
    peer.isRefused = true;
    const which = version > VERSION ? "this node" : `node ${node}`;
    const why = `node ${node} speaks version ${version} of the cluster's protocol, and this node version ${VERSION}: update isopod of ${which}`;
    this.#parts.told({ kind: "refused", node, why });
  }
}

/** Messages in a frame's records, or in records: as many as begin there. */
function messagesIn(bytes: Uint8Array, from = 48): number {
  let count = 0;
  for (const { kind } of signalsOf(bytes.subarray(from))) if (kind === MESSAGE) count++;
  return count;
}
