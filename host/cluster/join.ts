/**
 * Joins a runtime to a cluster, over a connection to NATS that its owner has made. The subject of a frame is
 * `iso.<cluster>.<kind>.<to>.<kind>.<from>`, where a kind is `peer` or `guest`, or `all` with the number 0. By its
 * permissions on these the server decides who may send as whom, and listen for whom.
 */
import type { Msg, NatsConnection, Status } from "@nats-io/nats-core";
import { Away } from "../away/away.ts";
import { FRESH_SLOT } from "../kernel/words.ts";
import { partsOf, type Runtime } from "../runtime.ts";
import { checkOptions, checksOf, flag, milliseconds, oneOf, shown, wholeNumber } from "../wire/checks.ts";
import { IsopodError } from "../wire/errors.ts";
import { MAX_FRAME_BYTES } from "./frame.ts";
import type { GuestLimits } from "./guard.ts";
import { FIRST_GUEST, LAST_NODE, Mesh } from "./mesh.ts";
import { Names } from "./names.ts";
import { ClusterNode } from "./node.ts";
import { bucketOf, type Lease, RENEW_MS, takeNumber } from "./numbers.ts";

/** Options of `join`. */
export interface JoinOptions {
  /** The cluster's name: letters, digits, `-` and `_`. */
  readonly cluster: string;
  /**
   * `peer`: it may do to the others what actors may do to each other. `guest`: it is not trusted, and reaches only what
   * is exported. The server's permissions must say the same (docs/cluster.md). Default `peer`.
   */
  readonly trust?: "peer" | "guest";
  /** Names of defined modules that peers may spawn here. Default: none. */
  readonly offers?: readonly string[];
  /** Names of actors here that guests may find and send to. Default: none. */
  readonly exports?: readonly string[];
  /**
   * The node's number, 1 to 127 for peers and 128 to 255 for guests, which no other node of the cluster has. Default: a
   * free one, by JetStream.
   */
  readonly id?: number;
  /** Whether the cluster has names, by JetStream. Default: for peers without an `id`. */
  readonly names?: boolean;
  /** Milliseconds between two beacons. The same in all nodes. Default 1,000. */
  readonly tickMs?: number;
  /** Milliseconds of silence after which a node is gone. Default 5,000. */
  readonly downAfterMs?: number;
  /** Bytes to one node that it has not acknowledged. Beyond, `send` answers -1. Default 4 MiB. */
  readonly windowBytes?: number;
  /** What each guest node may send to this one. */
  readonly guestLimits?: Partial<GuestLimits>;
}

const names: (value: unknown, name: string, where: string) => void = (value, name, where) => {
  if (Array.isArray(value) && value.every(each => typeof each === "string")) return;
  throw new TypeError(`${where}: ${name} is a list of names, not ${shown(value)}`);
};

const joinChecks = checksOf<JoinOptions>({
  cluster: (value, name, where) => {
    if (typeof value === "string" && /^[\w-]{1,64}$/.test(value)) return;
    throw new TypeError(`${where}: ${name} has 1 to 64 letters, digits, - and _, and is not ${shown(value)}`);
  },
  trust: oneOf("peer", "guest"),
  offers: names,
  exports: names,
  id: wholeNumber(1, LAST_NODE),
  names: flag,
  tickMs: milliseconds,
  downAfterMs: milliseconds,
  windowBytes: wholeNumber(2 * MAX_FRAME_BYTES, 2 ** 30),
  guestLimits: null,
});

const DEFAULT_WINDOW_BYTES = 4 << 20;
const defaultGuestLimits: GuestLimits = { messagesPerSecond: 10_000, bytesPerSecond: 4 << 20, ties: 1_000 };

/**
 * Makes a runtime a node of a cluster. Call it before the runtime has actors, because pids name their node.
 * Resolves when the server has taken the subscription; other nodes come up within a moment. Rejects with an
 * IsopodError that says what to do.
 *
 * @param connection of `@nats-io/transport-node`, or of `wsconnect` of `@nats-io/nats-core`. Servers, TLS and
 *   credentials are its owner's. It stays open when the node leaves.
 */
