/* The imports of docs/abi.md that the engine uses. */
#ifndef ACTOR_H
#define ACTOR_H
#include <stddef.h>
#include <stdint.h>

#define ACTOR(name) __attribute__((import_module("actor"), import_name(#name)))
#define ENV(name) __attribute__((import_module("env"), import_name(#name)))
#define EXPORT(name) __attribute__((export_name(name)))

enum { MESSAGE = 1, DOWN = 2, EXIT = 3, TIMER = 4 };          /* kinds of items */
enum { NORMAL = 0, CRASHED = 3, OWN = 6 };                      /* exit reasons */
enum { TIME_IS_OVER = -1, NOTHING_YET = -2, TOO_LARGE = -2, NOT_GRANTED = -100, OVER_LIMIT = -101 };
enum { HAS_RETURNED = 0, HAS_PARKED = 1 };                      /* what resume:run answers */
enum { MAX_REASON = 4096 };

typedef struct {
  uint32_t kind;
  int32_t tag;
  uint32_t from_lo, from_hi;
  int32_t ref;
  uint32_t reason, length, zero;
} Info;

ACTOR(send) int32_t actor_send(uint32_t lo, uint32_t hi, int32_t tag, const void *at, size_t length);
ACTOR(recv) int32_t actor_recv(void *info, void *at, size_t capacity, int32_t timeout);
ACTOR(recv_tag) int32_t actor_recv_tag(void *info, void *at, size_t capacity, int32_t timeout, int32_t tag);
ACTOR(recv_match) int32_t actor_recv_match(void *info, void *at, size_t capacity, int32_t timeout, int32_t predicate);
ACTOR(self_lo) uint32_t actor_self_lo(void);
ACTOR(self_hi) uint32_t actor_self_hi(void);
ACTOR(args) uint32_t actor_args(void *at, size_t capacity);
ACTOR(parent) int32_t actor_parent(void *result);
ACTOR(exit) _Noreturn void actor_exit(int32_t reason, const void *at, size_t length);
ACTOR(spawn) int32_t actor_spawn(const void *name, size_t name_length, const void *entry, size_t entry_length,
                                 const void *args, size_t args_length, int32_t flags, void *result);
ACTOR(link) int32_t actor_link(uint32_t lo, uint32_t hi);
ACTOR(unlink) int32_t actor_unlink(uint32_t lo, uint32_t hi);
ACTOR(trap_exit) int32_t actor_trap_exit(int32_t on);
ACTOR(exit_to) int32_t actor_exit_to(uint32_t lo, uint32_t hi, int32_t reason, const void *at, size_t length);
ACTOR(monitor) int32_t actor_monitor(uint32_t lo, uint32_t hi);
ACTOR(demonitor) int32_t actor_demonitor(int32_t ref, int32_t flush);
ACTOR(request) int32_t actor_request(uint32_t lo, uint32_t hi, int32_t tag, const void *at, size_t length);
ACTOR(ask) int32_t actor_ask(const void *name, size_t name_length, const void *at, size_t length);
ACTOR(send_after) int32_t actor_send_after(uint32_t delay, uint32_t lo, uint32_t hi, int32_t tag, const void *at, size_t length);
ACTOR(cancel_timer) int32_t actor_cancel_timer(int32_t ref);
ACTOR(register) int32_t actor_register(const void *name, size_t length, uint32_t lo, uint32_t hi);
ACTOR(unregister) int32_t actor_unregister(const void *name, size_t length);
ACTOR(whereis) int32_t actor_whereis(const void *name, size_t length, void *result);
ACTOR(send_named) int32_t actor_send_named(const void *name, size_t length, int32_t tag, const void *at, size_t at_length);
ACTOR(join) int32_t actor_join(const void *group, size_t length);
ACTOR(leave) int32_t actor_leave(const void *group, size_t length);
ACTOR(members) int32_t actor_members(const void *group, size_t length, void *result, size_t capacity);
ACTOR(broadcast) int32_t actor_broadcast(const void *group, size_t length, int32_t tag, const void *at, size_t at_length);
ACTOR(now) double actor_now(void);
ACTOR(epoch) double actor_epoch(void);
ACTOR(log) int32_t actor_log(int32_t level, const void *at, size_t length);
ENV(seed) double env_seed(void);
ENV(abort) _Noreturn void env_abort(uint32_t message, uint32_t file, uint32_t line, uint32_t column);

#endif
