/*
 * The functions that the library in JavaScript calls, and which scripts cannot reach: each is one import of the
 * host, with values in the place of pointers. Grants and limits are the host's to check.
 */
#include <math.h>

#include "cbor.h"
#include "engine.h"
#include "utf8.h"

static JSValue hooks[HOOKS];
int32_t awaited, awaited_ref;
int32_t receives, receives_tag = NO_TAG;
bool receives_any;

#define NATIVE(name) static JSValue name(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)

JSValue call_hook(Hook hook, int argc, JSValueConst *argv) {
  return JS_Call(context, hooks[hook], JS_UNDEFINED, argc, argv);
}

typedef struct {
  const char *at;
  size_t length;
} Text;

static bool text_of(JSContext *ctx, JSValueConst value, Text *text) {
  text->at = JS_ToCStringLen(ctx, &text->length, value);
  return text->at != NULL;
}

static bool pid_of(JSContext *ctx, JSValueConst value, uint32_t *lo, uint32_t *hi) {
  double pid;
  if (!JS_IsNumber(value) || JS_ToFloat64(ctx, &pid, value) || !(pid >= 0 && pid < 9007199254740992.0 && pid == trunc(pid))) {
    JS_ThrowTypeError(ctx, "a pid is a whole number, as self() and message.from are");
    return false;
  }
  *lo = (uint64_t)pid;
  *hi = (uint64_t)pid >> 32;
  return true;
}

static JSValue number_of_pid(const uint32_t *words) { return JS_NewNumber(context, words[1] * 4294967296.0 + words[0]); }

static bool int_of(JSContext *ctx, JSValueConst value, int32_t *number) {
  double exact;
  if (!JS_IsNumber(value) || JS_ToFloat64(ctx, &exact, value) || !(exact == trunc(exact) && fabs(exact) <= INT32_MAX)) {
    JS_ThrowTypeError(ctx, "a tag, a ref or a level is a whole number of 32 bits");
    return false;
  }
  *number = exact;
  return true;
}

/* Throws what the library makes of a status that every import has. */
static JSValue refused(int32_t status, const char *what, const char *grant, const char *limit) {
  JSValue args[] = {JS_NewInt32(context, status), JS_NewString(context, what), JS_NewString(context, grant),
                    JS_NewString(context, limit)};
  JSValue result = call_hook(CHECKED, 4, args);
  for (int i = 1; i < 4; i++) JS_FreeValue(context, args[i]);
  return result;
}

/* How many texts and values are being encoded, each inside the one before. */
static int outs;

Bytes out_begin(void) { return outs++ == 0 ? bytes_in((void *)OUT_AT, OUT_BYTES) : bytes_in(NULL, 0); }

void out_end(Bytes *out) {
  outs--;
  bytes_end(out);
}

static bool encode_raw(JSContext *ctx, Bytes *out, JSValueConst value) {
  if (JS_IsString(value)) {
    Text text;
    if (!text_of(ctx, value, &text)) return false;
    bytes_add(out, text.at, text.length);
    utf8_replace_halves(out->at, out->length);
    JS_FreeCString(ctx, text.at);
    return true;
  }
  if (JS_GetTypedArrayType(value) != JS_TYPED_ARRAY_UINT8) {
    JS_ThrowTypeError(ctx, "raw bytes are a string or a Uint8Array");
    return false;
  }
  size_t length;
  const uint8_t *bytes = view_of(ctx, &length, value);
  if (bytes == NULL && JS_HasException(ctx)) return false;
  bytes_add(out, bytes, length);
  return true;
}

/* Encodes a value; if it is raw, bytes as they are and a text as UTF-8. This may run code of the script. */
static bool encode(JSContext *ctx, Bytes *out, JSValueConst value, bool raw) {
  *out = out_begin();
  if (raw ? encode_raw(ctx, out, value) : cbor_write(ctx, out, value, 0)) return true;
  out_end(out);
  return false;
}

typedef struct {
  int32_t tag;
  bool raw;
} SendOptions;

