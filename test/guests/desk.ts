// Answers calls: at once with what it was asked and "!", or later, or in a worse way.
// A request: "keep N" is answered when it is told "answer N …", in that order; it tells who told it what became of each answer.
import { Caller, exitText, kill, link, Message, Server, sendText, serve } from "isopod/guest";

class Desk extends Server {
  private readonly kept: Map<i32, Caller> = new Map();

  onCall(message: Message): void {
    const text = message.text();
    if (text.startsWith("keep ")) this.kept.set(I32.parseInt(text.substring(5)), this.caller());
    else if (text === "tag") this.replyText(message.tag.toString());
    else if (text === "crash") throw new Error("a bad day");
    else if (text === "leave") exitText("gone home");
    else if (text === "kill the caller") kill(message.from);
    else if (text === "link and crash") {
      link(message.from);
      throw new Error("a bad day");
    } else this.replyText(`${text}!`);
  }

  onCast(message: Message): void {
    const keys = message.text().split(" ");
    const from = message.from;
    let sent = "";
    for (let i = 1; i < keys.length; i++) {
      sent += this.kept.get(I32.parseInt(keys[i])).replyText(`answer ${keys[i]}`).toString();
    }
    sendText(from, sent);
  }
}

export function run(): void {
  serve(new Desk());
}
