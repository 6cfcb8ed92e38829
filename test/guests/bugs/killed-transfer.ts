/** A transfer killed between its two writes: the money has left one account and has not come to the other. */
import { assertEquals, callText, receive, register, replyText, spawn, spawnMonitor, whereis } from "isopod/guest";

export function account(): void {
  let balance: i64 = 100;
  while (true) {
    const message = receive();
    balance += I64.parseInt(message.text());
    replyText(message, balance.toString());
  }
}

export function transfer(): void {
  callText(whereis("alice"), "-10");
  callText(whereis("bob"), "10");
}

export function test(): void {
  register("alice", spawn("bug", null, "account").pid);
  register("bob", spawn("bug", null, "account").pid);
  spawnMonitor("bug", null, "transfer");
  receive();
  const alice = I64.parseInt(callText(whereis("alice"), "0").text());
  const bob = I64.parseInt(callText(whereis("bob"), "0").text());
  assertEquals<i64>(alice + bob, 200, "the money of both");
}
