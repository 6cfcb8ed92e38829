/** The page of `npm run cluster`: this tab is a guest of the cluster, and its actor a member of the chat. */
import { wsconnect } from "@nats-io/nats-core";
import { json } from "../host/adapters/codec.ts";
import { join } from "../host/cluster/index.ts";
import { formatPid, Runtime } from "../host/index.ts";

const element = (id: string) => document.getElementById(id) as HTMLInputElement;
const { port = "" } = Object.fromEntries(new URL(import.meta.url).searchParams);
const connection = await wsconnect({ servers: `ws://127.0.0.1:${port}` });
const runtime = new Runtime();
const node = await join(runtime, connection, { cluster: "chat", trust: "guest" });
if (!node.nodes().includes(1)) {
  await new Promise<void>(resolve => node.onNode(event => event.node === 1 && resolve()));
}
const room = await node.find(1, "room");
if (room === undefined) throw new Error("there is no room");
const me = runtime.mailbox();
element("where").textContent = `You are ${formatPid(me.pid)}, on node ${node.id}.`;
me.send(room, json.encode(["enter", `tab ${node.id}`]));
document.forms[0].addEventListener("submit", event => {
  event.preventDefault();
  me.send(room, json.encode(["say", element("text").value]));
  element("text").value = "";
});
for await (const item of me) {
  if (item.kind !== "message") continue;
  const line = document.createElement("li");
  line.textContent = json.decode(item.bytes) as string;
  element("said").append(line);
}
