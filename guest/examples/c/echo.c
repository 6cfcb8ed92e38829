// A process that answers each request with the request's bytes. It returns every other message to its
// sender, with the same bytes and the same tag.

#include "isopod.h"

ISOPOD_EXPORT("run") void run(void) {
  for (;;) {
    int32_t n = isopod_receive(-1);
    if (isopod.info.ref != 0) isopod_reply(isopod.ptr, (size_t)n);
    else isopod_send(isopod.info.from, isopod.info.tag, isopod.ptr, (size_t)n);
  }
}
