/** A buffer one item too full: two producers ask for room, and there is room for one of them. */
import { assert, callText, receive, register, replyText, sendText, sleep, spawn, whereis } from "isopod/guest";

const CAPACITY: i32 = 2;

export function buffer(): void {
  let items: i32 = 1;
  while (true) {
    const message = receive();
    if (message.text() === "put") items++;
    assert(items <= CAPACITY, "the buffer has more items than room");
    replyText(message, items < CAPACITY ? "room" : "full");
  }
}

export function producer(): void {
  if (callText(whereis("buffer"), "room?").text() === "room") callText(whereis("buffer"), "put");
  sendText(whereis("test"), "done");
}

export function test(): void {
  register("test");
  register("buffer", spawn("bug", null, "buffer").pid);
  spawn("bug", null, "producer");
  sleep(10);
  spawn("bug", null, "producer");
  for (let i = 0; i < 2; i++) receive();
}
