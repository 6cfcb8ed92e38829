// Each entry does one thing with spawns, links, monitors, names, groups, timers or calls, and tells an observer what it sees.
// Args, as text: the observer's pid, then what the entry says.
import {
  argsText,
  broadcast,
  call,
  cancelTimer,
  demonitor,
  dropRef,
  ExitReason,
  exitFor,
  exitTo,
  isAlive,
  join,
  Kind,
  kill,
  leave,
  link,
  Message,
  makeRef,
  members,
  monitor,
  Pid,
  parent,
  Reason,
  Reply,
  receive,
  receiveTag,
  receiveTagWithin,
  receiveWithin,
  register,
  Spawned,
  self,
  sendAfter,
  sendNamed,
  sendText,
  spawn,
  spawnLink,
  spawnLinkMonitor,
  spawnMonitor,
  trapExit,
  unlink,
  unregister,
  Writer,
  whereis,
} from "isopod/guest";

/** A word of the args. */
function given(index: i32): string {
  return argsText().split(" ")[index];
}

function say(text: string): void {
  sendText(U64.parseInt(given(0)), text);
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.wrap(String.UTF8.encode(text));
}

/** An item in one line; pids are told by whose they are. */
function line(item: Message | null, child: Pid = 0): string {
  if (item === null) return "nothing";
  const who = item.from === child ? "child" : item.from === self() ? "self" : item.from === 0 ? "host" : "other";
  if (item.kind === Kind.Message) return `message from ${who}: ${item.text()}`;
  if (item.kind === Kind.Timer) return `timer from ${who}, tag ${item.tag}: ${item.text()}`;
  return `${item.kind === Kind.Down ? "down" : "exit"} of ${who}: ${ExitReason.of(item)}`;
}

export function spawns(): void {
  let last: Spawned = spawn("subject", bytesOf(`${given(0)} child`));
  say(`${last} ${last.ok} ${last.pid > 0}`);
  last = spawn("private");
  say(`${last} ${last.ok} ${last.pid}`);
  last = spawn("nothing");
  say(`${last} ${last.ok} ${last.pid}`);
  last = spawn("subject", null, "nowhere");
  say(`${last} ${last.ok} ${last.pid}`);
  last = spawnMonitor("subject", bytesOf(self().toString()), "talks");
  say(`${last} ${last.ref < 0}`);
  say(line(receive(), last.pid));
}

/** Waits linked to a child that crashes; the second word says whether it traps exits, and whether it unlinks. */
export function linked(): void {
  if (given(1) === "trapping") trapExit();
  const child = spawnLink("subject", bytesOf(given(0))).pid;
  if (given(1) === "unlinking") say(`unlinked: ${unlink(child)}`);
  sendText(child, "crash");
  const exit = receiveWithin(10);
  say(line(exit, child));
  if (exit === null) return;
  const reason = ExitReason.of(exit);
  sendText(child, "overwrites nothing");
  say(`${reason.isAbnormal} ${reason.kind === Reason.Crashed} ${reason.text()} ${reason.stack().includes("wasm")}`);
}

/** Is told of a child that sends three messages and ends, by three monitors. */
export function monitored(): void {
  const child = spawnMonitor("subject", bytesOf(self().toString()), "talks");
  const second = monitor(child.pid);
  const third = monitor(child.pid);
  const distinct = child.ref !== second && second !== third && child.ref !== third;
  for (let i = 0; i < 6; i++) say(line(receive(), child.pid));
  say(`${distinct} ${line(receiveWithin(0))}`);
}

export function noproc(): void {
  const dead = spawn("subject", bytesOf("0"), "talks").pid;
  receiveWithin(1);
  const ref = monitor(dead);
  const down = receiveTagWithin(ref, 0);
  say(line(down, dead));
  trapExit();
  say(`linked: ${link(dead)}`);
  say(line(receiveWithin(0), dead));
  say(`exit sent: ${exitTo(dead)}, unlinked: ${unlink(dead)}`);
}

/** Takes back monitors of a live and of a dead actor; `given(1)`: flushes. */
export function demonitors(): void {
  const flush = given(1) === "flushing";
  const child = spawn("subject", bytesOf(given(0))).pid;
  say(`alive: ${demonitor(monitor(child), flush)}`);
  const ref = monitor(child);
  const last = monitor(child);
  kill(child);
  // The end is told in order, so both Downs are there.
  receiveTag(last);
  say(`dead: ${demonitor(ref, flush)}`);
  say(line(receiveWithin(0), child));
}

/** Ends a child that traps exits: asked to, which it refuses, then killed. */
export function kills(): void {
  trapExit();
  const child = spawnLink("subject", bytesOf(`${given(0)} !`)).pid;
  // Before its first turn it does not trap exits yet.
  receiveWithin(1);
  exitTo(child);
  say(line(receiveWithin(1), child));
  say(`killed: ${kill(child)}`);
  say(line(receiveWithin(1), child));
  const other = spawnLink("subject", bytesOf(given(0))).pid;
  exitTo(other, Reason.Own, bytesOf("you must"));
  say(line(receiveWithin(1), other));
}

function tell(reply: Reply): void {
  const reason = reply.reason;
  const why = reason === null ? "" : `, ${reason.kind === Reason.NoProc ? "there is none" : reason.text()}`;
  say(reply.ok ? `answer: ${reply.text()}` : `${reply}${reply.timedOut ? " (timed out)" : ""}${why}`);
}

