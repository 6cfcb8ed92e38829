// A process with a state, which is a local variable. Tag ADD adds an i32; tag GET is answered with
// the sum, an i64.

import { receive, Writer } from "isopod/guest";

const ADD: i32 = 1;
const GET: i32 = 2;

export function run(): void {
  const answer = new Writer(8);
  let sum: i64 = 0;
  while (true) {
    const message = receive();
    if (message.tag === ADD) {
      sum += message.i32At(0);
    } else if (message.tag === GET) {
      answer.reset().i64(sum).send(message.from, GET);
    }
  }
}
