/** A group member that has left and is still sent to: the members were looked up before it left. */
import {
  assert,
  callText,
  join,
  leave,
  members,
  receive,
  register,
  replyText,
  sendText,
  sleep,
  spawn,
  whereis,
} from "isopod/guest";

export function worker(): void {
  join("workers");
  const message = receive();
  if (message.text() === "stop") {
    leave("workers");
    replyText(message, "stopped");
    assert(receive().text() !== "job", "a worker that has left gets no job");
  }
  sendText(whereis("test"), "done");
}

export function log(): void {
  while (true) replyText(receive(), "logged");
}

export function dispatcher(): void {
  const workers = members("workers");
  callText(whereis("log"), "dispatching");
  for (let i = 0; i < workers.length; i++) sendText(workers[i], "job");
}

export function test(): void {
  register("test");
  register("log", spawn("bug", null, "log").pid);
  const first = spawn("bug", null, "worker").pid;
  spawn("bug", null, "worker");
  callText(whereis("log"), "started");
  spawn("bug", null, "dispatcher");
  sleep(10);
  callText(first, "stop", 500);
  callText(whereis("log"), "stopped");
  callText(whereis("log"), "stopped");
}
