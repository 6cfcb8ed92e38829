// A supervisor of subjects. Args, as text: the observer's pid, strategy, intensity, period in ms, then for each child
// "label:restart:shutdownMs". Each child is registered under its label. It is called with "start label:restart:shutdownMs" and "stop label".
import { argsText, Child, ExitReason, Message, Supervisor, sendText, supervise } from "isopod/guest";

const words = argsText().split(" ");

function child(text: string): Child {
  const parts = text.split(":");
  const made = new Child(
    parts[0] === "private" ? "private" : "subject",
    Uint8Array.wrap(String.UTF8.encode(`${words[0]} ${parts[0]}`)),
  );
  made.name = parts[0];
  made.restart = <i32>I32.parseInt(parts[1]);
  made.shutdownMs = <i32>I32.parseInt(parts[2]);
  return made;
}

class Overseer extends Supervisor {
  onCall(message: Message): void {
    const request = message.text().split(" ");
    if (request[0] === "start") {
      this.replyText(this.startChild(child(request[1])).toString());
    } else if (request[0] === "stop") {
      let stopped = false;
      for (let i = 0; i < this.children.length && !stopped; i++) {
        if (this.children[i].name === request[1]) stopped = this.stopChild(this.children[i]);
      }
      this.replyText(stopped.toString());
    } else {
      let labels = "";
      for (let i = 0; i < this.children.length; i++)
        labels += this.children[i].name + (this.children[i].pid > 0 ? "+" : "-");
      this.replyText(labels);
    }
  }

  onStop(reason: ExitReason): void {
    sendText(U64.parseInt(words[0]), `supervisor: ${reason}`);
  }
}

export function run(): void {
  const children: Child[] = [];
  for (let i = 4; i < words.length; i++) children.push(child(words[i]));
  supervise(new Overseer(<i32>I32.parseInt(words[1]), <i32>I32.parseInt(words[2]), F64.parseFloat(words[3])), children);
}
