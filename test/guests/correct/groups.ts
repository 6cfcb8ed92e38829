/** Groups: a member that has ended is in no group when anybody hears of its end, and a broadcast reaches the others. */
import {
  assert,
  assertEquals,
  broadcast,
  join,
  Kind,
  leave,
  members,
  Pid,
  receive,
  receiveTag,
  register,
  sendTag,
  spawnMonitor,
  whereis,
} from "isopod/guest";

const READY: i32 = 1;
const NEWS: i32 = 2;

export function member(): void {
  join("group");
  sendTag(whereis("test"), READY);
  receiveTag(NEWS);
  leave("group");
  sendTag(whereis("test"), NEWS);
}

function isMember(pid: u64): bool {
  const all = members("group");
  for (let i = 0; i < all.length; i++) if (all[i] === pid) return true;
  return false;
}

export function test(): void {
  register("test");
  for (let i = 0; i < 3; i++) spawnMonitor("bug", null, "member");
  const seen = new Set<Pid>();
  let ended = 0;
  while (seen.size < 3) {
    const item = receive();
    seen.add(item.from);
    if (item.kind === Kind.Down) ended++;
  }
  const accepted = broadcast("group", new Uint8Array(0), NEWS);
  assert(accepted <= 3);
  while (ended < 3) {
    const item = receive();
    if (item.kind !== Kind.Down) continue;
    const from = item.from;
    assert(!isMember(from), "no member has ended");
    ended++;
  }
  assertEquals(members("group").length, 0);
}
