// For structures.ts, from another file and under another name.

import { message as sent } from "../../guest/index";

@sent
export class Place {
  x: i32 = 1;
  y: i32 = 2;
}
