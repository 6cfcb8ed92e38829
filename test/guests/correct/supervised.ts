/** No bug: the library's supervisor starts the worker again when it is killed, and a client tries again. */
import {
  assert,
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

export function worker(): void {
  while (true) replyText(receive(), "done");
}

export function boss(): void {
  const child = new Child("bug");
  child.entry = "worker";
  child.name = "worker";
  supervise(new Supervisor(Strategy.OneForOne, 3), [child]);
}

export function test(): void {
  spawn("bug", null, "boss");
  let done = 0;
  for (let tries = 0; tries < 100 && done < 2; tries++) {
    const worker = whereis("worker");
    if (worker !== 0 && callText(worker, "work").ok) done++;
    else sleep(10);
  }
  assert(done === 2, "a worker that is killed is started again");
}