/* { tag, raw }, or nothing */
static bool options_of(JSContext *ctx, JSValueConst value, SendOptions *options) {
  *options = (SendOptions){0};
  if (JS_IsUndefined(value)) return true;
  JSValue tag = JS_GetPropertyStr(ctx, value, "tag");
  JSValue raw = JS_IsException(tag) ? JS_EXCEPTION : JS_GetPropertyStr(ctx, value, "raw");
  if (JS_IsException(raw)) return false;
  bool is_fine = JS_IsUndefined(tag) || int_of(ctx, tag, &options->tag);
  options->raw = JS_ToBool(ctx, raw);
  JS_FreeValue(ctx, tag);
  JS_FreeValue(ctx, raw);
  return is_fine;
}

/* send(to, value, options): whether it was accepted. It is the script's own, because most messages are sent by it. */
NATIVE(send) {
  Bytes out;
  SendOptions options;
  uint32_t lo = 0, hi = 0;
  int32_t status = 0;
  bool is_name = JS_IsString(argv[0]);
  if (!is_name && !pid_of(ctx, argv[0], &lo, &hi)) return JS_EXCEPTION;
  if (!options_of(ctx, argv[2], &options) || !encode(ctx, &out, argv[1], options.raw)) return JS_EXCEPTION;
  Text name;
  if (!is_name) {
    status = actor_send(lo, hi, options.tag, out.at, out.length);
  } else if (text_of(ctx, argv[0], &name)) {
    status = actor_send_named(name.at, name.length, options.tag, out.at, out.length);
    JS_FreeCString(ctx, name.at);
  }
  out_end(&out);
  if (status <= NOT_GRANTED) return refused(status, "send", "lookup", "");
  return JS_NewBool(ctx, status == 1);
}

/* answer(message.from, message.ref, value, raw): a status */
NATIVE(answer) {
  Bytes out;
  uint32_t lo, hi;
  int32_t ref;
  if (!pid_of(ctx, argv[0], &lo, &hi) || !int_of(ctx, argv[1], &ref)) return JS_EXCEPTION;
  if (!encode(ctx, &out, argv[2], JS_ToBool(ctx, argv[3]))) return JS_EXCEPTION;
  int32_t status = actor_send(lo, hi, ref, out.at, out.length);
  out_end(&out);
  return JS_NewInt32(ctx, status);
}

/* request(to, value, tag, raw): a ref, or why there is none */
NATIVE(request) {
  Bytes out;
  uint32_t lo, hi;
  int32_t tag;
  if (!pid_of(ctx, argv[0], &lo, &hi) || !int_of(ctx, argv[2], &tag)) return JS_EXCEPTION;
  if (!encode(ctx, &out, argv[1], JS_ToBool(ctx, argv[3]))) return JS_EXCEPTION;
  int32_t ref = actor_request(lo, hi, tag, out.at, out.length);
  out_end(&out);
  return JS_NewInt32(ctx, ref);
}

/* ask(name, args): a ref, or why there is none */
NATIVE(ask) {
  Bytes out;
  Text name;
  if (!text_of(ctx, argv[0], &name)) return JS_EXCEPTION;
  if (!encode(ctx, &out, argv[1], false)) {
    JS_FreeCString(ctx, name.at);
    return JS_EXCEPTION;
  }
  int32_t ref = actor_ask(name.at, name.length, out.at, out.length);
  JS_FreeCString(ctx, name.at);
  out_end(&out);
  return JS_NewInt32(ctx, ref);
}

/* broadcast(group, value, tag, raw) */
NATIVE(broadcast) {
  Bytes out;
  Text group;
  int32_t tag;
  if (!int_of(ctx, argv[2], &tag) || !text_of(ctx, argv[0], &group)) return JS_EXCEPTION;
  if (!encode(ctx, &out, argv[1], JS_ToBool(ctx, argv[3]))) {
    JS_FreeCString(ctx, group.at);
    return JS_EXCEPTION;
  }
  int32_t count = actor_broadcast(group.at, group.length, tag, out.at, out.length);
  JS_FreeCString(ctx, group.at);
  out_end(&out);
  return JS_NewInt32(ctx, count);
}

