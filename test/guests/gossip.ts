// Sends and receives as its script says, and notes what came. The first message brings the pids of all, itself among them, and then the script:
// 4 bytes a step: what to do, whom to (or which tag to wait for), the tag, the length.
// What it sends begins with its own number and the count of its message. What it notes goes to the host: how it received, then tag, length and
// the first 8 bytes of the item.

import {
  Matcher,
  Message,
  Pid,
  receive,
  receiveMatchWithin,
  receiveTag,
  receiveWhere,
  receiveWhereWithin,
  receiveWithin,
  sendRaw,
  Writer,
} from "isopod/guest";

const SEND = 0;
const TAKE = 1;
const POLL = 2;
const TAKE_TAG = 3;
const POLL_MATCH = 4;
const TAKE_MATCH = 5;
const POLL_MATCHER = 6;

/** Looks at the payload too, which is where the candidate is. */
class Tagged extends Matcher {
  constructor(private readonly tag: i32) {
    super();
  }

  matches(message: Message): bool {
    return message.tag === this.tag && message.u32At(0) < 4 && message.available === message.length;
  }
}

export function run(): void {
  const first = receive();
  const reader = first.reader();
  const observer = first.from;
  const me = reader.u32();
  const peers = new StaticArray<Pid>(reader.u32());
  for (let i = 0; i < peers.length; i++) peers[i] = reader.pid();
  const steps = reader.u32();
  const script = new Uint8Array(4 * steps);
  for (let i = 0; i < script.length; i++) script[i] = reader.u8();
  const notes = new Writer();
  const room = heap.alloc(8 + 255 * 8);
  let count = 0;
  for (let i = 0; i < script.length; i += 4) {
    const what: i32 = script[i];
    if (what === SEND) {
      const length = 8 + (script[i + 3] as i32) * 8;
      store<u32>(room, me);
      store<u32>(room, count++, 4);
      memory.fill(room + 8, (me * 31 + count) as u8, length - 8);
      sendRaw(peers[script[i + 1]], room, length, script[i + 2]);
    } else if (what === TAKE) {
      note(notes, what, 0, receive());
    } else if (what === POLL) {
      const item = receiveWithin(0);
      if (item !== null) note(notes, what, 0, item);
    } else if (what === TAKE_TAG) {
      const tag: i32 = script[i + 1];
      note(notes, what, tag, receiveTag(tag));
    } else if (what === POLL_MATCH) {
      const item = receiveWhereWithin(message => message.tag === 2, 0);
      if (item !== null) note(notes, what, 2, item);
    } else if (what === POLL_MATCHER) {
      const tag: i32 = script[i + 1];
      const item = receiveMatchWithin(new Tagged(tag), 0);
      if (item !== null) note(notes, what, tag, item);
    } else if (what === TAKE_MATCH) {
      note(
        notes,
        what,
        1,
        receiveWhere(message => message.tag === 1),
      );
    }
    notes.send(observer, 0);
  }
}

/** One note: everything noted so far goes with each, so the last one has all. */
function note(notes: Writer, how: i32, wanted: i32, item: Message): void {
  const filler: u8 = item.length > 8 ? load<u8>(item.ptr + item.length - 1) : 0;
  notes
    .u8(how as u8)
    .u8(wanted as u8)
    .u8(item.tag as u8)
    .u8(filler)
    .u32(item.length)
    .u32(load<u32>(item.ptr))
    .u32(load<u32>(item.ptr, 4));
}
