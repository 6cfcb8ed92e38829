/** Connections to NATS that commands make: `nats://user:password@host:4222`. */
import type { NatsConnection } from "@nats-io/nats-core";
import { type Arguments, UsageError } from "./command.ts";

/** Which cluster, and where its server is. */
export interface ClusterPlace {
  readonly server: string;
  readonly cluster: string;
  readonly id?: number;
}

/** What `--join`, `--cluster` and `--id` say; undefined where none of them is given. */
export function clusterOf(given: Arguments, server = given.text("join")): ClusterPlace | undefined {
  const cluster = given.text("cluster");
  if (server === undefined) {
    if (cluster === undefined && !given.has("id")) return undefined;
    throw new UsageError("--cluster and --id need the address of a server: --join nats://127.0.0.1:4222");
  }
  if (cluster === undefined) throw new UsageError("which cluster? Name one: --cluster NAME");
  return { server, cluster, ...(given.has("id") && { id: given.whole("id", 0, 1, 127) }) };
}

/** Connects, and goes on trying when the server is away. Rejects with an Error that says what is missing. */
export async function connectTo(server: string): Promise<NatsConnection> {
  const { connect } = await import("@nats-io/transport-node").catch((cause: unknown) => {
    throw new Error("this needs @nats-io/transport-node: npm install @nats-io/transport-node @nats-io/kv", { cause });
  });
  const url = new URL(/^\w+:\/\//.test(server) ? server : `nats://${server}`);
  const { username, password, protocol, host } = url;
  try {
    return await connect({
      servers: host,
      maxReconnectAttempts: -1,
      ...(username !== "" && { user: decodeURIComponent(username), pass: decodeURIComponent(password) }),
      ...(protocol === "tls:" && { tls: {} }),
    });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`nothing answers as NATS at ${host} (${why}): start nats-server, or name another address`, {
      cause,
    });
  }
}
