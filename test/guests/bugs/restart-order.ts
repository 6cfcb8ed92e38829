/** Restart in the wrong order: the supervisor starts the web server again before the database that it needs. */
import {
  assert,
  callText,
  Kind,
  kill,
  receive,
  register,
  replyText,
  spawn,
  spawnLink,
  trapExit,
  whereis,
} from "isopod/guest";

export function database(): void {
  while (true) replyText(receive(), "row");
}

export function web(): void {
  assert(whereis("database") !== 0, "the web server needs the database");
  while (true) replyText(receive(), callText(whereis("database"), "query").toString());
}

export function boss(): void {
  trapExit();
  let database = spawnLink("bug", null, "database").pid;
  register("database", database);
  let web = spawnLink("bug", null, "web").pid;
  while (true) {
    const message = receive();
    if (message.kind === Kind.Message) {
      replyText(message, "started");
    } else if (message.from === database) {
      kill(web);
      web = spawnLink("bug", null, "web").pid;
      database = spawnLink("bug", null, "database").pid;
      register("database", database);
    }
  }
}

export function test(): void {
  const boss = spawn("bug", null, "boss").pid;
  for (let i = 0; i < 4; i++) callText(boss, "started?");
}
