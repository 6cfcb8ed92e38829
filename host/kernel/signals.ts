/** A guest's `link`, `unlink`, `monitor`, `demonitor` and `trap_exit`, where no policy decides. */

import { findLink, findMonitor } from "./buckets.ts";
import { placeMark, prepareMark, unmark } from "./marks.ts";
import { load, store } from "./memory.ts";
import { hostDemonitor, hostLink, hostMonitor, hostTrapExit, hostUnlink } from "./outside.ts";
import { drawRef, mayAct, mayAsk, mayTie, partner, pay } from "./request.ts";
import { findRef, startFor } from "./search.ts";
import { me } from "./self.ts";
import { TIE_OTHER } from "./tie-words.ts";
import { addLink, addMonitor, dropTie, prepareTie } from "./ties.ts";
import { COUNT, FLAGS, IS_AWAY, MAY_END, REFS_LEFT, TIE_PRICE, TRAPS_EXITS } from "./words.ts";

/** As docs/abi.md says. Who may not end others may link to itself and to its children, which the host knows. */
export function link(lo: i32, hi: i32): i32 {
  const self = me;
  const to = partner(lo, hi);
  if (to === 0) return hostLink(lo, hi);
  if (to !== self) {
    if ((load((self + FLAGS) | 0) & MAY_END) === 0) return hostLink(lo, hi);
    if (findLink(self, to) === 0) {
      if (!mayTie(self) || !mayTie(to) || !prepareTie()) return hostLink(lo, hi);
      pay(self, TIE_PRICE);
      addLink(self, to);
      return 1;
    }
  }
  pay(self, TIE_PRICE);
  return 1;
}

/** As docs/abi.md says. */
export function unlink(lo: i32, hi: i32): i32 {
  const self = me;
  const to = partner(lo, hi);
  if (to === 0) return hostUnlink(lo, hi);
  pay(self, TIE_PRICE);
  const tie = findLink(self, to);
  if (tie !== 0) dropTie(tie);
  return 1;
}

/** As docs/abi.md says. */
export function monitor(lo: i32, hi: i32): i32 {
  const self = me;
  const to = partner(lo, hi);
  if (to === 0 || !mayTie(self) || !mayAsk(self)) return hostMonitor(lo, hi);
  const ref = drawRef(self);
  if (ref === 0 || !prepareTie()) return hostMonitor(lo, hi);
  pay(self, TIE_PRICE);
  prepareMark(self);
  store(REFS_LEFT, (load(REFS_LEFT) - 1) | 0);
  addMonitor(self, to, ref);
  placeMark(self, ref);
  return ref;
}

/** As docs/abi.md says. The host does it if there is no such monitor here, or its flush finds something. */
export function demonitor(ref: i32, flush: i32): i32 {
  const self = me;
  const tie = mayAct(self) ? findMonitor(self, ref) : 0;
  if (tie === 0) return hostDemonitor(ref, flush);
  if ((load((load((tie + TIE_OTHER) | 0) + FLAGS) | 0) & IS_AWAY) !== 0) return hostDemonitor(ref, flush);
  const items = flush === 0 ? 0 : load((self + COUNT) | 0);
  if (items !== 0 && findRef(self, startFor(self, ref), ref) !== 0) return hostDemonitor(ref, flush);
  pay(self, (TIE_PRICE + items) | 0);
  unmark(self, ref);
  dropTie(tie);
  return 1;
}

/** As docs/abi.md says. */
export function trapExit(on: i32): i32 {
  const self = me;
  if (!mayAct(self)) return hostTrapExit(on);
  pay(self, TIE_PRICE);
  const flags = load((self + FLAGS) | 0);
  store((self + FLAGS) | 0, on !== 0 ? flags | TRAPS_EXITS : flags & ~TRAPS_EXITS);
  return (flags & TRAPS_EXITS) !== 0 ? 1 : 0;
}
