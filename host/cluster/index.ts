/**
 * `isopod/cluster`: runtimes of several processes, machines and pages as nodes of one cluster, over NATS.
 *
 * Guarantee: what holds for actors of one runtime holds for those of several. Signals of a pair arrive in order. They
 * are lost only with a link, and then every tie over it is told `noconnection`. A message arrives once or never.
 *
 * The room imports host/runtime.ts, away/, the adapters and the rooms before them.
 */
export { PlaceError } from "../away/agent.ts";
export type { GuestLimits } from "./guard.ts";
export { type JoinOptions, join } from "./join.ts";
export type { ClusterCounters, NodeEvent } from "./mesh.ts";
export type { ClusterNode, RemoteSpawnOptions } from "./node.ts";
