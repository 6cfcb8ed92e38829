// A process that returns each message to its sender, with the same bytes and the same tag.

#include "isopod.h"

ISOPOD_EXPORT("run") void run(void) {
  for (;;) {
    int32_t n = isopod_receive(-1);
    isopod_send(isopod.info.from, isopod.info.tag, isopod.ptr, (size_t)n);
  }
}
