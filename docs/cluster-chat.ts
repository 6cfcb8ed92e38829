/**
 * `npm run cluster`: a chat of browser tabs. It starts a nats-server, two nodes and a server of one page. Each tab that
 * opens the page is a node, too: a guest, whose actor is one member of the chat.
 *
 * The room lives on node 1. A bot lives on node 2. When the end of a tab is told, its member has left.
 */
import { createServer } from "node:http";
import { join as joined } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { json } from "../host/adapters/codec.ts";
import { join } from "../host/cluster/index.ts";
import { createRuntime, formatPid, type HostMailbox, type Pid } from "../host/node/index.ts";
import { NatsServer, NO_NATS, natsServer } from "../test/support/nats.ts";

const CLUSTER = "chat";
const HERE = fileURLToPath(new URL(".", import.meta.url));

/** Sends what one member says to all others. Members are asked for their names, and monitored. */
async function room(mailbox: HostMailbox): Promise<void> {
  const names = new Map<Pid, string>();
  const tell = (text: string) => {
    for (const member of names.keys()) mailbox.send(member, json.encode(text));
  };
  for await (const item of mailbox) {
    if (item.kind === "down") {
      const name = names.get(item.from);
      names.delete(item.from);
      tell(`${name} has left`);
    }
    if (item.kind !== "message") continue;
    const [what, text] = json.decode(item.bytes) as [string, string];
    if (what === "enter" && !names.has(item.from)) {
      names.set(item.from, text.slice(0, 40));
      mailbox.monitor(item.from);
      tell(`${names.get(item.from)} has come: ${formatPid(item.from)}`);
    } else if (what === "say" && names.has(item.from)) {
      tell(`${names.get(item.from)}: ${text.slice(0, 1_000)}`);
    }
  }
}

/** Answers questions. */
async function bot(mailbox: HostMailbox, room: Pid): Promise<void> {
  mailbox.send(room, json.encode(["enter", "bot"]));
  for await (const item of mailbox) {
    if (item.kind !== "message") continue;
    const said = json.decode(item.bytes) as string;
    if (said.endsWith("?") && !said.startsWith("bot")) mailbox.send(room, json.encode(["say", "Who knows."]));
  }
}

if (natsServer === undefined) throw new Error(NO_NATS);
const nats = await NatsServer.start();
const [first, second] = [createRuntime({ quiet: true }), createRuntime({ quiet: true })];
const one = await join(first, await nats.connect(), { cluster: CLUSTER, id: 1, exports: ["room"] });
const two = await join(second, await nats.connect(), { cluster: CLUSTER, id: 2 });
one.onNode(({ kind, node, why }) => console.log(`node ${node} is ${kind}: ${why}`));
const pid = first.actor(room);
first.register("room", pid);
if (!two.nodes().includes(1)) await new Promise<void>(resolve => two.onNode(() => resolve()));
second.actor(mailbox => bot(mailbox, pid));

const built = await rolldown({ input: joined(HERE, "cluster-chat-page.ts"), platform: "browser" });
const { output } = await built.generate({ format: "esm", dir: "page" });
const html = `<!doctype html><meta charset="utf-8"><title>isopod: a chat of tabs</title>
<style>body { font: 16px system-ui; max-width: 40rem; margin: 2rem auto } li { list-style: none }</style>
<h1>A chat of tabs</h1><p id="where">joining…</p><ul id="said"></ul><form><input id="text" autofocus size="60"></form>
<script type="module" src="/cluster-chat-page.js?port=${nats.webSocket}"></script>`;
const server = createServer(({ url = "/" }, response) => {
  const name = url.slice(1).split("?")[0];
  const chunk = output.find(file => file.type === "chunk" && file.fileName === name);
  response.setHeader("content-type", chunk === undefined ? "text/html" : "text/javascript");
  response.end(chunk?.type === "chunk" ? chunk.code : html);
});
server.listen(Number(process.env.PORT ?? 0), "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object") console.log(`open two tabs at http://127.0.0.1:${address?.port}/`);
});
process.once("SIGINT", async () => {
  await one.close();
  await two.close();
  await nats.stop();
  process.exit(130);
});
