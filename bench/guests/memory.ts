// Actors that report once and then wait for a message that never comes.

import { args, Reader, receive } from "isopod/guest";
import { born, Round, sumOf, tell, toConductor } from "./shared/round";

export function run(): void {
  const round = new Round();
  const actors = round.parameter();
  round.begin();
  for (let i = 0; i < actors; i++) born("parked", toConductor());
  round.report(sumOf(actors));
  // The actors live as long as the conductor, which waits here.
  receive();
}

export function parked(): void {
  tell(new Reader(args()).pid(), 1);
  receive();
}
