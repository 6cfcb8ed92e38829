// Asks functions of the embedder. Arguments: the pid of the observer, which it tells in texts what comes of it.

import {
  argsText,
  ask,
  askText,
  CborReader,
  CborWriter,
  listen,
  Pid,
  question,
  questionText,
  Reply,
  Request,
  Requests,
  received,
  sendText,
} from "isopod/guest";

let observer: Pid = 0;

function say(text: string): void {
  sendText(observer, text);
}

function begin(): void {
  observer = U64.parseInt(argsText());
}

function inWords(reply: Reply): string {
  return reply.ok ? reply.text() : reply.toString();
}

/** One question after the other. */
export function waits(): void {
  begin();
  say(inWords(askText("db.echo", "at once")));
  say(inWords(askText("db.later", "later")));
  say(inWords(ask("db.echo", Uint8Array.wrap(String.UTF8.encode("bytes")))));
  say(inWords(askText("db.nöbody", "")));
  say(inWords(askText("db.imported", "")));
  say(inWords(askText("secret.get", "")));
  say(inWords(askText("db.long", "")));
  say(inWords(askText("db.never", "", 10)));
  say(inWords(askText("db.later", "last")));
}

/** Several at once, of which one is never answered. */
export function races(): void {
  begin();
  const asked = new Requests();
  asked.add(questionText("db.never", ""));
  asked.add(questionText("db.later", "second"));
  asked.add(questionText("db.echo", "first"));
  asked.add(questionText("secret.get", ""));
  for (let over = asked.waitAny(100); over !== null; over = asked.waitAny(100))
    say(`${over.to} ${inWords(over.reply)}`);
  say(`${asked.size} left`);
  asked.cancel();
}

/** A value of the embedder's, by CBOR. */
export function values(): void {
  begin();
  const request = new CborWriter().array(2).int(40).int(2).toBytes();
  const reply = ask("db.add", request);
  const reader = new CborReader().read(reply.message);
  const count = reader.array();
  say(`${count} ${reader.bool()} ${reader.int()}`);
}

/** A handler asks, and takes the answer among its items. */
let waiting: Request | null = null;
listen();
export function handle(n: i32): void {
  const message = received(n);
  const asked = waiting;
  if (asked !== null) {
    const reply = asked.take(message);
    if (reply !== null) {
      say(inWords(reply));
      waiting = null;
    }
    return;
  }
  begin();
  say(inWords(askText("db.echo", "also here", 0)));
  const later = question("db.later", Uint8Array.wrap(String.UTF8.encode("in a handler")));
  say(`over: ${later.isOver}`);
  waiting = later;
}
