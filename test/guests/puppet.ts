// Does what a controller tells it, and tells the controller of every Down and Exit that it gets.
// Args: u64 controller. A command: u8 what, u64 whom, i32 label, then text.
// A report: u8 kind, u64 from, i32 label (of a Down: the monitor's), u32 reason, then the reason's bytes.

import { args, exit, exitText, Kind, Reader, receive, Writer } from "isopod/guest";
import * as actor from "isopod/guest/actor";

const refs = new Map<i32, i32>();
const labels = new Map<i32, i32>();

export function run(): void {
  const controller = new Reader(args()).pid();
  const report = new Writer();
  while (true) {
    const item = receive();
    if (item.kind !== Kind.Message) {
      const label = item.kind === Kind.Down ? labels.get(item.ref) : 0;
      const bytes = item.bytes();
      report
        .reset()
        .u8(<u8>item.kind)
        .pid(item.from)
        .i32(label)
        .u32(item.reason)
        .bytes(bytes)
        .send(controller);
      continue;
    }
    const command = item.reader();
    const what = command.u8();
    const whom = command.pid();
    const label = command.i32();
    obey(what, whom as i32, (whom >> 32) as i32, label, command.text());
  }
}

function obey(what: u8, lo: i32, hi: i32, label: i32, text: string): void {
  if (what === 1) actor.link(lo, hi);
  else if (what === 2) actor.unlink(lo, hi);
  else if (what === 3) {
    const ref = actor.monitor(lo, hi);
    refs.set(label, ref);
    labels.set(ref, label);
  } else if (what === 4) {
    if (refs.has(label)) actor.demonitor(refs.get(label), 1);
  } else if (what === 5) actor.trap_exit(label);
  else if (what === 6) {
    const bytes = Uint8Array.wrap(String.UTF8.encode(text));
    actor.exit_to(lo, hi, 6, bytes.dataStart, bytes.length);
  } else if (what === 7) actor.exit_to(lo, hi, label, 0, 0);
  else if (what === 8) exitText(text);
  else if (what === 9) exit();
  else unreachable();
}
