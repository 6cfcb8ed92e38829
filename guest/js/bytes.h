/* Bytes that are written one after the other. They begin in a room that is given, and move to the heap when
   that is full. */
#ifndef BYTES_H
#define BYTES_H
#include <string.h>

#include "heap.h"

typedef struct {
  uint8_t *at;
  size_t length, capacity;
  bool is_own; /* it lies in the heap */
} Bytes;

static inline Bytes bytes_in(void *room, size_t capacity) { return (Bytes){.at = room, .capacity = capacity}; }

static no_inline void bytes_grow(Bytes *bytes, size_t more) {
  size_t capacity = 2 * bytes->capacity > bytes->length + more ? 2 * bytes->capacity : bytes->length + more;
  uint8_t *before = bytes->at;
  if (bytes->is_own) {
    bytes->at = heap_resize(before, capacity);
  } else {
    bytes->at = heap_take(capacity);
    memcpy(bytes->at, before, bytes->length);
  }
  bytes->capacity = capacity;
  bytes->is_own = true;
}

/* Room for so many more bytes, which count as written. */
static inline uint8_t *bytes_more(Bytes *bytes, size_t more) {
  if (bytes->capacity - bytes->length < more) bytes_grow(bytes, more);
  uint8_t *at = bytes->at + bytes->length;
  bytes->length += more;
  return at;
}

static inline void bytes_add(Bytes *bytes, const void *from, size_t length) {
  memcpy(bytes_more(bytes, length), from, length);
}

static inline void bytes_end(Bytes *bytes) {
  if (bytes->is_own) heap_give(bytes->at);
}

#endif
