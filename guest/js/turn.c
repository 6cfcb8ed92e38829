/*
 * The turns of a script's actor. It takes one item at a time. While the promise of a handler is pending, it takes
 * only what the script awaits: answers and timers, which bear refs; and, of main, what its receive() wants.
 * Everything else stays in the mailbox, where limits and selective receive hold.
 */
#include "cbor.h"
#include "engine.h"

/* The promise that the script's code has returned, and who is to get its result. */
static struct {
  bool is_pending;
  JSValue promise;
  uint32_t lo, hi;
  int32_t ref;
} job;

/* Whether the actor has begun. Its loader never does. */
static bool has_begun;
/* Whether the loader has told its host what it has loaded. */
static bool is_told;
/* What the script's own predicate has thrown. */
static JSValue thrown_by_where = JS_UNDEFINED;
static bool has_thrown;

/* Where items are received: WINDOW_AT, or room in the heap for a longer one. */
static uint8_t *window = (uint8_t *)WINDOW_AT;
static size_t capacity = WINDOW_BYTES;

/* The library was not asked about an item, because it is longer than the window. */
static bool is_cut;

/* Promises that were rejected and that nobody handles. */
static JSValue *rejected;
static uint32_t rejected_count;

static void track(JSContext *ctx, JSValueConst promise, JSValueConst reason, bool is_handled, void *opaque) {
  void *object = JS_VALUE_GET_PTR(promise);
  if (!is_handled) {
    rejected = heap_resize(rejected, (rejected_count + 1) * sizeof(JSValue));
    rejected[rejected_count++] = JS_DupValue(ctx, promise);
    return;
  }
  for (uint32_t i = 0; i < rejected_count; i++) {
    if (JS_VALUE_GET_PTR(rejected[i]) != object) continue;
    JS_FreeValue(ctx, rejected[i]);
    rejected[i] = rejected[--rejected_count];
    break;
  }
  if (rejected_count > 0) return;
  heap_give(rejected);
  rejected = NULL;
}

void run_jobs(void) {
  JSContext *ctx;
  int status;
  JS_SetHostPromiseRejectionTracker(runtime, track, NULL);
  while ((status = JS_ExecutePendingJob(runtime, &ctx)) > 0) continue;
  if (status < 0) crash(JS_GetException(context));
  if (rejected_count > 0) crash(JS_PromiseResult(context, rejected[0]));
}

/* Logs an exception of a call that nobody waits for. */
static void log_error(Bytes *out, JSValueConst thrown) {
  static const char why[] = "nobody waits for this call: ";
  const char *text = JS_ToCString(context, thrown);
  if (text == NULL) JS_FreeValue(context, JS_GetException(context));
  bytes_add(out, why, sizeof why - 1);
  bytes_add(out, text, text == NULL ? 0 : strlen(text));
  JS_FreeCString(context, text);
  actor_log(3, out->at, out->length);
}

/* Sends [true, result], or [false, name, message] of an exception. Who is not waiting gets nothing. */
static void answer(uint32_t lo, uint32_t hi, int32_t ref, JSValue result, bool is_error) {
  Bytes out = out_begin();
  if (!is_error && ref != 0) {
    cbor_write_array(&out, 2);
    cbor_write_bool(&out, true);
    if (!cbor_write(context, &out, result, 1)) {
      JS_FreeValue(context, result);
      result = JS_GetException(context);
      is_error = true;
      out.length = 0;
    }
  }
  if (is_error && ref == 0) {
    log_error(&out, result);
  } else if (is_error) {
    write_error(&out, result);
  }
  JS_FreeValue(context, result);
  if (ref != 0) {
    if (actor_send(lo, hi, ref, out.at, out.length) == TOO_LARGE) {
      out.length = 0;
      JS_ThrowRangeError(context, "the result is longer than the caller accepts (limit messageBytes)");
      result = JS_GetException(context);
      write_error(&out, result);
      JS_FreeValue(context, result);
      actor_send(lo, hi, ref, out.at, out.length);
    }
  }
  out_end(&out);
}

