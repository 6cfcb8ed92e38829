/**
 * Functions that the embedder offers to guests. A guest declares them in a file with the name of
 * their module, for example in `db.ts`: `export declare function get(ptr: usize, length: i32):
 * i32;`. `answerOf` waits for an asynchronous function:
 *
 * ```ts
 * const length = answerOf(db.get(key, keyLength, room, capacity));
 * ```
 */

import * as actor from "./actor";
import { PARK } from "./mailbox";

/**
 * The result of an embedder's function. Waits where the function is asynchronous. A handler cannot
 * wait, so such a call crashes it.
 */
export function answerOf(answer: i32): i32 {
  return answer === PARK ? actor.park() : answer;
}
