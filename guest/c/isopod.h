/*
 * The imports of docs/abi.md for actors in C, and one window, which holds the received item until
 * the next receive. It needs only clang and lld, without libc and WASI. Include it in one file of a
 * guest, which then owns the window.
 * docs/languages.md shows the command, and a complete guest.
 */
#ifndef ISOPOD_H
#define ISOPOD_H
#include <stddef.h>
#include <stdint.h>

#define ISOPOD_EXPORT(name) __attribute__((export_name(name)))
#define ISOPOD_IMPORT(name) __attribute__((import_module("actor"), import_name(name)))

typedef uint64_t isopod_pid; /* 0: the host */

enum { ISOPOD_MESSAGE = 1, ISOPOD_DOWN = 2, ISOPOD_EXIT = 3, ISOPOD_TIMER = 4 };  /* info.kind */
enum { ISOPOD_NORMAL, ISOPOD_SHUTDOWN, ISOPOD_KILLED, ISOPOD_CRASHED, ISOPOD_NOPROC, ISOPOD_NOCONNECTION, ISOPOD_OWN }; /* reasons */
enum { ISOPOD_ACCEPTED = 1, ISOPOD_NO_ACTOR = 0, ISOPOD_FULL = -1, ISOPOD_TOO_LARGE = -2 }; /* results of sending */
enum { ISOPOD_TIMEOUT = -1, ISOPOD_PARK = -2, ISOPOD_NOT_GRANTED = -100, ISOPOD_OVER_LIMIT = -101 };

ISOPOD_IMPORT("send") int32_t actor_send(uint32_t lo, uint32_t hi, int32_t tag, const void *ptr, size_t len);
ISOPOD_IMPORT("recv") int32_t actor_recv(void *info, void *ptr, size_t cap, int32_t timeout);
ISOPOD_IMPORT("recv_tag") int32_t actor_recv_tag(void *info, void *ptr, size_t cap, int32_t timeout, int32_t tag);
ISOPOD_IMPORT("recv_match") int32_t actor_recv_match(void *info, void *ptr, size_t cap, int32_t timeout, int32_t predicate);
ISOPOD_IMPORT("park") int32_t actor_park(void);
ISOPOD_IMPORT("window") void actor_window(void *info, void *ptr, size_t cap);
ISOPOD_IMPORT("self_lo") uint32_t actor_self_lo(void);
ISOPOD_IMPORT("self_hi") uint32_t actor_self_hi(void);
ISOPOD_IMPORT("args") uint32_t actor_args(void *ptr, size_t cap);
ISOPOD_IMPORT("exit") _Noreturn void actor_exit(int32_t reason, const void *ptr, size_t len);
ISOPOD_IMPORT("spawn") int32_t actor_spawn(const void *name, size_t name_len, const void *entry, size_t entry_len,
                                           const void *args, size_t args_len, int32_t flags, void *result);
ISOPOD_IMPORT("parent") int32_t actor_parent(isopod_pid *result);
ISOPOD_IMPORT("link") int32_t actor_link(uint32_t lo, uint32_t hi);
ISOPOD_IMPORT("unlink") int32_t actor_unlink(uint32_t lo, uint32_t hi);
ISOPOD_IMPORT("trap_exit") int32_t actor_trap_exit(int32_t on);
ISOPOD_IMPORT("exit_to") int32_t actor_exit_to(uint32_t lo, uint32_t hi, int32_t reason, const void *ptr, size_t len);
ISOPOD_IMPORT("monitor") int32_t actor_monitor(uint32_t lo, uint32_t hi);
ISOPOD_IMPORT("demonitor") int32_t actor_demonitor(int32_t ref, int32_t flush);
ISOPOD_IMPORT("request") int32_t actor_request(uint32_t lo, uint32_t hi, int32_t tag, const void *ptr, size_t len);
ISOPOD_IMPORT("delegate") int32_t actor_delegate(uint32_t lo, uint32_t hi, int32_t ref, uint32_t to_lo, uint32_t to_hi,
                                                 int32_t tag, const void *ptr, size_t len);
ISOPOD_IMPORT("make_ref") int32_t actor_make_ref(void);
ISOPOD_IMPORT("drop_ref") int32_t actor_drop_ref(int32_t ref);
ISOPOD_IMPORT("ask") int32_t actor_ask(const void *name, size_t name_len, const void *ptr, size_t len);
ISOPOD_IMPORT("send_after") int32_t actor_send_after(uint32_t delay, uint32_t lo, uint32_t hi, int32_t tag, const void *ptr, size_t len);
ISOPOD_IMPORT("cancel_timer") int32_t actor_cancel_timer(int32_t ref);
ISOPOD_IMPORT("register") int32_t actor_register(const void *name, size_t len, uint32_t lo, uint32_t hi);
ISOPOD_IMPORT("unregister") int32_t actor_unregister(const void *name, size_t len);
ISOPOD_IMPORT("whereis") int32_t actor_whereis(const void *name, size_t len, isopod_pid *result);
ISOPOD_IMPORT("send_named") int32_t actor_send_named(const void *name, size_t len, int32_t tag, const void *ptr, size_t payload_len);
ISOPOD_IMPORT("join") int32_t actor_join(const void *group, size_t len);
ISOPOD_IMPORT("leave") int32_t actor_leave(const void *group, size_t len);
ISOPOD_IMPORT("members") int32_t actor_members(const void *group, size_t len, isopod_pid *result, size_t cap);
ISOPOD_IMPORT("broadcast") int32_t actor_broadcast(const void *group, size_t len, int32_t tag, const void *ptr, size_t payload_len);
ISOPOD_IMPORT("now") double actor_now(void);
ISOPOD_IMPORT("epoch") double actor_epoch(void);
ISOPOD_IMPORT("log") int32_t actor_log(int32_t level, const void *ptr, size_t len);