/* The script's code has returned, for a call of these. */
static void finish(JSValue result, uint32_t lo, uint32_t hi, int32_t ref) {
  if (JS_IsException(result)) {
    JSValue thrown = JS_GetException(context);
    if (shape != FUNCTIONS) crash(thrown);
    answer(lo, hi, ref, thrown, true);
    return;
  }
  if (JS_IsPromise(result)) {
    if (shape == FUNCTIONS) JS_PromiseMarkAsHandled(context, result);
    job.is_pending = true;
    job.promise = result;
    job.lo = lo;
    job.hi = hi;
    job.ref = ref;
    return;
  }
  if (shape == FUNCTIONS) answer(lo, hi, ref, result, false);
  else JS_FreeValue(context, result);
}

/* The promise has settled: who has called gets the result. */
static void finish_job(void) {
  JSPromiseStateEnum state = JS_PromiseState(context, job.promise);
  if (state == JS_PROMISE_PENDING) return;
  JSValue result = JS_PromiseResult(context, job.promise);
  JS_FreeValue(context, job.promise);
  job.is_pending = false;
  job.promise = JS_UNDEFINED;
  if (shape == FUNCTIONS) answer(job.lo, job.hi, job.ref, result, state == JS_PROMISE_REJECTED);
  else JS_FreeValue(context, result);
  job.lo = job.hi = job.ref = 0;
}

/* A request [name, ...args]. */
static JSValue call_function(uint32_t length) {
  enum { MOST = 64 };
  CborReader reader = cbor_reader(window, length);
  int64_t count = cbor_read_array(&reader);
  if (count < 1 || count > MOST) return JS_ThrowTypeError(context, "this is no call: a call is [name, ...args], with at most 63 arguments");
  JSValue name = cbor_read(context, &reader, 1);
  if (!JS_IsString(name)) {
    JS_FreeValue(context, name);
    return JS_ThrowTypeError(context, "this is no call: a call is [name, ...args]");
  }
  JSAtom atom = JS_ValueToAtom(context, name);
  JSValue function = JS_GetProperty(context, handler, atom);
  JS_FreeAtom(context, atom);
  JSValue result = JS_EXCEPTION;
  if (JS_IsUndefined(function)) {
    const char *text = JS_ToCString(context, name);
    JS_ThrowReferenceError(context, "the script exports no function %s", text);
    JS_FreeCString(context, text);
  } else {
    JSValue args[MOST];
    int read = 0;
    while (read < count - 1 && !JS_IsException(args[read] = cbor_read(context, &reader, 1))) read++;
    if (read == count - 1 && reader.at == reader.end) result = JS_Call(context, function, JS_UNDEFINED, read, args);
    else if (read == count - 1) JS_ThrowTypeError(context, "this is no call: something follows the arguments");
    while (read-- > 0) JS_FreeValue(context, args[read]);
  }
  JS_FreeValue(context, function);
  JS_FreeValue(context, name);
  return result;
}

/* Gives a message to the library. Answers what that does. */
static bool hand_over(Hook hook, JSValue message) {
  JSValue known = call_hook(hook, 1, &message);
  JS_FreeValue(context, message);
  if (JS_IsException(known)) {
    thrown_by_where = JS_GetException(context);
    has_thrown = true;
    return true;
  }
  bool is_known = JS_ToBool(context, known);
  JS_FreeValue(context, known);
  return is_known;
}

static bool bears_ref(void) {
  return (info->kind == TIMER && info->ref != 0) || (info->kind == MESSAGE && info->tag < 0);
}

