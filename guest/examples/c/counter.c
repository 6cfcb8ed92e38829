// A handler: tag 1 adds an i32, tag 2 is answered with the sum, an i64. Any other message ends it
// with a reason of its own.

#include "isopod.h"

enum { ADD = 1, GET = 2 };

static int64_t sum;

ISOPOD_EXPORT("_start") void start(void) { isopod_listen(); }

ISOPOD_EXPORT("handle") void handle(int32_t n) {
  isopod_received(n);
  if (isopod.info.tag == ADD && n == 4) {
    int32_t more;
    __builtin_memcpy(&more, isopod.ptr, 4);
    sum += more;
  } else if (isopod.info.tag == GET) {
    isopod_send(isopod.info.from, GET, &sum, sizeof sum);
  } else {
    isopod_fail(isopod.ptr, n < 100 ? (size_t)n : 100);
  }
}
