// Selective receive: waits for the first message that begins with `reply:`. Earlier messages stay
// in the mailbox, and are taken afterwards, in order. It forwards each message that it takes to an
// observer. Args: u64, the observer's pid.

import { args, forward, Kind, log, Reader, receive, receiveWhere } from "isopod/guest";

export function run(): void {
  const observer = new Reader(args()).pid();

  const reply = receiveWhere(message => message.kind === Kind.Message && message.startsWith("reply:"));
  log(`taken first: ${reply.text()}`);
  forward(observer, reply);

  while (true) forward(observer, receive());
}
