/** Unlink race: the Exit of a helper is in the mailbox before the unlink, and nobody expects it there. */
import {
  assert,
  callText,
  Kind,
  parent,
  receive,
  receiveTag,
  register,
  replyText,
  sendText,
  sleep,
  spawn,
  spawnLink,
  trapExit,
  unlink,
  whereis,
} from "isopod/guest";

const RESULT: i32 = 1;

export function helper(): void {
  sendText(parent(), "result", RESULT);
  sleep(10);
}

export function store(): void {
  while (true) {
    const message = receive();
    replyText(message, "stored");
    sendText(message.from, "news");
  }
}

export function test(): void {
  trapExit();
  register("store", spawn("bug", null, "store").pid);
  const helper = spawnLink("bug", null, "helper").pid;
  receiveTag(RESULT);
  callText(whereis("store"), "result");
  unlink(helper);
  assert(receive().kind === Kind.Message, "it has unlinked the helper");
}
