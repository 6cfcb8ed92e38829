// Polls, and never waits, until a message comes; then tells how often it has polled. Gives up after GIVE_UP polls, so that a host in which nobody else gets a
// turn meanwhile fails the test instead of hanging it.

import {
  args,
  Matcher,
  Message,
  Reader,
  receiveMatchWithin,
  receiveTagWithin,
  receiveWithin,
  sendTag,
} from "isopod/guest";

const GIVE_UP: i32 = 10_000;
const WANTED: i32 = 7;

class Wanted extends Matcher {
  matches(message: Message): bool {
    return message.tag === WANTED;
  }
}

/** Arguments: the observer; how to poll: 0 any item, 1 by tag, 2 by predicate. */
export function run(): void {
  const options = new Reader(args());
  const observer = options.pid();
  const way = options.u32();
  const wanted = new Wanted();
  let polls = 0;
  let found = false;
  while (!found && polls < GIVE_UP) {
    polls++;
    if (way === 0) found = receiveWithin(0) !== null;
    else if (way === 1) found = receiveTagWithin(WANTED, 0) !== null;
    else found = receiveMatchWithin(wanted, 0) !== null;
  }
  sendTag(observer, polls);
}

/** Takes by polls what is there, and tells how much. Argument: the observer. */
export function drains(): void {
  const observer = new Reader(args()).pid();
  let taken = 0;
  while (receiveWithin(0) !== null) taken++;
  sendTag(observer, taken);
}

/** Sends what a poller waits for, in its first turn. Argument: the poller. */
export function witness(): void {
  sendTag(new Reader(args()).pid(), WANTED);
}
