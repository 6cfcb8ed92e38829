// Actors that wait for a message after their first turn.

import { args, Reader, receive } from "isopod/guest";
import { born, Round, sumOf, tell, toConductor } from "./round";

export function run(): void {
  const round = new Round();
  const actors = round.parameter();
  round.begin();
  for (let i = 0; i < actors; i++) born("parked", toConductor());
  round.report(sumOf(actors));
  // They live as long as the conductor.
  receive();
}

export function parked(): void {
  tell(new Reader(args()).pid(), 1);
  receive();
}
