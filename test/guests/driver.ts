// Does receives by a script and tells an observer what each gave: the guest of the receive laws.
// Args: u64 observer, then per receive: u8 how (0 any, 1 tag, 2 matcher, 3 function), i32 wanted, i32 timeout in ms.
// A report: u8 1 timed out | u8 0, u8 kind, i32 tag, then the payload.

import {
  args,
  Matcher,
  Message,
  Reader,
  receiveMatchWithin,
  receiveTagWithin,
  receiveWhereWithin,
  receiveWithin,
  Writer,
} from "isopod/guest";

/** Wants payloads whose first byte leaves `remainder` when divided by 4. */
class Remainder extends Matcher {
  constructor(private remainder: i32) {
    super();
  }

  matches(message: Message): bool {
    return message.available > 0 && message.u8At(0) % 4 === this.remainder;
  }
}

export function run(): void {
  const script = new Reader(args());
  const observer = script.pid();
  const writer = new Writer();
  while (script.left > 0) {
    const how = script.u8();
    const wanted = script.i32();
    const timeout = script.i32();
    let item: Message | null = null;
    if (how === 0) item = receiveWithin(timeout);
    else if (how === 1) item = receiveTagWithin(wanted, timeout);
    else if (how === 2) item = receiveMatchWithin(new Remainder(wanted), timeout);
    else item = receiveWhereWithin(message => message.length === 0, timeout);
    writer.reset();
    if (item === null) writer.u8(1);
    else {
      writer
        .u8(0)
        .u8(<u8>item.kind)
        .i32(item.tag)
        .bytes(item.bytes());
    }
    writer.send(observer);
  }
}
