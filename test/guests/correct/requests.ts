/** Many requests at once: each has one reply, whatever becomes of its callee. */
import {
  assert,
  assertEquals,
  Pid,
  Requests,
  receive,
  receiveWithin,
  replyText,
  requestText,
  sleep,
  spawn,
} from "isopod/guest";

export function worker(): void {
  const message = receive();
  const text = message.text();
  if (text === "1") sleep(50);
  replyText(message, text);
}

export function test(): void {
  const all = new Requests();
  const pids: Pid[] = [];
  for (let i = 0; i < 3; i++) {
    pids.push(spawn("bug", null, "worker").pid);
    all.add(requestText(pids[i], `${i}`));
  }
  let over = 0;
  for (let next = all.waitAny(20); next !== null; next = all.waitAny(20)) {
    over++;
    if (next.reply.ok) assertEquals(next.to, pids[I32.parseInt(next.reply.text())]);
  }
  all.cancel();
  assert(over <= 3);
  assert(receiveWithin(5_000) === null, "requests leave nothing behind");
}
