/*
 * What is told of an exception that the script does not handle: to the host, where it ends the actor, or to who has
 * called. Where the script has used what it does not have, a hint follows.
 */
#include "cbor.h"
#include "engine.h"

/* Names that scripts look for in vain, each between spaces. */
static const struct {
  const char *names, *hint;
} hints[] = {
    {" fetch XMLHttpRequest WebSocket EventSource Headers Request Response ",
     "a script has no network; the host can offer a function for it, which the script calls by host of the module isopod"},
    {" Intl ", "a script has no Intl; format texts on the host, or with a package of JavaScript"},
    {" Atomics SharedArrayBuffer MessageChannel BroadcastChannel ", "actors share no memory; they send messages, by send of the module isopod"},
    {" Worker ", "another actor is started by spawn of the module isopod"},
    {" WebAssembly ", "a script cannot run WebAssembly; spawn of the module isopod starts an actor of a module that the host has defined"},
    {" process Buffer global __dirname __filename ",
     "a script does not run in Node: there are args of the module isopod, Uint8Array and globalThis"},
    {" require module exports ", "a script is an ES module; use import and export"},
    {" setImmediate clearImmediate ", "use setTimeout or queueMicrotask"},
    {" window document navigator location localStorage sessionStorage indexedDB alert history ",
     "a script runs in no page; what it shall keep is in its variables"},
    {" AbortController AbortSignal Event EventTarget Blob File FormData ReadableStream WritableStream TransformStream ",
     "a script has the JavaScript language, and a few globals of the web beside it, without this one"},
};

static const char ending[] = " is not defined";

/* What to use instead of a name that an error's text says is not defined; NULL where nothing is known. */
static const char *hint_of(const char *text) {
  size_t length = strlen(text);
  char name[32] = " ";
  if (length < sizeof ending || strcmp(text + length - (sizeof ending - 1), ending) != 0) return NULL;
  size_t end = length - (sizeof ending - 1), begin = end;
  while (begin > 0 && text[begin - 1] != ' ') begin--;
  if (end - begin > sizeof name - 3) return NULL;
  memcpy(name + 1, text + begin, end - begin);
  name[1 + end - begin] = ' ';
  for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++) {
    if (strstr(hints[i].names, name) != NULL) return hints[i].hint;
  }
  return NULL;
}

_Noreturn void crash_text(const char *text) { actor_exit(CRASHED, text, strlen(text)); }

/* The text in one line, as far as there is room. */
static size_t add_line(char *out, size_t length, const char *text) {
  for (; *text != 0 && length < MAX_REASON / 2; text++) out[length++] = *text == '\n' || *text == '\r' ? ' ' : *text;
  return length;
}

/* What shows the exception may throw itself, and then is not shown. */
_Noreturn void crash(JSValue thrown) {
  char *out = (char *)OUT_AT;
  const char *text = JS_ToCString(context, thrown);
  JSValue stack = JS_IsError(thrown) ? JS_GetPropertyStr(context, thrown, "stack") : JS_UNDEFINED;
  const char *frames = JS_IsString(stack) ? JS_ToCString(context, stack) : NULL;
  const char *hint = text != NULL && JS_IsError(thrown) ? hint_of(text) : NULL;
  size_t length = JS_IsError(thrown) ? 0 : add_line(out, 0, "it threw ");
  length = add_line(out, length, text == NULL ? "what cannot be shown" : text);
  if (hint != NULL) length = add_line(out, add_line(out, length, ": "), hint);
  if (frames != NULL) {
    out[length++] = '\n';
    size_t more = strlen(frames);
    if (more > MAX_REASON - length) more = MAX_REASON - length;
    memcpy(out + length, frames, more);
    length += more;
  }
  actor_exit(CRASHED, out, length);
}

static JSValue part_of(JSValueConst thrown, const char *name) {
  JSValue part = JS_GetPropertyStr(context, thrown, name);
  if (JS_IsException(part)) JS_FreeValue(context, JS_GetException(context));
  return part;
}

void write_error(Bytes *out, JSValueConst thrown) {
  bool is_error = JS_IsError(thrown);
  JSValue parts[] = {is_error ? part_of(thrown, "name") : JS_NewString(context, "Error"),
                     is_error ? part_of(thrown, "message") : JS_DupValue(context, thrown)};
  cbor_write_array(out, 3);
  cbor_write_bool(out, false);
  for (int i = 0; i < 2; i++) {
    size_t length = 0;
    const char *text = JS_IsException(parts[i]) ? NULL : JS_ToCStringLen(context, &length, parts[i]);
    if (text == NULL) JS_FreeValue(context, JS_GetException(context));
    const char *hint = text != NULL && is_error && i == 1 ? hint_of(text) : NULL;
    Bytes shown = bytes_in(NULL, 0);
    bytes_add(&shown, text, text == NULL ? 0 : length);
    if (hint != NULL) bytes_add(&shown, ": ", 2), bytes_add(&shown, hint, strlen(hint));
    cbor_write_text(out, (const char *)shown.at, shown.length);
    bytes_end(&shown);
    JS_FreeCString(context, text);
    JS_FreeValue(context, parts[i]);
  }
}
