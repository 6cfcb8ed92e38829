/** Who is there, for those who are no node: listens to the beacons of a cluster. */
import type { NatsConnection } from "@nats-io/nats-core";
import { BEACON, frameFrom, versionOf } from "./frame.ts";

/** A node that was heard. */
export interface NodeBeacon {
  readonly node: number;
  readonly isGuest: boolean;
  /** Of the protocol. */
  readonly version: number;
  /** 0 where that version is another one than this isopod's. */
  readonly epoch: number;
}

/** Resolves after `waitMs` to the nodes that were heard, in the order of their numbers. */
export async function listen(connection: NatsConnection, cluster: string, waitMs: number): Promise<NodeBeacon[]> {
  const heard = new Map<number, NodeBeacon>();
  const subscription = connection.subscribe(`iso.${cluster}.all.>`, {
    callback: (error, { subject, data }) => {
      if (error !== null) return;
      const [, , , , kind, from] = subject.split(".");
      const frame = frameFrom(data);
      const node = Number(from);
      if (frame !== undefined && frame.kind !== BEACON) heard.delete(node);
      else heard.set(node, { node, isGuest: kind !== "peer", version: versionOf(data), epoch: frame?.epoch ?? 0 });
    },
  });
  await new Promise(resolve => setTimeout(resolve, waitMs));
  subscription.unsubscribe();
  return [...heard.values()].sort((a, b) => a.node - b.node);
}
