// A supervisor of subjects. Args, as text: the observer's pid, strategy, intensity, period in ms, then for each child
// "label:restart:shutdownMs". Each child is registered under its label, unless that begins with "_"; one that begins with "~" has its label as its name
// only and says nothing. It is called with "start label:restart:shutdownMs", "stop label", and "fail label times": then the next starts of that child fail.
import { argsText, Child, ExitReason, Level, log, Message, Supervisor, sendText, supervise } from "isopod/guest";

const words = argsText().split(" ");

function child(text: string): Child {
  const parts = text.split(":");
  const made = new Child(
    parts[0] === "private" ? "private" : "subject",
    Uint8Array.wrap(String.UTF8.encode(parts[0].startsWith("~") ? words[0] : `${words[0]} ${parts[0]}`)),
  );
  if (!parts[0].startsWith("_")) made.name = parts[0];
  made.restart = <i32>I32.parseInt(parts[1]);
  made.shutdownMs = <i32>I32.parseInt(parts[2]);
  return made;
}

class Overseer extends Supervisor {
  /** By name: how many of the next starts fail. */
  private readonly failures: Map<string, i32> = new Map();

  /** The entry that a child's next start names: one that is missing where it is to fail. */
  private prepare(child: Child): void {
    const fails = this.failures.has(child.name) && this.failures.get(child.name) > 0;
    child.entry = fails ? "nowhere" : "";
  }

  private named(name: string): Child | null {
    for (let i = 0; i < this.children.length; i++) if (this.children[i].name === name) return this.children[i];
    return null;
  }

  onFailedStart(child: Child, why: string): void {
    if (!why.endsWith("no such entry")) {
      super.onFailedStart(child, why);
      return;
    }
    log(`fail ${child.name}`, Level.Debug);
    if (this.failures.has(child.name)) this.failures.set(child.name, this.failures.get(child.name) - 1);
    this.prepare(child);
  }

  onCall(message: Message): void {
    const request = message.text().split(" ");
    if (request[0] === "start") {
      const present = this.named(request[1].split(":")[0]);
      const wanted = present === null ? child(request[1]) : present;
      this.prepare(wanted);
      this.replyText(this.startChild(wanted).toString());
    } else if (request[0] === "fail") {
      this.failures.set(request[1], <i32>I32.parseInt(request[2]));
      const present = this.named(request[1]);
      if (present !== null) this.prepare(present);
      this.replyText("true");
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