/* spawn(name, args, flags): [status, pid, ref] */
NATIVE(spawn) {
  Bytes args;
  Text name;
  int32_t flags;
  if (!int_of(ctx, argv[2], &flags) || !text_of(ctx, argv[0], &name)) return JS_EXCEPTION;
  if (!encode(ctx, &args, argv[1], true)) {
    JS_FreeCString(ctx, name.at);
    return JS_EXCEPTION;
  }
  struct { uint32_t pid[2]; int32_t ref, zero; } result = {0};
  int32_t status = actor_spawn(name.at, name.length, NULL, 0, args.at, args.length, flags, &result);
  JS_FreeCString(ctx, name.at);
  out_end(&args);
  JSValue array = JS_NewArray(ctx);
  JS_DefinePropertyValueUint32(ctx, array, 0, JS_NewInt32(ctx, status), JS_PROP_C_W_E);
  JS_DefinePropertyValueUint32(ctx, array, 1, number_of_pid(result.pid), JS_PROP_C_W_E);
  JS_DefinePropertyValueUint32(ctx, array, 2, JS_NewInt32(ctx, result.ref), JS_PROP_C_W_E);
  return array;
}

/* Imports that take a pid and answer a status. */
enum { LINK, UNLINK, MONITOR };

static JSValue tie(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv, int what) {
  uint32_t lo, hi;
  if (!pid_of(ctx, argv[0], &lo, &hi)) return JS_EXCEPTION;
  return JS_NewInt32(ctx, what == LINK ? actor_link(lo, hi) : what == UNLINK ? actor_unlink(lo, hi) : actor_monitor(lo, hi));
}

/* Imports that take one number. */
enum { DEMONITOR, TRAP_EXIT, CANCEL_TIMER, SEND_AFTER };

static JSValue with_number(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv, int what) {
  int32_t number;
  if (!int_of(ctx, argv[0], &number)) return JS_EXCEPTION;
  switch (what) {
    case DEMONITOR: number = actor_demonitor(number, 1); break;
    case TRAP_EXIT: number = actor_trap_exit(number); break;
    case CANCEL_TIMER: number = actor_cancel_timer(number); break;
    default: number = actor_send_after(number, actor_self_lo(), actor_self_hi(), 0, NULL, 0);
  }
  return JS_NewInt32(ctx, number);
}

/* Imports that take one text. */
enum { UNREGISTER, JOIN, LEAVE };

static JSValue with_text(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv, int what) {
  Text text;
  if (!text_of(ctx, argv[0], &text)) return JS_EXCEPTION;
  int32_t status = what == UNREGISTER ? actor_unregister(text.at, text.length)
                   : what == JOIN     ? actor_join(text.at, text.length)
                                      : actor_leave(text.at, text.length);
  JS_FreeCString(ctx, text.at);
  return JS_NewInt32(ctx, status);
}

NATIVE(register_name) {
  Text name;
  uint32_t lo, hi;
  if (!pid_of(ctx, argv[1], &lo, &hi) || !text_of(ctx, argv[0], &name)) return JS_EXCEPTION;
  int32_t status = actor_register(name.at, name.length, lo, hi);
  JS_FreeCString(ctx, name.at);
  return JS_NewInt32(ctx, status);
}

/* whereis(name): a pid, or a status below 1 */
NATIVE(whereis) {
  Text name;
  uint32_t pid[2];
  if (!text_of(ctx, argv[0], &name)) return JS_EXCEPTION;
  int32_t status = actor_whereis(name.at, name.length, pid);
  JS_FreeCString(ctx, name.at);
  return status == 1 ? number_of_pid(pid) : JS_NewInt32(ctx, status);
}

/* members(group): an array of pids, or a status below 0 */
NATIVE(members) {
  Text group;
  if (!text_of(ctx, argv[0], &group)) return JS_EXCEPTION;
  uint32_t (*pids)[2] = NULL;
  int32_t capacity = 0;
  int32_t count = actor_members(group.at, group.length, pids, 0);
  while (count > capacity) {
    capacity = count;
    pids = heap_resize(pids, capacity * 8);
    count = actor_members(group.at, group.length, pids, capacity);
  }
  JS_FreeCString(ctx, group.at);
  JSValue result = count < 0 ? JS_NewInt32(ctx, count) : JS_NewArray(ctx);
  for (int32_t i = 0; i < count; i++) JS_DefinePropertyValueUint32(ctx, result, i, number_of_pid(pids[i]), JS_PROP_C_W_E);
  heap_give(pids);
  return result;
}