/* The last received item. Its payload is info.len bytes at ptr. A predicate sees at most cap. */
static uint64_t isopod_first[32]; /* the room until a longer item comes */
static struct {
  struct { uint32_t kind; int32_t tag; isopod_pid from; int32_t ref; uint32_t reason, len, zero; } info;
  uint8_t *ptr;
  size_t cap;
} isopod = {.ptr = (uint8_t *)isopod_first, .cap = sizeof isopod_first};
_Static_assert(sizeof isopod.info == 32, "the info of docs/abi.md");

/* Makes room for len bytes in new pages, so that no allocator of the guest is disturbed.
   Traps if the memory is used up. */
static inline void isopod_grow(size_t len) {
  size_t pages = ((len > 2 * isopod.cap ? len : 2 * isopod.cap) + 65535) / 65536;
  size_t page = __builtin_wasm_memory_grow(0, pages);
  if (page == SIZE_MAX) __builtin_trap();
  isopod.ptr = (uint8_t *)(page * 65536);
  isopod.cap = pages * 65536;
}

/* A complete receive. An item that did not fit was not taken: the second attempt finds it at once. */
static inline __attribute__((always_inline)) int32_t isopod_take(int which, int32_t timeout, int32_t what) {
  for (;;) {
    int32_t n = which == 0   ? actor_recv(&isopod.info, isopod.ptr, isopod.cap, timeout)
                : which == 1 ? actor_recv_tag(&isopod.info, isopod.ptr, isopod.cap, timeout, what)
                             : actor_recv_match(&isopod.info, isopod.ptr, isopod.cap, timeout, what);
    if (n == ISOPOD_PARK) n = actor_park();
    if (n <= (int32_t)isopod.cap) return n;
    isopod_grow((size_t)n);
    timeout = 0;
  }
}

/* Take the next item: any item, the first with this tag or ref, or the first that `match` accepts.
   timeout: milliseconds; negative waits for ever; 0 polls. Return the payload's length, or ISOPOD_TIMEOUT. */
static inline int32_t isopod_receive(int32_t timeout) { return isopod_take(0, timeout, 0); }
static inline int32_t isopod_receive_tag(int32_t timeout, int32_t tag) { return isopod_take(1, timeout, tag); }
static inline int32_t isopod_receive_match(int32_t timeout, int32_t predicate) { return isopod_take(2, timeout, predicate); }

/* For handlers. Call isopod_listen once, in _start. Call isopod_received first in handle(n): it takes
   an item that did not fit. Neither waits. */
static inline void isopod_listen(void) { actor_window(&isopod.info, isopod.ptr, isopod.cap); }
static inline void isopod_received(int32_t n) {
  while (n > (int32_t)isopod.cap) {
    isopod_grow((size_t)n);
    isopod_listen();
    n = actor_recv(&isopod.info, isopod.ptr, isopod.cap, 0);
  }
}

static inline int32_t isopod_send(isopod_pid to, int32_t tag, const void *ptr, size_t len) {
  return actor_send((uint32_t)to, (uint32_t)(to >> 32), tag, ptr, len);
}

/* Answers the request that was received last. Traps where that item is no request, which info.ref tells:
   it is 0. To answer after the next receive, keep info.from and info.ref, and send with the ref as tag. */
static inline int32_t isopod_reply(const void *ptr, size_t len) {
  if (isopod.info.ref == 0) __builtin_trap();
  return isopod_send(isopod.info.from, isopod.info.ref, ptr, len);
}

/* Asks a function of the embedder by its full name, such as "db.get". Returns the ref, which is below -1,023: the answer
   is the item that isopod_receive_tag(timeout, ref) takes, a message or a Down. Any other number: nothing was asked. */
static inline int32_t isopod_ask(const char *name, const void *ptr, size_t len) {
  size_t name_len = 0;
  while (name[name_len] != 0) name_len++;
  return actor_ask(name, name_len, ptr, len);
}

/* Ends the actor for a reason of its own: at most 4,096 bytes, which its links and monitors get. */
static inline _Noreturn void isopod_fail(const void *reason, size_t len) { actor_exit(ISOPOD_OWN, reason, len); }

#endif
