/** A node in a process of its own, for tests that stop processes: `node echo-process.ts PORT ID`. It answers calls. */
import { connect } from "@nats-io/transport-node";
import { join } from "../../host/cluster/join.ts";
import { Runtime } from "../../host/runtime.ts";

const [port, id] = process.argv.slice(2).map(Number);
const connection = await connect({ servers: `127.0.0.1:${port}`, reconnectTimeWait: 20, maxReconnectAttempts: -1 });
const runtime = new Runtime();
await join(runtime, connection, { cluster: "test", id, tickMs: 100, downAfterMs: 1_000 });
const mailbox = runtime.mailbox();
runtime.register("echo", mailbox.pid);
let received = 0;
mailbox.onArrival(() => {
  for (let item = mailbox.poll(); item !== undefined; item = mailbox.poll()) {
    if (item.kind !== "message") continue;
    received++;
    if (item.ref !== 0) mailbox.reply(item, `${received}`);
  }
  return false;
});
process.stdout.write("ready\n");
