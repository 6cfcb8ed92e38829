// Reads messages at the wrong time. Arguments of the entries, as text: what to read with, see READERS of test/stale-message.test.ts.

import {
  argsText,
  Caller,
  CborReader,
  callText,
  ExitReason,
  forward,
  listen,
  Matcher,
  Message,
  receive,
  received,
  receiveMatch,
  receiveTagWithin,
  receiveWhereWithin,
  receiveWithin,
  reply,
  Server,
  self,
  sendText,
  serve,
} from "isopod/guest";

listen();

/** Tells whoever has sent the message at hand, the host's mailbox. */
function say(message: Message, text: string): void {
  sendText(message.from, text);
}

function readBy(reader: i32, message: Message): void {
  if (reader === 0) message.kind;
  else if (reader === 1) message.tag;
  else if (reader === 2) message.from;
  else if (reader === 3) message.ref;
  else if (reader === 4) message.reason;
  else if (reader === 5) message.length;
  else if (reader === 6) message.ptr;
  else if (reader === 7) message.available;
  else if (reader === 8) message.u8At(0);
  else if (reader === 9) message.bytes();
  else if (reader === 10) message.text();
  else if (reader === 11) message.startsWith("x");
  else if (reader === 12) message.reader();
  else if (reader === 13) message.copy();
  else if (reader === 14) forward(self(), message);
  else if (reader === 15) reply(message, new Uint8Array(0));
  else if (reader === 16) ExitReason.of(message);
  else if (reader === 17) Caller.of(message);
  else if (reader === 18) new CborReader().read(message);
}

/** Reads a message after so many others. */
export function reads(): void {
  const given = argsText().split(" ");
  const first = receive();
  for (let i = I32.parseInt(given[1]); i > 0; i--) receive();
  readBy(I32.parseInt(given[0]), first);
}

/** A second message that is too long for the window. */
export function grows(): void {
  const first = receive();
  const second = receive();
  say(second, second.text().length.toString());
  first.text();
}

export function copies(): void {
  const first = receive().copy();
  const second = receive();
  const isSame = first.from === second.from && first.length === first.bytes().length;
  say(
    second,
    `${first.kind} ${first.tag} ${first.ref} ${first.text()} ${first.reader().u8()} ${isSame}, then ${second.text()}`,
  );
}

/** Receives that find nothing: all but those by a predicate leave the message as it is. */
export function finds_nothing(): void {
  const first = receive();
  receiveWithin(0);
  receiveWithin(1);
  receiveTagWithin(99, 1);
  callText(self(), "nobody");
  say(first, first.text());
  receiveWhereWithin(message => message.tag === 99, 1);
  first.text();
}

class SameText extends Matcher {
  constructor(private readonly as: Message) {
    super();
  }

  matches(message: Message): bool {
    return message.text().startsWith(this.as.text());
  }
}

/** Compares candidates with a message, which is none any more. */
export function compares(): void {
  receiveMatch(new SameText(receive()));
}

class Keeper extends Matcher {
  kept: Message | null = null;

  matches(message: Message): bool {
    if (this.kept === null) this.kept = message;
    return message.tag === 1;
  }
}

/** Keeps a candidate. */
export function keeps(): void {
  const keeper = new Keeper();
  const found = receiveMatch(keeper);
  say(found, found.text());
  const kept = keeper.kept;
  if (kept !== null) kept.text();
}

class Careless extends Server {
  onCall(message: Message): void {
    receiveWithin(1000);
    this.replyText(message.text());
  }
}

export function serves(): void {
  serve(new Careless());
}

let kept: Message | null = null;

/** Reads in each call what it was called for before. */
export function handle(n: i32): void {
  const before = kept;
  const message = received(n);
  say(message, message.text());
  if (before !== null) before.text();
  kept = message;
}
