/*
 * The allocator of the engine. An actor's image is what its memory differs from the engine's first
 * state, so this heap leaves no traces: what is free is zeros, and the lowest free place is taken next.
 * When an actor has freed all that it took, its heap is as it was before, byte for byte.
 *
 * The heap is pages of 4 KiB. One byte of `pages` says what a page is. Up to 2,016 bytes, blocks of one
 * size share a page (a slab), which begins with a bitmap of the blocks in use. Larger blocks are runs of
 * whole pages.
 */
#include "heap.h"

#include <string.h>

enum {
  PAGE = 4096,
  PAGES = HEAP_MAX_BYTES / PAGE,
  SLAB_HEADER = 64,
  RUN_HEADER = 16,
  BITMAP_WORDS = 4,
  GRANULE = 8,
  LARGEST_BLOCK = 2016,
};

/* What a page is: 0 for free; a size class, with IS_FULL where none of its blocks is free; or part of a run. */
enum { IS_FREE = 0, IS_FULL = 0x40, RUN_HEAD = 0x80, RUN_REST = 0x81 };

typedef struct {
  uint64_t used[BITMAP_WORDS]; /* a bit for each block in use */
  uint32_t count;              /* how many are in use */
} Slab;

typedef struct {
  uint32_t pages;
} Run;

/* The sizes of blocks; class 0 does not exist. Beyond 128 bytes at most an eighth is lost, beyond 512 a fifth. */
static const uint16_t sizes[] = {0,   16,  24,  32,  40,  48,  56,  64,  72,  80,  88,  96,  104, 112,  120,
                                 128, 144, 160, 176, 192, 208, 224, 240, 256, 288, 320, 352, 384, 416,  448,
                                 480, 512, 576, 672, 800, 1008, 1344, 2016};
enum { CLASSES = sizeof sizes / sizeof sizes[0] };

static uint8_t pages[PAGES];
/* For each class, the lowest page that has a free block; `limit` where none has. */
static uint16_t lowest[CLASSES];
/* The lowest free page; `limit` where all are in use. */
static uint16_t lowest_free;
/* Pages from here on have never been used, or the memory does not have them. */
static uint16_t limit;
static uint8_t class_of[LARGEST_BLOCK / GRANULE + 1];
static uint8_t *base;
_Static_assert(PAGES <= 0xffff, "a page has a number of 16 bits");

extern uint8_t __heap_base;

void heap_begin(void) {
  base = (uint8_t *)(((uintptr_t)&__heap_base + PAGE - 1) & -PAGE);
  int size_class = 1;
  for (int i = 0; i <= LARGEST_BLOCK / GRANULE; i++) {
    while (sizes[size_class] < i * GRANULE) size_class++;
    class_of[i] = size_class;
  }
  raise_store_limit((uintptr_t)base);
}

static inline uint8_t *address(uint32_t page) { return base + page * PAGE; }
static inline uint32_t page_of(const void *block) { return ((const uint8_t *)block - base) / PAGE; }
static inline uint32_t capacity(int size_class) { return (PAGE - SLAB_HEADER) / sizes[size_class]; }

/* The lowest page from here on that is this; `limit` where none is. */
static uint32_t find(uint32_t page, uint8_t what) {
  while (page < limit && pages[page] != what) page++;
  return page;
}

/* Takes the lowest run of so many free pages. Does not return where the memory cannot grow. */
static uint32_t take_pages(uint32_t count) {
  uint32_t page = find(lowest_free, IS_FREE);
  for (uint32_t length = 0; page + length < limit;) {
    if (pages[page + length] != IS_FREE) {
      page = find(page + length, IS_FREE);
      length = 0;
    } else if (++length == count) {
      break;
    }
  }
  uint32_t end = page + count;
  if (end > limit) {
    uintptr_t top = (uintptr_t)address(end);
    size_t have = __builtin_wasm_memory_size(0);
    size_t need = (top + 65535) / 65536;
    if (end > PAGES || (need > have && __builtin_wasm_memory_grow(0, need - have) == SIZE_MAX)) {
      memory_is_full(need > have ? need - have : 1);
    }
    for (int i = 1; i < CLASSES; i++) {
      if (lowest[i] == limit) lowest[i] = end;
    }
    limit = end;
    raise_store_limit(top);
  }
  return page;
}

/* After a page has been taken, or given back. */
static void note_taken(uint32_t page, uint32_t count) {
  if (page == lowest_free) lowest_free = find(page + count, IS_FREE);
}

static void release_pages(uint32_t page, uint32_t count) {
  memset(&pages[page], IS_FREE, count);
  if (page < lowest_free) lowest_free = page;
  /* Pages at the end count as never used: the last one in use decides where the heap ends. */
  if (page + count != limit) return;
  uint32_t end = page;
  while (end > 0 && pages[end - 1] == IS_FREE) end--;
  for (int i = 1; i < CLASSES; i++) {
    if (lowest[i] == limit) lowest[i] = end;
  }
  limit = end;
  if (lowest_free > limit) lowest_free = limit;
}

