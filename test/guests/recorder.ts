// A server that tells an observer what each of its hooks gets; as a process, or as a handler. Args, as text: the observer's pid.
import {
  argsText,
  Caller,
  ExitReason,
  Kind,
  listen,
  Message,
  Pid,
  Reason,
  received,
  Server,
  self,
  sendAfter,
  sendText,
  serve,
  spawnLink,
  spawnMonitor,
  trapExit,
} from "isopod/guest";

class Recorder extends Server {
  private readonly observer: Pid = U64.parseInt(argsText());
  private kept: Caller | null = null;

  onCall(message: Message): void {
    const text = message.text();
    this.say(`call ${text}`);
    if (text === "later") this.kept = this.caller();
    else this.replyText(`${text}!`);
    if (text === "stop") this.stop();
  }

  onCast(message: Message): void {
    const text = message.text();
    this.say(`cast ${text}`);
    const kept = this.kept;
    if (text === "now" && kept !== null) kept.replyText("at last");
    const child = Uint8Array.wrap(String.UTF8.encode(this.observer.toString()));
    if (text === "link") sendText(spawnLink("subject", child).pid, "crash");
    if (text === "link and shut down") sendText(spawnLink("subject", child).pid, "shutdown");
    if (text === "monitor") sendText(spawnMonitor("subject", child).pid, "own bye");
    if (text === "tick") sendAfter(100, self(), null, 7);
    if (text === "trap") trapExit();
    if (text === "know your parent") this.parent = message.from;
    if (text === "stop in order") this.stop(Reason.Shutdown);
  }

  onInfo(message: Message): void {
    this.say(message.kind === Kind.Timer ? `info timer ${message.tag}` : `info ${ExitReason.of(message)}`);
  }

  onStop(reason: ExitReason): void {
    this.say(`stop ${reason}`);
  }

  private say(text: string): void {
    sendText(this.observer, text);
  }
}

let handler: Recorder | null = null;

listen();

export function run(): void {
  serve(new Recorder());
}

export function handle(n: i32): void {
  const message = received(n);
  let server = handler;
  if (server === null) {
    server = new Recorder();
    handler = server;
  }
  server.take(message);
}
