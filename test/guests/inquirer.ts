// Asks several at once. Arguments, as text: the pid of the observer, then those of the callees. It tells the observer what comes of it.

import {
  argsText,
  exit,
  listen,
  Message,
  Outcome,
  Pid,
  Reply,
  Request,
  Requests,
  receive,
  received,
  receiveWithin,
  requestText,
  Server,
  self,
  sendText,
  serve,
} from "isopod/guest";

let observer: Pid = 0;
const callees: Pid[] = [];

listen();

function begin(): void {
  const given = argsText().split(" ");
  observer = U64.parseInt(given[0]);
  for (let i = 1; i < given.length; i++) callees.push(U64.parseInt(given[i]));
}

function say(text: string): void {
  sendText(observer, text);
}

function inWords(reply: Reply): string {
  return reply.ok ? reply.text() : reply.toString();
}

/** Whose request it was, and what came of it. */
function line(request: Request): string {
  return `${callees.indexOf(request.to)}: ${inWords(request.reply)}`;
}

function askAll(): Requests {
  const asked = new Requests();
  for (let i = 0; i < callees.length; i++) asked.add(requestText(callees[i], `question ${i}`));
  return asked;
}

/** One after the other, in the order in which they are over; what else comes stays where it is. */
export function any(): void {
  begin();
  const asked = askAll();
  for (let over = asked.waitAny(100); over !== null; over = asked.waitAny(100)) say(line(over));
  say(`${asked.size} left`);
  asked.cancel();
  for (let other = receiveWithin(0); other !== null; other = receiveWithin(0)) say(other.text());
}

export function all(): void {
  begin();
  const asked = new Requests();
  const requests: Request[] = [];
  for (let i = 0; i < callees.length; i++) requests.push(asked.add(requestText(callees[i], "question")));
  asked.waitAll(100);
  for (let i = 0; i < requests.length; i++) say(line(requests[i]));
  const rest = receiveWithin(1000);
  say(`${asked.size} left, ${rest === null ? "nothing else" : rest.text()}`);
}

/** Waits for each in turn, the last one first. */
export function each(): void {
  begin();
  const requests: Request[] = [];
  for (let i = 0; i < callees.length; i++) requests.push(requestText(callees[i], "question"));
  for (let i = requests.length - 1; i >= 0; i--) {
    requests[i].wait(100);
    say(line(requests[i]));
  }
  say(receiveWithin(1000) === null ? "nothing else" : "something else");
}

export function cancels(): void {
  begin();
  const request = requestText(callees[0], "question");
  say(`${request.isOver} ${request.cancel()} ${request.cancel()} ${inWords(request.wait())}`);
  say(receiveWithin(1000) === null ? "nothing else" : "something else");
}

export function own(): void {
  begin();
  say(inWords(requestText(self(), "question").wait()));
  // Whoever serves it in between is answered.
  const request = requestText(self(), "again");
  receive();
  const again = receive();
  sendText(again.from, "by myself", again.ref);
  say(inWords(request.wait()));
}

class Asker extends Server {
  onCast(message: Message): void {
    if (message.tag === 1) say("cast");
    else for (let i = 0; i < callees.length; i++) this.expect(requestText(callees[i], "question"));
  }

  onCall(_message: Message): void {}

  onInfo(_message: Message): void {
    say("info");
  }

  onReply(request: Request): void {
    say(line(request));
  }
}

export function serves(): void {
  begin();
  serve(new Asker());
}

const pending: Request[] = [];

/** A handler: asks with its first item, and takes the replies as they come. */
export function handle(n: i32): void {
  const message = received(n);
  if (observer === 0) {
    begin();
    for (let i = 0; i < callees.length; i++) pending.push(requestText(callees[i], "question"));
    return;
  }
  for (let i = 0; i < pending.length; i++) {
    const reply = pending[i].take(message);
    if (reply === null) continue;
    say(`${i}: ${inWords(reply)}`);
    return;
  }
  say(`not a reply: ${message.text()}`);
  if (message.text() === "end") exit();
  // It is over, so nothing more comes of it.
  if (message.text() === "cancel")
    for (let i = 0; i < pending.length; i++)
      if (pending[i].cancel()) say(`${i}: ${pending[i].reply.outcome === Outcome.Cancelled}`);
}
