/* What the C library would ask of WASI, and malloc. */
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <sys/time.h>

#include "engine.h"

void *malloc(size_t size) { return heap_take(size); }
void *calloc(size_t count, size_t size) { return heap_take(count * size); }
void *realloc(void *block, size_t size) { return heap_resize(block, size); }
void free(void *block) { heap_give(block); }
size_t malloc_usable_size(void *block) { return heap_size(block); }

_Noreturn void memory_is_full(size_t pages) {
  note_place();
  env_abort(0, 0, pages, 1);
}


#define WASI(name) __imported_wasi_snapshot_preview1_##name
enum { WASI_REALTIME = 0, WASI_BADF = 8 };

/* Nanoseconds: the date, or since the runtime began. Both are 0 without the grant `clock`. */
int32_t WASI(clock_time_get)(int32_t id, int64_t precision, int32_t at) {
  double ms = actor_now();
  if (ms >= 0 && id == WASI_REALTIME) ms += actor_epoch();
  *(uint64_t *)(uintptr_t)at = ms < 0 ? 0 : ms * 1e6;
  return 0;
}
int32_t WASI(fd_close)(int32_t fd) { return WASI_BADF; }
int32_t WASI(fd_fdstat_get)(int32_t fd, int32_t at) { return WASI_BADF; }
int32_t WASI(fd_seek)(int32_t fd, int64_t offset, int32_t whence, int32_t at) { return WASI_BADF; }
int32_t WASI(fd_write)(int32_t fd, int32_t vectors, int32_t count, int32_t at) { return WASI_BADF; }
_Noreturn void WASI(proc_exit)(int32_t code) { __builtin_trap(); }
