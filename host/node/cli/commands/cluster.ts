/** `isopod cluster ls`: the nodes of a cluster that are there, by listening. */
import { listen, type NodeBeacon } from "../../../cluster/listen.ts";
import { type Arguments, type Command, UsageError } from "../command.ts";
import { clusterOf, connectTo } from "../nats.ts";

const options: Command["options"] = { cluster: { type: "string" }, wait: { type: "string" } };

export const cluster: Command = {
  name: "cluster",
  help: `Lists the nodes of a cluster that are there.

Usage: isopod cluster ls <nats://host:4222> --cluster NAME [options]

It only listens: each node tells that it is there once a tick.

Options:
  --cluster NAME  the cluster
  --wait MS       how long to listen; default 2500
  -h, --help      prints this

Exit code: 0; 1 if no node is there, or no server; 2 if the command line is wrong.
`,
  options,
  run: given => ls(given),
};

async function ls(given: Arguments): Promise<number> {
  const [what, server, ...others] = given.positionals;
  if (what !== "ls" || others.length > 0) throw new UsageError("what about the cluster? There is: isopod cluster ls");
  if (server === undefined) throw new UsageError("which server? Name its address, for example nats://127.0.0.1:4222");
  const place = clusterOf(given, server);
  if (place === undefined) throw new UsageError("which cluster? Name one: --cluster NAME");
  const waitMs = given.whole("wait", 2_500, 1, 60_000);
  const connection = await connectTo(place.server);
  const nodes = await listen(connection, place.cluster, waitMs);
  await connection.close();
  if (nodes.length === 0) process.stderr.write(`isopod: no node of ${place.cluster} was heard in ${waitMs} ms\n`);
  for (const node of nodes) process.stdout.write(`${line(node)}\n`);
  return nodes.length > 0 ? 0 : 1;
}

function line({ node, isGuest, version, epoch }: NodeBeacon): string {
  // The epoch of a node with a configured number is a time.
  const since = epoch > 1e12 ? new Date(epoch).toISOString() : `revision ${epoch}`;
  return `${`${node}`.padStart(3)}  ${isGuest ? "guest" : "peer "}  protocol ${version}  ${since}`;
}
