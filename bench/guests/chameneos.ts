// Savina's chameneos: creatures meet in pairs at a mall and change colour with each meeting. Both
// of a pair count it.

import { args, forward, Pid, Reader, receive, self, sendRaw, sendTag } from "isopod/guest";
import { born, Round, sumOf, tell, toConductor } from "./shared/round";

const MEET: i32 = 1;
const CHANGE: i32 = 2;
const LEAVE: i32 = 3;
const room: usize = memory.data(16, 8);

export function run(): void {
  const round = new Round();
  const creatures = round.parameter();
  const meetings = round.parameter();
  round.begin();
  const mall = born("mall", toConductor().u32(meetings));
  for (let i = 0; i < creatures; i++)
    born(
      "creature",
      toConductor()
        .pid(mall)
        .u32(i % 3),
    );
  round.end(sumOf(creatures) / 2);
}

export function mall(): void {
  const options = new Reader(args());
  options.pid();
  let left = options.u32();
  let waiting: Pid = 0;
  while (true) {
    const guest = receive();
    if (left === 0) {
      sendTag(guest.from, LEAVE);
    } else if (waiting === 0) {
      waiting = guest.from;
    } else {
      // The message has the pid of the second creature, because the sender of a forwarded message
      // is the mall.
      forward(waiting, guest);
      waiting = 0;
      left--;
    }
  }
}

export function creature(): void {
  const options = new Reader(args());
  const conductor = options.pid();
  const mall = options.pid();
  let colour = options.u32();
  let met = 0;
  enter(mall, colour);
  while (true) {
    const message = receive();
    if (message.tag === LEAVE) break;
    met++;
    if (message.tag === MEET) {
      colour = complement(colour, message.u32At(8));
      store<u32>(room, colour);
      sendRaw(message.u64At(0), room, 4, CHANGE);
    } else {
      colour = message.u32At(0);
    }
    enter(mall, colour);
  }
  tell(conductor, met);
}

/** Tells the mall the creature's pid and colour. */
function enter(mall: Pid, colour: u32): void {
  store<u64>(room, self());
  store<u32>(room, colour, 8);
  sendRaw(mall, room, 12, MEET);
}

/** The third colour of 0, 1 and 2; if both are the same, that colour. */
function complement(mine: u32, other: u32): u32 {
  return mine === other ? mine : 3 - mine - other;
}
