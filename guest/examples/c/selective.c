// Selective receive: waits for the first message that begins with `reply:`. Earlier messages stay
// in the mailbox, and are forwarded afterwards, in order. It also forwards the Down of an actor
// that it monitors: the reason's bytes, with the reason's code plus 100 as tag. Args: u64, the pid
// that it forwards to; u64, the pid that it monitors.

#include "isopod.h"

enum { BEGINS_WITH_REPLY };

ISOPOD_EXPORT("match") int32_t match(int32_t predicate, const uint8_t *ptr, size_t len) {
  static const char wanted[] = "reply:";
  if (predicate != BEGINS_WITH_REPLY || isopod.info.kind != ISOPOD_MESSAGE || len < sizeof wanted - 1) return 0;
  for (size_t i = 0; i < sizeof wanted - 1; i++) {
    if (ptr[i] != wanted[i]) return 0;
  }
  return 1;
}

ISOPOD_EXPORT("run") void run(void) {
  isopod_pid pids[2];
  if (actor_args(pids, sizeof pids) != sizeof pids) __builtin_trap();
  actor_monitor((uint32_t)pids[1], (uint32_t)(pids[1] >> 32));

  int32_t n = isopod_receive_match(-1, BEGINS_WITH_REPLY);
  for (;;) {
    int32_t tag = isopod.info.kind == ISOPOD_DOWN ? 100 + (int32_t)isopod.info.reason : isopod.info.tag;
    isopod_send(pids[0], tag, isopod.ptr, (size_t)n);
    n = isopod_receive(-1);
  }
}