/** Calls the pid in its args with what is behind it, waits 100 ms at most, and says what else is in its mailbox. */
export function calls(): void {
  const request = argsText().split(" ").slice(2).join(" ");
  tell(call(U64.parseInt(given(1)), bytesOf(request), 100));
  const next = receiveWithin(1000);
  say(`then ${line(next)}`);
}

/** Crashes by using an answer that is not there. */
export function trusts(): void {
  say(call(U64.parseInt(given(1)), bytesOf("crash")).text());
}

/** Keeps an answer too long. */
export function keeps(): void {
  const writer = new Writer();
  const reply = writer
    .u8(97)
    .u8(115)
    .u8(107)
    .call(U64.parseInt(given(1)));
  say(reply.text());
  sendText(self(), "something else");
  receive();
  say(reply.text());
}

/** Receives nothing that is sent to it. */
export function deaf(): void {
  receiveTag(makeRef());
}

/** Calls another, which does not answer, with more than that may have waiting. */
export function floods(): void {
  for (let i = 0; i < 5; i++) tell(call(U64.parseInt(given(1)), new Uint8Array(<i32>I32.parseInt(given(2))), 0));
}

/** Calls itself, with a time that it would wait, and says what is in its mailbox then. */
export function callsItself(): void {
  tell(call(self(), bytesOf("ask"), 100));
  say(line(receiveWithin(0)));
}

/** Says who its parent is, and starts a child that says so too. */
export function parents(): void {
  say(parent() === 0 ? "the host" : parent() === U64.parseInt(given(1)) ? "whom I was told" : "another");
  if (given(1) === "0") spawn("failure", bytesOf(`${given(0)} ${self()}`), "parents");
}

/** Starts a child that it is linked to and monitors, ends it, and says whether it is alive before and after, and itself. */
export function spawnsTied(): void {
  trapExit();
  const child = spawnLinkMonitor("subject", bytesOf(given(0)));
  say(`${isAlive(child.pid)} ${isAlive(self())}`);
  exitTo(child.pid);
  const items = [line(receive(), child.pid), line(receive(), child.pid)].sort().join(", ");
  say(`${items}; ${isAlive(child.pid)} ${isAlive(0)} ${line(receiveWithin(0))}`);
}

/** Ends for the reason for which its child has ended: that is told to crash, to end for its own reason, or is killed. */
export function endsFor(): void {
  trapExit();
  const child = spawnLink("subject", bytesOf(given(0))).pid;
  const how = argsText().split(" ").slice(1).join(" ");
  if (how === "kill") kill(child);
  else sendText(child, how);
  exitFor(ExitReason.of(receive()));
}

/** Calls while its mailbox is full of what the host has sent, and then says whether all that is still there in order. */
export function callsInAHurry(): void {
  const count = <i32>I32.parseInt(given(2));
  // So that the host sends while it waits.
  receive();
  tell(call(U64.parseInt(given(1)), bytesOf("ask"), 100));
  for (let i = 0; i < count; i++) {
    const message = receive();
    if (message.i32At(0) !== i) say(`${message.i32At(0)} came as number ${i}`);
  }
  say(`${count} in order, then ${line(receiveWithin(0))}`);
}

export function refs(): void {
  const ref = makeRef();
  sendText(self(), "older");
  say(`accepted: ${sendText(self(), "answer", ref)}`);
  say(receiveTag(ref).text());
  say(`dropped: ${dropRef(ref)}, accepted: ${sendText(self(), "late", ref)}, dropped: ${dropRef(ref)}`);
  say(receive().text());
}

export function names(): void {
  const child = spawnMonitor("subject", bytesOf(`${given(0)} child`));
  say(`registered: ${register("service", child.pid)}, again: ${register("service")}, self: ${register("me")}`);
  say(`found: ${whereis("service") === child.pid && whereis("me") === self()}, nobody: ${whereis("nobody")}`);
  say(`sent: ${sendNamed("service", bytesOf("own bye"))}, to nobody: ${sendNamed("nobody", bytesOf("?"))}`);
  say(line(receive(), child.pid));
  say(`after its end: ${whereis("service")}, registered: ${register("service")}`);
  say(`the dead: ${register("ghost", child.pid)}`);
  say(`unregistered: ${unregister("me")}, again: ${unregister("me")}, nobody: ${whereis("me")}`);
}

/** Joins a group, and says what is broadcast; the first that is told "go" broadcasts itself. */
export function groups(): void {
  join("crew");
  join("crew");
  while (true) {
    const text = receive().text();
    say(text);
    if (text === "go") {
      const crew = members("crew");
      let first = -1;
      for (let i = 0; i < crew.length; i++) if (crew[i] === self()) first = i;
      say(`${crew.length} members, I am ${first}, ${broadcast("crew", bytesOf("all hands"))} accepted`);
    }
    if (text === "leave") say(`left: ${leave("crew")}, again: ${leave("crew")}, ${members("crew").length} members`);
  }
}

export function timers(): void {
  const first = sendAfter(100, self(), bytesOf("first"), 7);
  const second = sendAfter(200, self());
  say(`cancelled: ${cancelTimer(second)}, again: ${cancelTimer(second)}`);
  const item = receiveTag(first);
  say(`${line(item)}, its ref: ${item.ref === first}`);
  say(`cancelled: ${cancelTimer(first)}`);
  say(line(receiveWithin(1000)));
  sendAfter(50, U64.parseInt(given(0)), bytesOf("for another"), 8);
}
