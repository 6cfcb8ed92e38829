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

/* Milliseconds since the runtime began; 0 without the grant `clock`. */
static double now(void) {
  double ms = actor_now();
  return ms < 0 ? 0 : ms;
}

#define WASI(name) __imported_wasi_snapshot_preview1_##name
enum { WASI_BADF = 8 };

int32_t WASI(clock_time_get)(int32_t id, int64_t precision, int32_t at) {
  *(uint64_t *)(uintptr_t)at = now() * 1e6;
  return 0;
}
int32_t WASI(fd_close)(int32_t fd) { return WASI_BADF; }
int32_t WASI(fd_fdstat_get)(int32_t fd, int32_t at) { return WASI_BADF; }
int32_t WASI(fd_seek)(int32_t fd, int64_t offset, int32_t whence, int32_t at) { return WASI_BADF; }
int32_t WASI(fd_write)(int32_t fd, int32_t vectors, int32_t count, int32_t at) { return WASI_BADF; }
_Noreturn void WASI(proc_exit)(int32_t code) { __builtin_trap(); }
