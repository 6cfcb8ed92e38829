/** No bug: a token goes round a ring by messages, and is never in two places. */
import { args, assertEquals, Pid, parent, receive, self, sendText, spawn } from "isopod/guest";

export function member(): void {
  const next = load<Pid>(args().dataStart);
  while (true) {
    const message = receive();
    if (message.text() === "stop") return;
    const round = I32.parseInt(message.text());
    sendText(parent(), `holds ${round}`);
    sendText(next, `${round + 1}`);
  }
}

function memberBefore(next: Pid): Pid {
  const bytes = new Uint8Array(8);
  store<u64>(bytes.dataStart, next);
  return spawn("bug", bytes, "member").pid;
}

export function test(): void {
  const first = memberBefore(memberBefore(self()));
  sendText(first, "1");
  let seen = 0;
  // The second member passes the token back to the test, and its report may come before or after it.
  for (let i = 0; i < 3; i++) seen += receive().length;
  assertEquals<i32>(seen, 7 + 7 + 1);
}
