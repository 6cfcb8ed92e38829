/**
 * Functions that the embedder of the runtime offers. A guest declares them in a file that has the name of their module, say `db.ts`:
 * `export declare function get(ptr: usize, length: i32): i32;`. One that takes its time is waited for:
 *
 * ```ts
 * const length = answerOf(db.get(key, keyLength, room, capacity));
 * ```
 */

import * as actor from "./actor";
import { PARK } from "./mailbox";

/** What a function of the embedder answers, waiting for it where it takes its time. In a handler there is no waiting: such a function crashes it. */
export function answerOf(answer: i32): i32 {
  return answer === PARK ? actor.park() : answer;
}