static void take_item(uint32_t length) {
  uint32_t lo = info->from_lo, hi = info->from_hi;
  int32_t ref = info->ref;
  if (has_thrown) crash(thrown_by_where);
  if (bears_ref() || info->kind == DOWN) {
    if (hand_over(SETTLE, message_new(window)) || info->kind != DOWN) {
      if (has_thrown) crash(thrown_by_where);
      return;
    }
  }
  if (shape == MAIN) {
    hand_over(DELIVER, message_new(window));
    if (has_thrown) crash(thrown_by_where);
  } else if (shape == ON_MESSAGE) {
    JSValue message = message_new(window);
    JSValue result = JS_Call(context, handler, JS_UNDEFINED, 1, &message);
    JS_FreeValue(context, message);
    finish(result, lo, hi, 0);
  } else if (info->kind == MESSAGE) {
    finish(call_function(length), lo, hi, ref);
  }
}

static int32_t receive(void) {
  if (!job.is_pending) return actor_recv(info, window, capacity, -1);
  if (receives > 0 && receives_any) return actor_recv(info, window, capacity, -1);
  if (receives > 0 && awaited == 0 && receives_tag != NO_TAG) return actor_recv_tag(info, window, capacity, -1, receives_tag);
  if (receives == 0 && awaited == 1) return actor_recv_tag(info, window, capacity, -1, awaited_ref);
  if (receives == 0 && awaited == 0) {
    crash_text(shape == MAIN ? "main awaits a promise that nothing can settle: it waits for no message, answer or timer"
                             : "the script awaits a promise that nothing can settle: it waits for no answer or timer");
  }
  return actor_recv_match(info, window, capacity, -1, 0);
}

/* Longer items get room in the heap, for as long as they are taken. */
static void resize_window(size_t length) {
  if (capacity != WINDOW_BYTES) heap_give(window);
  window = length > WINDOW_BYTES ? heap_take(length) : (uint8_t *)WINDOW_AT;
  capacity = length > WINDOW_BYTES ? length : WINDOW_BYTES;
}

/* The host's question of what was loaded. */
static void tell_shape(void) {
  Bytes out = out_begin();
  write_shape(&out);
  actor_send(info->from_lo, info->from_hi, info->ref, out.at, out.length);
  out_end(&out);
  is_told = true;
  JS_RunGC(runtime);
}

static void begin(void) {
  has_begun = true;
  seed_random();
  if (shape == MAIN) finish(JS_Call(context, handler, JS_UNDEFINED, 0, NULL), 0, 0, 0);
  run_jobs();
}

EXPORT("run") void run(void) { __builtin_trap(); }

EXPORT("resume:run") int32_t resume(int32_t length) {
  JS_UpdateStackTop(runtime);
  forget_place();
  bool has_item = true;
  if (shape == NOT_LOADED) {
    load_script();
    has_item = false;
  } else if (is_told && !has_begun) {
    begin();
    /* main begins with the actor; the others with their first item. */
    has_item = shape != MAIN;
  }
  for (;;) {
    if (has_item) {
      if (length == NOTHING_YET) return HAS_PARKED;
      if (length > (int32_t)capacity) {
        resize_window(length);
        /* Another receive between, so that the next one asks again. No item has this tag. */
        if (is_cut) actor_recv_tag(info, window, capacity, 0, NO_TAG);
        is_cut = false;
        length = receive();
        continue;
      }
      if (is_told) {
        take_item(length);
        run_jobs();
      } else {
        tell_shape();
      }
      if (capacity != WINDOW_BYTES) resize_window(0);
    }
    if (job.is_pending) finish_job();
    if (shape == MAIN && has_begun && !job.is_pending) return HAS_RETURNED;
    length = receive();
    has_item = true;
  }
}

EXPORT("match") int32_t match(int32_t predicate, const uint8_t *candidate, uint32_t length) {
  if (bears_ref()) return 1;
  if (receives == 0 && info->kind != DOWN) return 0;
  /* The library decides about a longer one when all of it is there. */
  is_cut = length < info->length;
  return is_cut || hand_over(WANTS, message_new(candidate));
}
