/** Two Downs: a worker is monitored twice, and its end is counted as that of two workers. */
import { argsText, assertEquals, Kind, monitor, parent, receive, sendText, sleep, spawnMonitor } from "isopod/guest";

export function worker(): void {
  sleep(I32.parseInt(argsText()));
  sendText(parent(), "result");
}

export function test(): void {
  const first = spawnMonitor("bug", Uint8Array.wrap(String.UTF8.encode("20")), "worker");
  spawnMonitor("bug", Uint8Array.wrap(String.UTF8.encode("10")), "worker");
  // As if a library that it uses had done it.
  monitor(first.pid);
  let results = 0;
  let ended = 0;
  while (ended < 2) {
    const message = receive();
    if (message.kind === Kind.Down) ended++;
    else results++;
  }
  assertEquals<i32>(results, 2, "results of two workers that have ended");
}
