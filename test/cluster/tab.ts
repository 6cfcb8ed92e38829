/** What the page of tab.test.ts runs: a guest of the cluster with one actor, which says hello in the lobby. */
import { wsconnect } from "@nats-io/nats-core";
import { join } from "../../host/cluster/index.ts";
import { Runtime } from "../../host/index.ts";

const parameters = new URLSearchParams(location.search);
const id = Number(parameters.get("id"));
const connection = await wsconnect({ servers: `ws://127.0.0.1:${parameters.get("port")}` });
const runtime = new Runtime();
const node = await join(runtime, connection, {
  cluster: "test",
  trust: "guest",
  id,
  tickMs: 100,
  downAfterMs: Number(parameters.get("downAfterMs")),
});
const peers = new Promise<number>(resolve => {
  const [known] = node.nodes();
  if (known !== undefined) resolve(known);
  node.onNode(({ kind, node }) => kind === "up" && resolve(node));
});
const lobby = await node.find(await peers, "lobby");
if (lobby === undefined) throw new Error("there is no lobby");
const visitor = runtime.mailbox();
document.title = await visitor.callText(lobby, "hello");
for await (const item of visitor) {
  if (item.kind !== "message") continue;
  document.body.append(new TextDecoder().decode(item.bytes));
  if (item.ref !== 0) visitor.reply(item, "thanks");
}
