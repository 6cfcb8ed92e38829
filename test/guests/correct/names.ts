/** Names: a name is free before anybody hears of the end of its owner, and is never that of an actor that has ended. */
import {
  assert,
  assertEquals,
  isAlive,
  Kind,
  monitor,
  Registered,
  receive,
  register,
  sendText,
  sleep,
  spawnMonitor,
  whereis,
} from "isopod/guest";

export function owner(): void {
  if (register("name") === Registered.Done) {
    sendText(whereis("test"), "mine");
    sleep(2);
  } else {
    sendText(whereis("test"), "taken");
  }
}

export function test(): void {
  register("test");
  const first = spawnMonitor("bug", null, "owner").pid;
  const second = spawnMonitor("bug", null, "owner").pid;
  let ended = 0;
  let owners = 0;
  while (ended < 2) {
    const item = receive();
    const from = item.from;
    const named = whereis("name");
    assert(named === 0 || named === first || named === second);
    assert(named === 0 || isAlive(named), "no name of the dead");
    if (item.kind === Kind.Down) {
      assert(named !== from, "the name is free before the Down");
      ended++;
    } else if (item.text() === "mine") {
      owners++;
    }
  }
  assert(owners >= 1 || ended === 2);
  assertEquals(whereis("name"), <u64>0);
  assert(register("name") === Registered.Done);
  monitor(first);
}
