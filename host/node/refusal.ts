/** Why an actor has not accepted a message, in words that say what to do. */
import { formatPid, type Pid, type Runtime } from "../index.ts";

/** To be asked right after a `send` that returned false. */
export function whyNotSent(runtime: Runtime, to: Pid | string, bytes: Uint8Array): string {
  const pid = typeof to === "string" ? runtime.whereis(to) : to;
  if (pid === undefined) return `no actor has the name ${to}`;
  const info = runtime.info(pid);
  if (info === undefined) return `${formatPid(pid)} has ended`;
  const { messageBytes } = runtime.limits;
  if (bytes.length > messageBytes) return `it has ${bytes.length} bytes, and the limit messageBytes is ${messageBytes}`;
  const full = `the mailbox of ${formatPid(pid)} is full (${info.mailboxItems} items, ${info.mailboxBytes} bytes)`;
  return `${full}, because the actor does not take its messages; the limits are mailboxMessages and mailboxBytes`;
}
