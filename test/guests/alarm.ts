// Sets and cancels timers as it is told, and tells an observer of each that comes. Args, as text: the observer's pid.
// "set DELAY PID TAG", "cancel INDEX" (the timers are counted from 0 as they are set), "end".
import { argsText, cancelTimer, exit, Kind, Pid, Ref, receive, sendAfter, sendText } from "isopod/guest";

const refs: Ref[] = [];

export function run(): void {
  const observer: Pid = U64.parseInt(argsText());
  while (true) {
    const item = receive();
    if (item.kind === Kind.Timer) {
      sendText(observer, `timer ${item.tag} of ${item.from}: ${item.text()}, index ${refs.indexOf(item.ref)}`);
      continue;
    }
    const words = item.text().split(" ");
    if (words[0] === "end") exit();
    if (words[0] === "cancel") {
      sendText(observer, `cancelled ${cancelTimer(refs[<i32>I32.parseInt(words[1])])}`);
    } else {
      const payload = Uint8Array.wrap(String.UTF8.encode(words[3]));
      refs.push(sendAfter(<u32>U32.parseInt(words[1]), U64.parseInt(words[2]), payload, <i32>I32.parseInt(words[3])));
    }
  }
}
