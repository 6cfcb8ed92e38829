/** A timer that fires after its cancel: it has fired already, and its item waits in the mailbox. */
import { assert, cancelTimer, Kind, parent, receive, receiveTag, self, sendAfter, sendText, spawn } from "isopod/guest";

const PING: i32 = 1;

export function client(): void {
  sendText(parent(), "ping", PING);
  sendText(parent(), "bye");
}

export function test(): void {
  spawn("bug", null, "client");
  const timer = sendAfter(100, self(), null, 2);
  receiveTag(PING);
  cancelTimer(timer);
  assert(receive().kind === Kind.Message, "it has cancelled the timer");
}
