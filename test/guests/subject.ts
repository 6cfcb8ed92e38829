// Does what it is told by texts, and tells an observer. Args, as text: the observer's pid, a label or nothing, a third's pid.
// With a label it traps exits, and says "<label> up" at its start and "<label> down" when it is asked to stop; with one that
// begins with "!" it does not stop.
import {
  argsText,
  Caller,
  callText,
  exitText,
  forward,
  Kind,
  Message,
  Pid,
  Reason,
  receive,
  replyText,
  self,
  sendText,
  shutdown,
  trapExit,
} from "isopod/guest";

let observer: Pid = 0;
let waiting: Caller | null = null;

export function run(): void {
  const given = argsText().split(" ");
  observer = U64.parseInt(given[0]);
  const label = given.length > 1 ? given[1] : "";
  if (label.length > 0) {
    trapExit();
    sendText(observer, `${label} up`);
  }
  while (true) {
    const message = receive();
    if (message.kind === Kind.Message) {
      if (message.text() === "end") return;
      obey(message);
    } else if (message.kind === Kind.Exit && message.reason === Reason.Shutdown && !label.startsWith("!")) {
      sendText(observer, `${label} down`);
      shutdown();
    }
  }
}

/** Sends its observer three messages and ends for a reason of its own. */
export function talks(): void {
  observer = U64.parseInt(argsText());
  for (let i = 1; i <= 3; i++) sendText(observer, i.toString());
  exitText("said it all");
}

function obey(message: Message): void {
  const what = message.text();
  if (what === "crash") throw new Error("a bad day");
  if (what === "shutdown") shutdown();
  if (what.startsWith("own ")) exitText(what.substring(4));
  if (what === "ask") replyText(message, "answer");
  if (what === `ask whether I am ${self().toString()}`) replyText(message, "yes");
  if (what === "ask for much") replyText(message, "much ".repeat(100));
  // A second answer, and the end right behind the first.
  if (what === "ask twice") {
    replyText(message, "first");
    replyText(message, "second");
    exitText("answered");
  }
  if (what === "ask later") waiting = Caller.of(message);
  if (what === "now") {
    const caller = waiting;
    if (caller !== null) sendText(observer, `sent: ${caller.replyText("later").toString()}`);
  }
  if (what === "ask through") {
    const caller = Caller.of(message);
    caller.replyText(askThird());
  }
  if (what.startsWith("delegate ")) Caller.of(message).delegateText(third(), what.substring(9));
  // The third has no third: it answers.
  if (what === "ask by forward") {
    if (third() === 0) replyText(message, "forwarded");
    else forward(third(), message);
  }
  if (what === "ask carelessly") replyText(message, askThird());
}

function askThird(): string {
  return callText(third(), "ask").text();
}

function third(): Pid {
  const given = argsText().split(" ");
  return given.length > 2 ? U64.parseInt(given[2]) : 0;
}
