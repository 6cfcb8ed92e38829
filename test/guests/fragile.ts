// Breaks when it is told to, in a way of its own for each kind of item; as a process, or as a handler. Args, as text: "at birth" to break at once.
// "break" breaks; "watch PID", "trap PID" and "wait MS" break upon the Down, the Exit and the timer that come of it. All else is received and no more.
import {
  argsText,
  exitText,
  Kind,
  link,
  listen,
  Message,
  monitor,
  receive,
  received,
  self,
  sendAfter,
  trapExit,
} from "isopod/guest";

listen();
if (argsText() === "at birth") throw new Error("born broken");

export function run(): void {
  while (true) take(receive());
}

export function handle(n: i32): void {
  take(received(n));
}

function take(item: Message): void {
  if (item.kind !== Kind.Message) throw new Error("not a message");
  const what = item.text();
  const number = what.substring(what.indexOf(" ") + 1);
  if (what.startsWith("break")) throw new Error("broken");
  if (what.startsWith("watch ")) monitor(U64.parseInt(number));
  if (what.startsWith("trap ")) {
    trapExit();
    link(U64.parseInt(number));
  }
  if (what.startsWith("wait "))
    sendAfter(<u32>U32.parseInt(number), self(), Uint8Array.wrap(String.UTF8.encode("over")), 9);
  if (what === "leave") exitText("gone home");
}
