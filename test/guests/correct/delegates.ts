/** Delegated requests: the worker answers in the server's place, or its end is the client's Down; nothing comes twice. */
import {
  assert,
  assertEquals,
  callText,
  forward,
  receive,
  receiveWithin,
  register,
  replyText,
  sendText,
  spawn,
  whereis,
} from "isopod/guest";

export function worker(): void {
  while (true) {
    const message = receive();
    replyText(message, `${message.text()}!`);
  }
}

export function server(): void {
  while (true) {
    const message = receive();
    const worker = whereis("worker");
    if (worker === 0) replyText(message, "nobody");
    else forward(worker, message);
  }
}

export function client(): void {
  const question = "question";
  for (let i = 0; i < 2; i++) {
    const reply = callText(whereis("server"), question);
    if (reply.ok) {
      const text = reply.text();
      assert(text === "question!" || text === "nobody", text);
    } else {
      assert(!reply.timedOut, "the end of the worker ends the call");
    }
    assert(receiveWithin(0) === null, "a call leaves nothing behind");
  }
  sendText(whereis("test"), "done");
}

export function test(): void {
  register("test");
  register("worker", spawn("bug", null, "worker").pid);
  register("server", spawn("bug", null, "server").pid);
  for (let i = 0; i < 2; i++) spawn("bug", null, "client");
  let done = 0;
  for (; done < 2; done++) assertEquals(receive().text(), "done");
}
