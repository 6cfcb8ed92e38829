/*
 * What a script receives. A message holds a copy of the item, and makes of it what the script asks for: most
 * scripts read one or two of its properties.
 */
#include "cbor.h"
#include "engine.h"
#include "utf8.h"

typedef struct {
  Info header;
  uint8_t payload[];
} Item;

static JSClassID message_class;
static JSValue prototype;

enum { KIND, FROM, TAG, REF, VALUE, BYTES, REASON };

static const char *const kinds[] = {"", "message", "down", "exit", "timer"};
static const char *const reasons[] = {"normal", "shutdown", "killed", "crashed", "noproc", "noconnection", "custom"};

static void finalize(JSRuntime *rt, JSValueConst value) { heap_give(JS_GetOpaque(value, message_class)); }

static JSValue pid_of(const Info *header) { return JS_NewNumber(context, header->from_hi * 4294967296.0 + header->from_lo); }

static JSValue text_of(const Item *item) {
  return utf8_read(context, item->payload, item->header.length);
}

/* { kind, message, stack } of a crash, { kind, bytes } of an actor's own reason, else { kind }. */
static JSValue reason_of(JSContext *ctx, const Item *item) {
  const Info *header = &item->header;
  JSValue reason = JS_NewObject(ctx);
  const char *kind = header->reason < 7 ? reasons[header->reason] : "custom";
  JS_DefinePropertyValueStr(ctx, reason, "kind", JS_NewString(ctx, kind), JS_PROP_C_W_E);
  if (header->reason == CRASHED) {
    const uint8_t *text = item->payload;
    const uint8_t *end = memchr(text, '\n', header->length);
    size_t first = end == NULL ? header->length : (size_t)(end - text);
    JS_DefinePropertyValueStr(ctx, reason, "message", utf8_read(ctx, text, first), JS_PROP_C_W_E);
    JSValue stack = end == NULL ? JS_NewString(ctx, "") : utf8_read(ctx, end + 1, header->length - first - 1);
    JS_DefinePropertyValueStr(ctx, reason, "stack", stack, JS_PROP_C_W_E);
  } else if (header->reason == OWN) {
    JS_DefinePropertyValueStr(ctx, reason, "bytes", JS_NewUint8ArrayCopy(ctx, item->payload, header->length), JS_PROP_C_W_E);
  }
  return reason;
}

static JSValue get(JSContext *ctx, JSValueConst self, int magic) {
  Item *item = JS_GetOpaque2(ctx, self, message_class);
  if (item == NULL) return JS_EXCEPTION;
  const Info *header = &item->header;
  bool is_signal = header->kind == DOWN || header->kind == EXIT;
  switch (magic) {
    case KIND: return JS_NewString(ctx, kinds[header->kind]);
    case FROM: return pid_of(header);
    case TAG: return JS_NewInt32(ctx, header->tag);
    case REF: return JS_NewInt32(ctx, header->ref);
    case VALUE: return is_signal ? JS_UNDEFINED : cbor_decode(ctx, item->payload, header->length);
    case BYTES: return JS_NewUint8ArrayCopy(ctx, item->payload, header->length);
    default: return is_signal ? reason_of(ctx, item) : JS_UNDEFINED;
  }
}

static JSValue text(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  Item *item = JS_GetOpaque2(ctx, self, message_class);
  return item == NULL ? JS_EXCEPTION : text_of(item);
}

static const JSCFunctionListEntry properties[] = {
    JS_CGETSET_MAGIC_DEF("kind", get, NULL, KIND),   JS_CGETSET_MAGIC_DEF("from", get, NULL, FROM),
    JS_CGETSET_MAGIC_DEF("tag", get, NULL, TAG),     JS_CGETSET_MAGIC_DEF("ref", get, NULL, REF),
    JS_CGETSET_MAGIC_DEF("value", get, NULL, VALUE), JS_CGETSET_MAGIC_DEF("bytes", get, NULL, BYTES),
    JS_CGETSET_MAGIC_DEF("reason", get, NULL, REASON), JS_CFUNC_DEF("text", 0, text),
};

void message_begin(void) {
  static const JSClassDef definition = {"Message", .finalizer = finalize};
  JS_NewClassID(runtime, &message_class);
  JS_NewClass(runtime, message_class, &definition);
  prototype = JS_NewObject(context);
  JS_SetPropertyFunctionList(context, prototype, properties, sizeof properties / sizeof properties[0]);
  JS_SetClassProto(context, message_class, JS_DupValue(context, prototype));
  /* As long as there is a message, its shape is not made anew for the next one. This one stays for ever. */
  JS_NewObjectProtoClass(context, prototype, message_class);
}

JSValue message_new(const uint8_t *payload) {
  JSValue message = JS_NewObjectProtoClass(context, prototype, message_class);
  Item *item = heap_take(sizeof(Item) + info->length);
  item->header = *info;
  memcpy(item->payload, payload, info->length);
  JS_SetOpaque(message, item);
  return message;
}