static no_inline void *take_from_new_slab(int size_class) {
  uint32_t page = take_pages(1);
  pages[page] = size_class;
  note_taken(page, 1);
  lowest[size_class] = page;
  Slab *slab = (Slab *)address(page);
  slab->used[0] = 1;
  slab->count = 1;
  return (uint8_t *)slab + SLAB_HEADER;
}

static void *take_block(int size_class) {
  uint32_t page = lowest[size_class];
  if (page == limit) return take_from_new_slab(size_class);
  Slab *slab = (Slab *)address(page);
  int word = 0;
  while (slab->used[word] == UINT64_MAX) word++;
  int bit = __builtin_ctzll(~slab->used[word]);
  slab->used[word] |= 1ull << bit;
  if (++slab->count == capacity(size_class)) {
    pages[page] = size_class | IS_FULL;
    lowest[size_class] = find(page + 1, size_class);
  }
  return (uint8_t *)slab + SLAB_HEADER + (word * 64 + bit) * sizes[size_class];
}

static void give_block(void *block, uint32_t page) {
  int size_class = pages[page] & ~IS_FULL;
  uint32_t size = sizes[size_class];
  Slab *slab = (Slab *)address(page);
  uint32_t index = ((uint8_t *)block - (uint8_t *)slab - SLAB_HEADER) / size;
  if (size <= 128) {
    for (uint32_t i = 0; i < size / 8; i++) ((uint64_t *)block)[i] = 0;
  } else {
    memset(block, 0, size);
  }
  slab->used[index / 64] &= ~(1ull << (index % 64));
  if (--slab->count == 0) {
    slab->used[0] = 0;
    if (lowest[size_class] == page) lowest[size_class] = find(page + 1, size_class);
    release_pages(page, 1);
    return;
  }
  pages[page] = size_class;
  if (page < lowest[size_class]) lowest[size_class] = page;
}

static no_inline void *take_run(size_t size) {
  if (size > HEAP_MAX_BYTES) memory_is_full((size + 65535) / 65536);
  uint32_t count = (size + RUN_HEADER + PAGE - 1) / PAGE;
  uint32_t page = take_pages(count);
  pages[page] = RUN_HEAD;
  memset(&pages[page + 1], RUN_REST, count - 1);
  note_taken(page, count);
  Run *run = (Run *)address(page);
  run->pages = count;
  return (uint8_t *)run + RUN_HEADER;
}

static void give_run(uint32_t page) {
  Run *run = (Run *)address(page);
  uint32_t count = run->pages;
  memset(run, 0, count * PAGE);
  release_pages(page, count);
}

void *heap_take(size_t size) {
  if (size <= LARGEST_BLOCK) return take_block(class_of[(size + GRANULE - 1) / GRANULE]);
  return take_run(size);
}

void heap_give(void *block) {
  if (block == NULL) return;
  uint32_t page = page_of(block);
  if (pages[page] == RUN_HEAD) give_run(page);
  else give_block(block, page);
}

size_t heap_size(const void *block) {
  if (block == NULL) return 0;
  uint32_t page = page_of(block);
  if (pages[page] == RUN_HEAD) return ((Run *)address(page))->pages * PAGE - RUN_HEADER;
  return sizes[pages[page] & ~IS_FULL];
}

/* A run that can keep its place: the pages behind it are free, or it needs fewer than it has. */
static int resize_run(uint32_t page, size_t size) {
  Run *run = (Run *)address(page);
  uint32_t before = run->pages;
  uint32_t count = (size + RUN_HEADER + PAGE - 1) / PAGE;
  if (count < before) {
    run->pages = count;
    memset(address(page + count), 0, (before - count) * PAGE);
    release_pages(page + count, before - count);
    return 1;
  }
  if (page + before == limit && page + count <= PAGES) {
    uintptr_t top = (uintptr_t)address(page + count);
    size_t have = __builtin_wasm_memory_size(0);
    size_t need = (top + 65535) / 65536;
    if (need > have && __builtin_wasm_memory_grow(0, need - have) == SIZE_MAX) return 0;
    bool is_free_behind = lowest_free == limit;
    for (int i = 1; i < CLASSES; i++) {
      if (lowest[i] == limit) lowest[i] = page + count;
    }
    limit = page + count;
    if (is_free_behind) lowest_free = limit;
    raise_store_limit(top);
  } else {
    for (uint32_t i = page + before; i < page + count; i++) {
      if (i >= limit || pages[i] != IS_FREE) return 0;
    }
  }
  memset(&pages[page + before], RUN_REST, count - before);
  run->pages = count;
  note_taken(page + before, count - before);
  return 1;
}

void *heap_resize(void *block, size_t size) {
  if (block == NULL) return heap_take(size);
  uint32_t page = page_of(block);
  bool is_run = pages[page] == RUN_HEAD;
  size_t before = heap_size(block);
  if (is_run && size > LARGEST_BLOCK) {
    if (size + RUN_HEADER <= before + RUN_HEADER && before - size < PAGE) return block;
    if (resize_run(page, size)) return block;
  }
  if (!is_run && size <= before && class_of[(size + GRANULE - 1) / GRANULE] == (pages[page] & ~IS_FULL)) return block;
  void *other = heap_take(size);
  memcpy(other, block, size < before ? size : before);
  heap_give(block);
  return other;
}
