/* The allocator: heap.c. All of its memory is zeros when it is given out. Nothing here fails: where the
   memory cannot grow, the actor ends. */
#ifndef HEAP_H
#define HEAP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define no_inline __attribute__((noinline))
#define HEAP_MAX_BYTES (64 << 20)

void heap_begin(void);
void *heap_take(size_t size);
void heap_give(void *block);
void *heap_resize(void *block, size_t size);
/* The bytes of a block, which may be more than were asked for. */
size_t heap_size(const void *block);

/* Tells the host that no memory from this address on has been written (limit.s). */
void raise_store_limit(uintptr_t address);
/* Ends the actor: its memory cannot grow by so many pages of 64 KiB. */
_Noreturn void memory_is_full(size_t pages);

#endif
