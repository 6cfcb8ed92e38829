/** Answers clients of the host; and, by `values`, what a Writer of the host has written, written again. */
import { ClientRequest, exitText, receive, self, Writer } from "isopod/guest";

export function run(): void {
  const request = new ClientRequest();
  while (true) {
    if (!request.read(receive())) continue;
    const name = request.name;
    if (name === "add") request.result().int(request.args.int() + request.args.int());
    else if (name === "greet") {
      const who = request.count === 0 ? "you" : request.args.text();
      request.result().text(`hello ${who}`);
    } else if (name === "isNothing") {
      // The next value is null.
      request.args.nil();
      request.result().bool(true);
    } else if (name === "fail") request.fail("RangeError", request.args.text());
    else if (name === "end") exitText("asked to");
    else if (name === "then" || name === "toString" || name === "constructor") request.result().text("called");
    else if (name === "ignore") continue;
    else if (name === "self") request.result().int(self() as i64);
    request.answer();
  }
}

/** Answers each message with its values, which come in the order of a Writer's functions. */
export function values(): void {
  const writer = new Writer();
  while (true) {
    const message = receive();
    const r = message.reader();
    writer.reset().u8(r.u8()).u16(r.u16()).u32(r.u32()).u64(r.u64()).i32(r.i32()).i64(r.i64());
    writer.f32(r.f32()).f64(r.f64()).bool(r.bool()).pid(r.pid()).bytes(r.bytes()).text(r.text());
    writer.send(message.from, message.ref);
  }
}