export async function join(runtime: Runtime, connection: NatsConnection, options: JoinOptions): Promise<ClusterNode> {
  checkOptions("join", options, joinChecks);
  if (options.cluster === undefined) throw new TypeError("join: cluster is the name of the cluster");
  const { cluster, id } = options;
  const isGuest = options.trust === "guest";
  if (id !== undefined && isGuest !== id >= FIRST_GUEST) {
    throw new RangeError(`join: the id of a peer is 1 to 127, of a guest 128 to 255, not ${id}`);
  }
  mustBeNew(runtime);
  const lease = id === undefined ? await takeNumber(connection, cluster, isGuest) : configured(id);
  const hasNames = options.names ?? (id === undefined && !isGuest);
  const bucket = hasNames ? await bucketOf(connection, `iso_${cluster}_names`, {}) : undefined;
  // The runtime may have been used in the meantime.
  mustBeNew(runtime);
  const away = new Away(partsOf(runtime), { thread: 0, node: lease.node });
  const { exports = [], offers = [] } = options;
  const node = new ClusterNode(runtime, away, cluster, { exports: new Set(exports), offers: new Set(offers) });
  const mesh = meshOf(runtime, connection, options, lease, away, node);
  const line = new Line(connection);
  const namesOf = bucket && {
    node: lease.node,
    epoch: lease.epoch,
    epochOf: (other: number) => mesh.epochOf(other),
    isConnected: () => line.isConnected,
  };
  const follower = bucket && namesOf && new Names(bucket, namesOf);
  const stopRenewing = renewing(runtime, lease, mesh);
  const subscriptions = [subjectOf(cluster, lease.node), subjectOf(cluster, 0)].map(subject =>
    connection.subscribe(`${subject}.>`, { callback: (error, message) => receive(runtime, mesh, error, message) }),
  );
  // A page that is left has the time for one frame.
  const onPageHide = () => mesh.stop();
  const isPage = "document" in globalThis;
  if (isPage) addEventListener("pagehide", onPageHide);
  node.begin(mesh, follower, async () => {
    mesh.stop();
    if (isPage) removeEventListener("pagehide", onPageHide);
    stopRenewing();
    follower?.stop();
    for (const each of subscriptions) each.unsubscribe();
    await lease.release();
  });
  line.onReconnect = () => mesh.reconnected();
  const { callOut } = partsOf(runtime).notices;
  await follower?.follow(error => callOut.failed("the names of a cluster", error));
  await connection.flush();
  mesh.start();
  return node;
}

function mustBeNew(runtime: Runtime): void {
  const { kernel, transit } = partsOf(runtime).services;
  if (transit !== null) throw new IsopodError("ISOPOD_JOIN", "this runtime has joined a cluster, or has threads");
  if (kernel.word(FRESH_SLOT) === 0) return;
  const text =
    "a runtime joins a cluster before it has actors, because pids name their node: call join first. Mailboxes and supervisors are actors, too";
  throw new IsopodError("ISOPOD_JOIN", text);
}

/** A number that its owner has chosen. Its epoch is the time, so a later incarnation has a greater one. */
function configured(node: number): Lease {
  return { node, epoch: Date.now(), renew: async () => true, release: async () => undefined };
}

function meshOf(
  runtime: Runtime,
  connection: NatsConnection,
  options: JoinOptions,
  { node: number, epoch }: Lease,
  away: Away,
  node: ClusterNode,
): Mesh {
  const { services, notices, limits } = partsOf(runtime);
  const { cluster, trust = "peer", tickMs = 1_000, downAfterMs = 5_000, windowBytes = DEFAULT_WINDOW_BYTES } = options;
  const pieceBytes = limits.messageBytes + 2 * MAX_FRAME_BYTES;
  const subjects = Array.from({ length: LAST_NODE + 1 }, (_, to) => `${subjectOf(cluster, to)}.${trust}.${number}`);
  return new Mesh({
    away,
    clock: services.clock,
    callOut: notices.callOut,
    network: { publish: (to, frame) => connection.publish(subjects[to], frame) },
    node: number,
    epoch,
    options: { tickMs, downAfterMs, windowBytes, pieceBytes },
    guestLimits: { ...defaultGuestLimits, ...options.guestLimits },
    isExported: (lo, hi) => node.isExported(lo, hi),
    told: event => notices.callOut.run("onNode", () => node.told(event)),
  });
}

/** Subjects of what is sent to a node, or to all: 0. */
function subjectOf(cluster: string, to: number): string {
  return `iso.${cluster}.${to === 0 ? "all" : to < FIRST_GUEST ? "peer" : "guest"}.${to}`;
}

/** What a subscription throws is swallowed by the client, so it is reported here. */
function receive(runtime: Runtime, mesh: Mesh, error: Error | null, { subject, data }: Msg): void {
  if (error !== null) return;
  const [, , , , trust, from] = subject.split(".");
  partsOf(runtime).notices.callOut.run("a frame of a cluster", () =>
    mesh.receive(Number(from), trust !== "peer", data),
  );
}

/** Renews the number while the node is there. Returns what ends that. */
function renewing(runtime: Runtime, lease: Lease, mesh: Mesh): () => void {
  const { clock } = partsOf(runtime).services;
  let cancel: () => void;
  let isOver = false;
  const again = () => {
    cancel = clock.wake(RENEW_MS, async () => {
      if (!(await lease.renew())) mesh.replaced("another node has taken its number while this one could not renew it");
      if (!isOver) again();
    });
  };
  again();
  return () => {
    isOver = true;
    cancel();
  };
}

/** Whether the server can be reached. */
class Line {
  isConnected = true;
  onReconnect: () => void = () => undefined;

  constructor(connection: NatsConnection) {
    void this.#follow(connection.status()).catch(() => undefined);
  }

  async #follow(statuses: AsyncIterable<Status>): Promise<void> {
    for await (const { type } of statuses) {
      if (type === "disconnect") this.isConnected = false;
      if (type !== "reconnect") continue;
      this.isConnected = true;
      this.onReconnect();
    }
  }
}
