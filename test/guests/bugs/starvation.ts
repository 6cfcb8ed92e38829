/** Starvation behind a selective receive: as long as urgent requests come, the others wait. */
import {
  assert,
  callText,
  receive,
  receiveTagWithin,
  register,
  replyText,
  sendText,
  spawn,
  whereis,
} from "isopod/guest";

const URGENT: i32 = 1;

export function server(): void {
  while (true) {
    let message = receiveTagWithin(URGENT, 0);
    if (message === null) message = receive();
    replyText(message, "done");
  }
}

export function urgent(): void {
  for (let i = 0; i < 4; i++) callText(whereis("server"), "urgent", 5000, URGENT);
  sendText(whereis("test"), "urgent");
}

export function patient(): void {
  callText(whereis("server"), "patient");
  sendText(whereis("test"), "patient");
}

export function test(): void {
  register("test");
  register("server", spawn("bug", null, "server").pid);
  spawn("bug", null, "patient");
  for (let i = 0; i < 2; i++) spawn("bug", null, "urgent");
  let left = 2;
  while (receive().text() === "urgent") left--;
  assert(left > 0, "the patient client waited for all the others");
}
