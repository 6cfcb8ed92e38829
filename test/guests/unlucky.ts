// Adds up what it gets and chance, answers each message, asks what time it is, and crashes when its luck runs out.
// A message: u8 what (0 add, 1 wait for tag 7 with a timeout, 2 send to itself, 3 ask the sender, 4 crash now), u32 number.
import { argsText, callText, now, Pid, receive, receiveTagWithin, self, sendText, Writer } from "isopod/guest";

let sum: u32 = 0;

export function run(): void {
  const unlucky = U32.parseInt(argsText());
  const answer = new Writer(16);
  while (true) {
    const message = receive();
    const from: Pid = message.from;
    const tag = message.tag;
    if (message.length < 5) continue;
    const what = message.u8At(0);
    sum = sum * 31 + message.u32At(1) + <u32>(Math.random() * 1000.0) + <u32>(now() * 1000.0);
    if (what === 1) {
      const waited = receiveTagWithin(7, 5);
      if (waited !== null) sum += 1;
    } else if (what === 2) {
      sendText(self(), "me", 9);
      const mine = receiveTagWithin(9, 0);
      if (mine !== null) sum += 2;
    } else if (what === 3) {
      sum += callText(from, "what now?", 1000, 3).ok ? 5 : 6;
    }
    if (what === 4 || (unlucky !== 0 && sum % unlucky === 0)) throw new Error(`unlucky at ${sum}`);
    answer.reset().u32(sum).send(from, tag);
  }
}
