// Selective receive: waits for the first message that begins with `reply:`, however many others come before it; they stay
// in the mailbox and are taken afterwards, in order. Tells an observer what it takes. Args: u64, the observer's pid.

import { args, forward, Kind, log, Reader, receive, receiveWhere } from "isopod/guest";

export function run(): void {
  const observer = new Reader(args()).pid();

  const reply = receiveWhere(message => message.kind === Kind.Message && message.startsWith("reply:"));
  log(`taken first: ${reply.text()}`);
  forward(observer, reply);

  while (true) forward(observer, receive());
}