/* exit(code, bytes), exitTo(code, bytes, pid) */
NATIVE(end) {
  size_t length = 0;
  int32_t code;
  uint32_t lo, hi;
  if (!int_of(ctx, argv[0], &code) || (argc > 2 && !pid_of(ctx, argv[2], &lo, &hi))) return JS_EXCEPTION;
  const uint8_t *bytes = JS_IsUndefined(argv[1]) ? NULL : view_of(ctx, &length, argv[1]);
  if (bytes == NULL && JS_HasException(ctx)) return JS_EXCEPTION;
  if (argc < 3) actor_exit(code, bytes, length);
  return JS_NewInt32(ctx, actor_exit_to(lo, hi, code, bytes, length));
}

/* log(level, text) */
NATIVE(log_line) {
  Bytes out;
  int32_t level;
  if (!int_of(ctx, argv[0], &level) || !encode(ctx, &out, argv[1], true)) return JS_EXCEPTION;
  int32_t status = actor_log(level, out.at, out.length);
  out_end(&out);
  return JS_NewInt32(ctx, status);
}

NATIVE(self_pid) {
  uint32_t pid[2] = {actor_self_lo(), actor_self_hi()};
  return number_of_pid(pid);
}

/* The parent's pid; undefined: the parent is the host */
NATIVE(parent) {
  uint32_t pid[2];
  return actor_parent(pid) == 1 ? number_of_pid(pid) : JS_UNDEFINED;
}

NATIVE(args) {
  uint32_t length = actor_args(NULL, 0);
  uint8_t *bytes = heap_take(length);
  actor_args(bytes, length);
  JSValue array = JS_NewUint8ArrayCopy(ctx, bytes, length);
  heap_give(bytes);
  return array;
}

NATIVE(epoch) { return JS_NewNumber(ctx, actor_epoch()); }

/* Fills an array with random bytes. False: the grant is missing */
NATIVE(fill_random) {
  size_t length;
  uint8_t *bytes = view_of(ctx, &length, argv[0]);
  if (bytes == NULL && JS_HasException(ctx)) return JS_EXCEPTION;
  for (size_t i = 0; i < length; i += 4) {
    /* A seed is a random number below 1, times 2^53 - 1; its first 32 bits are random. Without the grant it is 0. */
    double seed = env_seed();
    if (seed == 0 && (seed = env_seed()) == 0) return JS_FALSE;
    uint32_t random = (uint64_t)(seed * 0x1p-21 + 0.5);
    memcpy(bytes + i, &random, length - i < 4 ? length - i : 4);
  }
  return JS_TRUE;
}

NATIVE(encode_value) {
  Bytes out;
  if (!encode(ctx, &out, argv[0], JS_ToBool(ctx, argv[1]))) return JS_EXCEPTION;
  JSValue bytes = JS_NewUint8ArrayCopy(ctx, out.at, out.length);
  out_end(&out);
  return bytes;
}

NATIVE(decode_value) {
  size_t length;
  const uint8_t *bytes = view_of(ctx, &length, argv[0]);
  if (bytes == NULL && JS_HasException(ctx)) return JS_EXCEPTION;
  return cbor_decode(ctx, bytes, length);
}

/* await(ref): from now on the script waits for an item that bears the ref. forget(ref): not any more */
enum { AWAIT, FORGET };

static JSValue count_awaited(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv, int what) {
  int32_t ref;
  if (!int_of(ctx, argv[0], &ref)) return JS_EXCEPTION;
  awaited += what == AWAIT ? 1 : -1;
  awaited_ref ^= ref;
  return JS_UNDEFINED;
}

/* receiving(count, any, tag): so many calls of receive() wait; all of them for one tag; or one for any item */
NATIVE(receiving) {
  if (!int_of(ctx, argv[0], &receives) || !int_of(ctx, argv[2], &receives_tag)) return JS_EXCEPTION;
  receives_any = JS_ToBool(ctx, argv[1]);
  return JS_UNDEFINED;
}

/* The shape of the script, by its name: main has receive(), the others have not. */
NATIVE(is_main) { return JS_NewBool(ctx, shape == MAIN); }

