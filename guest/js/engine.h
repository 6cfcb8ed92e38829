/*
 * The engine: quickjs-ng, and what makes an actor of it. Its files, from the bottom up:
 *
 *   heap.c      the allocator               engine.c   the runtime of QuickJS, made once at build time
 *   libc.c      what the C library asks     cbor.c     values as bytes, and back
 *   message.c   what a script receives      natives.c  what the library in JavaScript calls
 *   script.c    loads a script              turn.c     the turns of its actors
 *   utf8.c      texts as bytes, and back    crash.c    what is told of an exception
 *   library/    the module "isopod" and the globals, in JavaScript
 */
#ifndef ENGINE_H
#define ENGINE_H
#include <quickjs.h>

#include "actor.h"
#include "bytes.h"

/* There is one of each: an instance runs one actor. */
extern JSRuntime *runtime;
extern JSContext *context;

/* Memory below SCRATCH holds nothing while the actor is parked: the C stack, which grows downwards, and below it
   the window of receives and the room in which messages are encoded. The host clears it between actors. */
enum {
  SCRATCH = 256 << 10,
  INFO_AT = 4096,
  WINDOW_AT = INFO_AT + 64,
  WINDOW_BYTES = 4096,
  OUT_AT = WINDOW_AT + WINDOW_BYTES,
  OUT_BYTES = 4096,
  PLACE_AT = OUT_AT + OUT_BYTES, /* isopod:place */
  PLACE_BYTES = 1024,
  STACK_END = 32 << 10, /* QuickJS stops a recursion here */
};
#define info ((Info *)INFO_AT)

/* engine.c */
/* Seeds Math.random: with the host's randomness if that is granted, else as in every other actor. */
void seed_random(void);
void allow_eval(bool allowed);
/* Notes the functions of the script that run now, one a line, as an Error's stack has them. Takes no memory. */
void note_place(void);
/* The turn begins: nothing is noted. */
static inline void forget_place(void) { *(char *)PLACE_AT = 0; }

/* message.c */
void message_begin(void);
/* A message of the item in the window. */
JSValue message_new(const uint8_t *payload);

/* natives.c */
void natives_begin(void);
/* Room for what is encoded: at OUT_AT; in the heap where encoding runs code of the script that encodes, too. */
Bytes out_begin(void);
void out_end(Bytes *out);
/* Calls a function that the library has installed. */
typedef enum { SETTLE, WANTS, DELIVER, CHECKED, HOOKS } Hook;
JSValue call_hook(Hook hook, int argc, JSValueConst *argv);
/* How many answers and timers the script waits for; where it is one, its ref. */
extern int32_t awaited, awaited_ref;
/* How many calls of receive() wait, and whether one of them takes any item. */
extern int32_t receives;
extern bool receives_any;
extern int32_t receives_tag;
enum { NO_TAG = -1 };

/* script.c */
typedef enum { NOT_LOADED, ON_MESSAGE, MAIN, FUNCTIONS } Shape;
extern Shape shape;
/* onMessage, main, or an object that has the functions. */
extern JSValue handler;
void script_begin(void);
/* Evaluates the script in the arguments. Does not return where that fails. */
void load_script(void);
/* What the script is: how many texts follow, its shape, and the names of its functions. */
void write_shape(Bytes *out);

/* crash.c */
/* Ends the actor with a value that was thrown. */
_Noreturn void crash(JSValue thrown);
_Noreturn void crash_text(const char *text);
/* Appends [false, name, message] of a value that was thrown. */
void write_error(Bytes *out, JSValueConst thrown);

/* turn.c */
/* Runs the jobs of promises until none is left. */
void run_jobs(void);

#endif
