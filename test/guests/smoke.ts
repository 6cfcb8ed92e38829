// Answers calls, which say what to do: "add N", "later MS", "crash", "spin". "get" answers the sum.

import { Caller, Kind, receive, replyText, self, sendAfter } from "isopod/guest";

export function run(): void {
  let sum = 0;
  let waiting: Caller | null = null;
  while (true) {
    const item = receive();
    if (item.kind === Kind.Timer) {
      if (waiting !== null) waiting.replyText("rang");
      continue;
    }
    const words = item.text().split(" ");
    if (words[0] === "later") {
      waiting = Caller.of(item);
      sendAfter(<u32>U32.parseInt(words[1]), self());
      continue;
    }
    if (words[0] === "crash") throw new Error("as it was told");
    if (words[0] === "spin") while (true) sum++;
    if (words[0] === "add") sum += <i32>I32.parseInt(words[1]);
    replyText(item, sum.toString());
  }
}
