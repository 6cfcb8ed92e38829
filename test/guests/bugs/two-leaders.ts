/** Two leaders elected: a candidate leads if nobody objects within 100 ms, but an objection may be late. */
import {
  assertEquals,
  broadcast,
  join,
  receiveTag,
  receiveTagWithin,
  register,
  self,
  sendText,
  spawn,
  whereis,
} from "isopod/guest";

const BEGIN: i32 = 1;
const CANDIDATE: i32 = 2;
const READY: i32 = 3;

export function candidate(): void {
  join("candidates");
  sendText(whereis("test"), "ready", READY);
  receiveTag(BEGIN);
  broadcast("candidates", new Uint8Array(0), CANDIDATE);
  let leads = true;
  for (let next = receiveTagWithin(CANDIDATE, 100); next !== null; next = receiveTagWithin(CANDIDATE, 100)) {
    if (next.from < self()) leads = false;
  }
  sendText(whereis("test"), leads ? "leader" : "follower");
}

export function test(): void {
  register("test");
  const first = spawn("bug", null, "candidate").pid;
  const second = spawn("bug", null, "candidate").pid;
  for (let i = 0; i < 2; i++) receiveTag(READY);
  sendText(first, "begin", BEGIN);
  sendText(second, "begin", BEGIN);
  let leaders = 0;
  for (let i = 0; i < 2; i++) if (receiveTag(0).text() === "leader") leaders++;
  assertEquals<i32>(leaders, 1, "leaders");
}
