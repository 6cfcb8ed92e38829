// Goes on with its work while others have filled its mailbox. Arguments, as text: the pid of the observer, then what the entry needs.

import {
  argsText,
  Child,
  callText,
  demonitor,
  isAlive,
  Kind,
  kill,
  listen,
  Matcher,
  Message,
  makeRef,
  monitor,
  Pid,
  Restart,
  receive,
  received,
  receiveMatch,
  receiveTag,
  receiveTagWithin,
  receiveWithin,
  request,
  requestText,
  Server,
  Strategy,
  Supervisor,
  self,
  sendAfter,
  sendTag,
  sendText,
  serve,
  spawnLink,
  spawnMonitor,
  supervise,
  trapExit,
} from "isopod/guest";

listen();

const TEN: Uint8Array = new Uint8Array(10);

function given(index: i32): string {
  return argsText().split(" ")[index];
}

function observer(): Pid {
  return U64.parseInt(given(0));
}

function say(text: string): void {
  sendText(observer(), text);
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.wrap(String.UTF8.encode(text));
}

export function calls(): void {
  const reply = callText(U64.parseInt(given(1)), "question");
  say(reply.ok ? reply.text() : reply.toString());
}

export function monitors(): void {
  const down = receiveTag(monitor(U64.parseInt(given(1))));
  say(`${down.kind === Kind.Down}`);
}

export function sets_timer(): void {
  const timer = receiveTag(sendAfter(10, self(), TEN));
  say(`${timer.kind === Kind.Timer} ${timer.length}`);
}

export function waits(): void {
  say(`${receiveTagWithin(99, 10) === null}`);
}

class IsExit extends Matcher {
  matches(message: Message): bool {
    return message.kind === Kind.Exit;
  }
}

export function spawns(): void {
  trapExit();
  const watched = spawnMonitor("besieged", bytesOf(given(0)), "ends");
  const down = receiveTag(watched.ref);
  say(`${down.kind === Kind.Down && down.from === watched.pid}`);
  const linked = spawnLink("besieged", bytesOf(given(0)), "ends");
  say(`${receiveMatch(new IsExit()).from === linked.pid}`);
}

export function ends(): void {}

class Echo extends Server {
  onCall(message: Message): void {
    this.replyText(message.text());
  }
}

export function serves(): void {
  serve(new Echo());
}

/** Says so, and ends when it is told to, by anything that comes. */
export function child(): void {
  say(`child ${self()}`);
  receive();
}

/** Traps exits, and says that it was asked to stop. */
export function orderly(): void {
  trapExit();
  say(`child ${self()}`);
  receiveMatch(new IsExit());
  say("asked to stop");
}

export function supervises(): void {
  const only = new Child("besieged", bytesOf(given(0)));
  only.entry = given(1);
  only.restart = Restart.Permanent;
  supervise(new Supervisor(), [only]);
}

/** Its child cannot be started again three times. Each time it sends itself a message before it tries again. */
class Retrying extends Supervisor {
  left: i32 = 3;

  onCast(_message: Message): void {
    say("cast");
  }

  onFailedStart(failed: Child, _why: string): void {
    say("failed");
    sendTag(self(), 1);
    if (--this.left === 0) failed.entry = "child";
  }
}

export function retries(): void {
  const only = new Child("besieged", bytesOf(given(0)));
  only.entry = "child";
  const supervisor = new Retrying(Strategy.OneForOne, 10);
  supervisor.startAll([only]);
  only.entry = "nowhere";
  serve(supervisor);
}

/** Asks for more than a full mailbox may hold of what was asked for: 3, with the limits that it has. */
export function asks_too_much(): void {
  const dead = spawnMonitor("besieged", bytesOf(given(0)), "ends").pid;
  kill(dead);
  // Each has its Down at once.
  let asked = 0;
  while (monitor(dead) !== 0) asked++;
  say(
    `${asked} ${makeRef()} ${sendAfter(1, self())} ${isAlive(dead)} ${callText(observer(), "x")} ${requestText(observer(), "x").reply}`,
  );
  const spawned = spawnMonitor("besieged", bytesOf(given(0)), "ends");
  say(spawned.toString());
  let taken = 0;
  while (receiveWithin(0) !== null) taken++;
  const ref = monitor(dead);
  say(`${taken > asked} ${ref < 0} ${demonitor(ref, true)} ${isAlive(dead)} ${isAlive(self())}`);
}

let count = 0;

/** A handler: with its first item it fills its mailbox again, asks for a timer, a Down and an answer, and tells what comes of them. */
export function handle(n: i32): void {
  const message = received(n);
  if (count++ === 0) {
    while (sendTag(self(), 1) === 1) {}
    sendAfter(10, self(), TEN);
    monitor(U64.parseInt(given(1)));
    request(U64.parseInt(given(2)), TEN);
  } else if (message.kind === Kind.Timer) say("timer");
  else if (message.kind === Kind.Down) say("down");
  else if (message.tag < 0) say(`answer ${message.text()}`);
}
