/** Calls: each reply answers its own request, and a late answer never comes into the mailbox. */
import {
  assert,
  assertEquals,
  callText,
  receive,
  receiveWithin,
  register,
  replyText,
  sendText,
  sleep,
  spawn,
  whereis,
} from "isopod/guest";

export function server(): void {
  while (true) {
    const message = receive();
    const text = message.text();
    if (text === "slow") sleep(30);
    replyText(message, text);
  }
}

export function client(): void {
  for (let i = 0; i < 3; i++) {
    const server = whereis("server");
    const question = i === 1 ? "slow" : `question ${i}`;
    const reply = callText(server, question, 20);
    if (reply.ok) assertEquals(reply.text(), question);
    else if (!reply.timedOut) assert(whereis("server") === 0, "a call ends when its callee does");
    assert(receiveWithin(0) === null, "a call leaves nothing behind");
  }
  sendText(whereis("test"), "done");
}

export function test(): void {
  register("test");
  register("server", spawn("bug", null, "server").pid);
  for (let i = 0; i < 2; i++) spawn("bug", null, "client");
  for (let i = 0; i < 2; i++) receive();
}
