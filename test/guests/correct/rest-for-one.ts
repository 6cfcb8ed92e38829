/** The supervisor of the library: with rest_for_one, a later child never runs without the ones before it for good. */
import {
  assert,
  Caller,
  Child,
  callText,
  receive,
  replyText,
  Strategy,
  Supervisor,
  sleep,
  spawn,
  supervise,
  whereis,
} from "isopod/guest";

export function database(): void {
  while (true) replyText(receive(), "row");
}

export function web(): void {
  // It is started after the database, so the database is there, or is being started again with it.
  while (true) {
    const caller = Caller.of(receive());
    const reply = callText(whereis("database"), "query");
    caller.replyText(reply.ok ? reply.text() : "no row");
  }
}

function child(name: string): Child {
  const child = new Child("bug");
  child.entry = name;
  child.name = name;
  return child;
}

export function boss(): void {
  supervise(new Supervisor(Strategy.RestForOne, 5), [child("database"), child("web")]);
}

export function test(): void {
  spawn("bug", null, "boss");
  for (let tries = 0; tries < 200; tries++) {
    const web = whereis("web");
    if (web !== 0) {
      const reply = callText(web, "page");
      if (reply.ok && reply.text() === "row") return;
    }
    sleep(10);
  }
  assert(false, "the web server answers at last");
}