NATIVE(install) {
  for (int i = 0; i < HOOKS; i++) {
    JS_FreeValue(ctx, hooks[i]);
    hooks[i] = JS_DupValue(ctx, argv[i]);
  }
  return JS_UNDEFINED;
}

/* decodeUtf8(bytes, fatal): a text; undefined: it is fatal that the bytes are no UTF-8 */
NATIVE(decode_utf8) {
  size_t length;
  const uint8_t *bytes = view_of(ctx, &length, argv[0]);
  if (bytes == NULL && JS_HasException(ctx)) return JS_EXCEPTION;
  if (JS_ToBool(ctx, argv[1]) && !utf8_is_valid(bytes, length)) return JS_UNDEFINED;
  return utf8_read(ctx, bytes, length);
}

NATIVE(unfinished_utf8) {
  size_t length;
  const uint8_t *bytes = view_of(ctx, &length, argv[0]);
  if (bytes == NULL && JS_HasException(ctx)) return JS_EXCEPTION;
  return JS_NewInt32(ctx, utf8_unfinished(bytes, length));
}

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF("send", 3, send),
    JS_CFUNC_DEF("answer", 4, answer),
    JS_CFUNC_DEF("request", 4, request),
    JS_CFUNC_DEF("ask", 2, ask),
    JS_CFUNC_DEF("broadcast", 4, broadcast),
    JS_CFUNC_DEF("spawn", 3, spawn),
    JS_CFUNC_MAGIC_DEF("link", 1, tie, LINK),
    JS_CFUNC_MAGIC_DEF("unlink", 1, tie, UNLINK),
    JS_CFUNC_MAGIC_DEF("monitor", 1, tie, MONITOR),
    JS_CFUNC_MAGIC_DEF("demonitor", 1, with_number, DEMONITOR),
    JS_CFUNC_MAGIC_DEF("trapExit", 1, with_number, TRAP_EXIT),
    JS_CFUNC_MAGIC_DEF("cancelTimer", 1, with_number, CANCEL_TIMER),
    JS_CFUNC_MAGIC_DEF("sendAfter", 1, with_number, SEND_AFTER),
    JS_CFUNC_MAGIC_DEF("unregister", 1, with_text, UNREGISTER),
    JS_CFUNC_MAGIC_DEF("join", 1, with_text, JOIN),
    JS_CFUNC_MAGIC_DEF("leave", 1, with_text, LEAVE),
    JS_CFUNC_DEF("register", 2, register_name),
    JS_CFUNC_DEF("whereis", 1, whereis),
    JS_CFUNC_DEF("members", 1, members),
    JS_CFUNC_DEF("exit", 2, end),
    JS_CFUNC_DEF("exitTo", 3, end),
    JS_CFUNC_DEF("log", 2, log_line),
    JS_CFUNC_DEF("self", 0, self_pid),
    JS_CFUNC_DEF("parent", 0, parent),
    JS_CFUNC_DEF("args", 0, args),
    JS_CFUNC_DEF("epoch", 0, epoch),
    JS_CFUNC_DEF("fillRandom", 1, fill_random),
    JS_CFUNC_DEF("encode", 2, encode_value),
    JS_CFUNC_DEF("decode", 1, decode_value),
    JS_CFUNC_DEF("decodeUtf8", 2, decode_utf8),
    JS_CFUNC_DEF("unfinishedUtf8", 1, unfinished_utf8),
    JS_CFUNC_MAGIC_DEF("await", 1, count_awaited, AWAIT),
    JS_CFUNC_MAGIC_DEF("forget", 1, count_awaited, FORGET),
    JS_CFUNC_DEF("receiving", 3, receiving),
    JS_CFUNC_DEF("isMain", 0, is_main),
    JS_CFUNC_DEF("install", 4, install),
};

enum { FUNCTIONS_COUNT = sizeof functions / sizeof functions[0] };

static int set_exports(JSContext *ctx, JSModuleDef *module) {
  return JS_SetModuleExportList(ctx, module, functions, FUNCTIONS_COUNT);
}

/* The module that the library's own modules import, and which no script finds. */
void natives_begin(void) {
  JSModuleDef *module = JS_NewCModule(context, "isopod:native", set_exports);
  JS_AddModuleExportList(context, module, functions, FUNCTIONS_COUNT);
}
