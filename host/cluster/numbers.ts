/**
 * The number of a node, which no other node of its cluster has: a key in a KV bucket of NATS, which expires unless
 * its holder renews it. The revision of the key is the node's epoch, so it is greater than that of each holder
 * before.
 */
import type { KV } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/nats-core";
import { IsopodError } from "../wire/errors.ts";
import { FIRST_GUEST, LAST_NODE } from "./mesh.ts";

/** How long a number is taken after its holder was heard of last. */
export const LEASE_MS = 10_000;
export const RENEW_MS = 3_000;

/** The number of one node. */
export interface Lease {
  readonly node: number;
  readonly epoch: number;
  /** False: another node has it. Where the bucket cannot be reached, it stays. */
  renew(): Promise<boolean>;
  /** Others may have it. */
  release(): Promise<void>;
}

/** Opens a bucket, or makes it. Rejects with an IsopodError that says what is missing. */
export async function bucketOf(
  connection: NatsConnection,
  name: string,
  options: { readonly ttl?: number },
): Promise<KV> {
  const { Kvm } = await import("@nats-io/kv").catch((cause: unknown) => {
    const text = "the package @nats-io/kv is missing: npm install @nats-io/kv, or give the node an id";
    throw new IsopodError("ISOPOD_JOIN", text, { cause });
  });
  try {
    return await new Kvm(connection).create(name, { history: 1, ...options });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const text = `the KV bucket ${name} cannot be used (${why}): start nats-server with --jetstream, allow it (docs/cluster.md), or give the node an id`;
    throw new IsopodError("ISOPOD_JOIN", text, { cause });
  }
}

/** Takes a free number, at random, so that a number rests before it is used again. */
export async function takeNumber(connection: NatsConnection, cluster: string, isGuest: boolean): Promise<Lease> {
  const kv = await bucketOf(connection, `iso_${cluster}_${isGuest ? "guests" : "peers"}`, { ttl: LEASE_MS });
  const holder = crypto.randomUUID();
  const first = isGuest ? FIRST_GUEST : 1;
  const count = (isGuest ? LAST_NODE + 1 : FIRST_GUEST) - first;
  const begin = Math.floor(Math.random() * count);
  for (let i = 0; i < count; i++) {
    const node = first + ((begin + i) % count);
    const revision = await created(kv, `node.${node}`, holder);
    if (revision !== 0) return leaseOf(kv, node, revision, holder);
  }
  throw new IsopodError("ISOPOD_JOIN", `all ${count} numbers of the cluster ${cluster} are taken`);
}

/** The revision of a new key; 0: there is such a key. */
async function created(kv: KV, key: string, value: string): Promise<number> {
  try {
    return await kv.create(key, value);
  } catch (error) {
    const known = await kv.get(key);
    if (known !== null && known.operation === "PUT") return 0;
    throw error;
  }
}

function leaseOf(kv: KV, node: number, epoch: number, holder: string): Lease {
  const key = `node.${node}`;
  let revision = epoch;
  return {
    node,
    epoch,
    async renew() {
      try {
        revision = await kv.update(key, holder, revision);
        return true;
      } catch {
        return again();
      }
    },
    async release() {
      await kv.delete(key, { previousSeq: revision }).catch(() => undefined);
    },
  };

  /** The key may have expired, or be another's; or its bucket cannot be reached. */
  async function again(): Promise<boolean> {
    try {
      const known = await kv.get(key);
      if (known !== null && known.operation === "PUT") {
        if (known.string() !== holder) return false;
        revision = known.revision;
        return true;
      }
      revision = await kv.create(key, holder);
    } catch {
      // Others cannot take it either. The next renewal tries again.
    }
    return true;
  }
}
