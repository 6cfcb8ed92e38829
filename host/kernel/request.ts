/**
 * A guest's `request` and `demonitor`. The kernel can make one request for each actor: a ref and a
 * monitor, as words. The host makes a monitor of it as soon as it looks at the actor's ties.
 */
import { sizeFor } from "./items.ts";
import { below, load, store } from "./memory.ts";
import { hostDemonitor, hostRequest } from "./outside.ts";
import { recordAt } from "./records.ts";
import { findRef, startFor } from "./search.ts";
import { mayTake } from "./segments.ts";
import { me } from "./self.ts";
import { isPlain, post } from "./send.ts";
import {
  BYTES,
  CALL_ANSWERED,
  CALL_MARK,
  CALL_REF,
  CALLEE,
  COLD,
  COUNT,
  CURRENT,
  FIRST_CALLER,
  FLAGS,
  FREE,
  MAX_BYTES,
  MAX_MESSAGES,
  MAY_REQUEST,
  NEXT_CALLER,
  PAYS,
  PREVIOUS_CALLER,
  REFS,
  REFS_LEFT,
  RESTRAINT,
  TAIL,
} from "./words.ts";

/** As docs/abi.md says. */
export function request(lo: i32, hi: i32, tag: i32, pointer: i32, length: i32): i32 {
  const self = me;
  const to = recordAt(lo);
  if (!isPlain(to, lo, hi, pointer, length) || !mayRequest(to, tag)) {
    return hostRequest(lo, hi, tag, pointer, length);
  }
  const mine = load((self + COLD) | 0);
  const its = load((to + COLD) | 0);
  if (load((mine + CALL_REF) | 0) !== 0) return hostRequest(lo, hi, tag, pointer, length);
  const left = (load(REFS_LEFT) - 1) | 0;
  const ref = load((REFS + (left << 2)) | 0);
  if (!post(to, tag, ref, pointer, length)) return hostRequest(lo, hi, tag, pointer, length);
  const other = load((its + FIRST_CALLER) | 0);
  store(REFS_LEFT, left);
  store((mine + CALL_ANSWERED) | 0, 0);
  store((mine + CALL_REF) | 0, ref);
  store((mine + CALLEE) | 0, to);
  store((self + CALL_MARK) | 0, load((self + TAIL) | 0));
  store((mine + NEXT_CALLER) | 0, other);
  store((mine + PREVIOUS_CALLER) | 0, 0);
  if (other !== 0) store((load((other + COLD) | 0) + PREVIOUS_CALLER) | 0, self);
  store((its + FIRST_CALLER) | 0, self);
  return ref;
}

/** Whether the kernel may make a request for the actor. There must be room for the Down, too. */
// @inline
function mayRequest(to: i32, tag: i32): bool {
  const self = me;
  if (tag < 0 || to === self || load(REFS_LEFT) === 0) return false;
  if ((load((self + FLAGS) | 0) & (MAY_REQUEST | PAYS)) !== MAY_REQUEST) return false;
  if (!below(load((self + COUNT) | 0), load((self + MAX_MESSAGES) | 0))) return false;
  if (below(load((self + MAX_BYTES) | 0), load((self + BYTES) | 0))) return false;
  return mayTake(self, sizeFor(0));
}

/** As docs/abi.md says. The host does it if its flush finds something. */
export function demonitor(ref: i32, flush: i32): i32 {
  const self = me;
  if (load(CURRENT) !== self || load((self + RESTRAINT) | 0) !== FREE) return hostDemonitor(ref, flush);
  const mine = load((self + COLD) | 0);
  if (ref === 0 || load((mine + CALL_REF) | 0) !== ref) return hostDemonitor(ref, flush);
  const hasItems = load((self + COUNT) | 0) !== 0;
  if (flush !== 0 && hasItems && findRef(self, startFor(self, ref), ref) !== 0) return hostDemonitor(ref, flush);
  const following = load((mine + NEXT_CALLER) | 0);
  const previous = load((mine + PREVIOUS_CALLER) | 0);
  store((mine + CALL_REF) | 0, 0);
  if (previous !== 0) store((load((previous + COLD) | 0) + NEXT_CALLER) | 0, following);
  else store((load((load((mine + CALLEE) | 0) + COLD) | 0) + FIRST_CALLER) | 0, following);
  if (following !== 0) store((load((following + COLD) | 0) + PREVIOUS_CALLER) | 0, previous);
  return 1;
}
