// Savina's counting actor: a producer sends increments to a counter, and then asks for the count.

import { args, Reader, receive, sendTag } from "isopod/guest";
import { born, Round, sumOf, tell, toConductor } from "./shared/round";

const INCREMENT: i32 = 1;
const RETRIEVE: i32 = 2;

export function run(): void {
  const round = new Round();
  const messages = round.parameter();
  round.begin();
  const counter = born("counter", toConductor());
  born("producer", toConductor().pid(counter).u32(messages));
  round.end(sumOf(1));
}

export function counter(): void {
  const conductor = new Reader(args()).pid();
  let count = 0;
  while (receive().tag === INCREMENT) count++;
  tell(conductor, count);
}

export function producer(): void {
  const options = new Reader(args());
  options.pid();
  const counter = options.pid();
  const messages = options.u32();
  for (let i: u32 = 0; i < messages; i++) sendTag(counter, INCREMENT);
  sendTag(counter, RETRIEVE);
}
