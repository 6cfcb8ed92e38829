// Keeps the arguments of its first actor, and answers with them: how often its module's code, and its entry, have
// begun. The second message of each round finds it in a recursion.
import { argsText, receive, replyText } from "isopod/guest";

let known = "";
let starts = 0;
let begun = 0;
starts++;

function deep(level: i32): i32 {
  if (level > 0) return deep(level - 1) + 1;
  return receive().length;
}

export function run(): void {
  begun++;
  if (known.length === 0) known = argsText();
  while (true) {
    replyText(receive(), known + " " + starts.toString() + " " + begun.toString());
    deep(3);
  }
}
