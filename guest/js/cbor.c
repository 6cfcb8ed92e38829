/*
 * The same values as those of the codec `cbor` of the host: null, booleans, numbers, bigints of 64 bits,
 * texts, bytes, arrays, and objects. `undefined` becomes null; a property that is undefined is left out.
 * Reading refuses tags, lengths that are not given in advance, keys that are no texts or come twice, and
 * values that are nested deeper than the host's codec allows.
 */
#include "cbor.h"

#include <math.h>

#include "utf8.h"

enum { UNSIGNED = 0, NEGATIVE = 1, BYTE_STRING = 2, TEXT = 3, ARRAY = 4, MAP = 5, SIMPLE = 7 };
enum { FALSE_ = 20, TRUE_ = 21, NULL_ = 22, HALF = 25, SINGLE = 26, DOUBLE = 27 };
enum { MAX_DEPTH = 100, MAX_VALUES = 1000000 };
#define MAX_SAFE 9007199254740991.0

static void write_head(Bytes *out, int major, uint64_t value) {
  int size = value < 24 ? 0 : value <= 0xff ? 1 : value <= 0xffff ? 2 : value <= 0xffffffff ? 4 : 8;
  uint8_t *at = bytes_more(out, 1 + size);
  *at++ = major << 5 | (size == 0 ? value : size == 1 ? 24 : size == 2 ? 25 : size == 4 ? 26 : 27);
  while (size-- > 0) *at++ = value >> 8 * size;
}

void cbor_write_array(Bytes *out, uint32_t length) { write_head(out, ARRAY, length); }
void cbor_write_bool(Bytes *out, bool value) { *bytes_more(out, 1) = SIMPLE << 5 | (value ? TRUE_ : FALSE_); }

void cbor_write_text(Bytes *out, const char *text, size_t length) {
  write_head(out, TEXT, length);
  uint8_t *at = bytes_more(out, length);
  memcpy(at, text, length);
  utf8_replace_halves(at, length);
}

static void write_int(Bytes *out, int64_t value) {
  if (value >= 0) write_head(out, UNSIGNED, value);
  else write_head(out, NEGATIVE, -1 - value);
}

static void write_double(Bytes *out, double value) {
  if (fabs(value) <= MAX_SAFE && value == trunc(value)) {
    write_int(out, value);
    return;
  }
  uint64_t bits;
  memcpy(&bits, &value, 8);
  uint8_t *at = bytes_more(out, 9);
  *at++ = SIMPLE << 5 | DOUBLE;
  for (int i = 7; i >= 0; i--) *at++ = bits >> 8 * i;
}

static bool write_bigint(JSContext *ctx, Bytes *out, JSValueConst value) {
  int64_t low;
  if (JS_ToBigInt64(ctx, &low, value)) return false;
  JSValue same = JS_NewBigInt64(ctx, low);
  bool is_signed = JS_IsStrictEqual(ctx, value, same);
  JS_FreeValue(ctx, same);
  if (is_signed) {
    write_int(out, low);
    return true;
  }
  same = JS_NewBigUint64(ctx, low);
  bool is_unsigned = JS_IsStrictEqual(ctx, value, same);
  JS_FreeValue(ctx, same);
  if (is_unsigned) write_head(out, UNSIGNED, low);
  else JS_ThrowRangeError(ctx, "a bigint of more than 64 bits cannot be sent");
  return is_unsigned;
}

static bool write_value(JSContext *ctx, Bytes *out, JSValueConst value, int depth);

/* A proxy of an array is one, too. */
static bool is_array(JSContext *ctx, JSValueConst value) {
  if (!JS_IsProxy(value)) return JS_IsArray(value);
  JSValue target = JS_GetProxyTarget(ctx, value);
  bool is = is_array(ctx, target);
  JS_FreeValue(ctx, target);
  return is;
}

static bool write_array(JSContext *ctx, Bytes *out, JSValueConst array, int depth) {
  int64_t length;
  if (JS_GetLength(ctx, array, &length)) return false;
  if (length > MAX_VALUES) {
    JS_ThrowRangeError(ctx, "an array of more than 1,000,000 values cannot be sent");
    return false;
  }
  write_head(out, ARRAY, length);
  for (int64_t i = 0; i < length; i++) {
    JSValue value = JS_GetPropertyUint32(ctx, array, i);
    bool is_written = !JS_IsException(value) && write_value(ctx, out, value, depth);
    JS_FreeValue(ctx, value);
    if (!is_written) return false;
  }
  return true;
}

static bool write_property(JSContext *ctx, Bytes *out, JSAtom name, JSValueConst value, int depth) {
  size_t length;
  const char *text = JS_AtomToCStringLen(ctx, &length, name);
  if (text == NULL) return false;
  cbor_write_text(out, text, length);
  JS_FreeCString(ctx, text);
  return write_value(ctx, out, value, depth);
}

static bool write_object(JSContext *ctx, Bytes *out, JSValueConst object, int depth) {
  JSPropertyEnum *names;
  uint32_t count;
  if (JS_GetOwnPropertyNames(ctx, &names, &count, object, JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY)) return false;
  size_t head = out->length;
  write_head(out, MAP, count);
  size_t begin = out->length;
  uint32_t written = 0;
  bool is_fine = true;
  for (uint32_t i = 0; is_fine && i < count; i++) {
    JSValue value = JS_GetProperty(ctx, object, names[i].atom);
    if (JS_IsException(value)) is_fine = false;
    if (is_fine && !JS_IsUndefined(value)) {
      is_fine = write_property(ctx, out, names[i].atom, value, depth);
      written++;
    }
    JS_FreeValue(ctx, value);
  }
  JS_FreePropertyEnum(ctx, names, count);
  if (is_fine && written < count) {
    /* Some are undefined: the head is that of fewer, and may be shorter. */
    size_t end = out->length;
    out->length = head;
    write_head(out, MAP, written);
    memmove(out->at + out->length, out->at + begin, end - begin);
    out->length += end - begin;
  }
  return is_fine;
}

static bool write_value(JSContext *ctx, Bytes *out, JSValueConst value, int depth) {
  if (JS_IsNumber(value)) {
    double number;
    if (JS_VALUE_GET_TAG(value) == JS_TAG_INT) write_int(out, JS_VALUE_GET_INT(value));
    else if (JS_ToFloat64(ctx, &number, value)) return false;
    else write_double(out, number);
    return true;
  }
  if (JS_IsString(value)) {
    size_t length;
    const char *text = JS_ToCStringLen(ctx, &length, value);
    if (text == NULL) return false;
    cbor_write_text(out, text, length);
    JS_FreeCString(ctx, text);
    return true;
  }
  if (JS_IsUndefined(value) || JS_IsNull(value)) {
    *bytes_more(out, 1) = SIMPLE << 5 | NULL_;
    return true;
  }
  if (JS_IsBool(value)) {
    cbor_write_bool(out, JS_ToBool(ctx, value));
    return true;
  }
  if (JS_IsBigInt(value)) return write_bigint(ctx, out, value);
  if (!JS_IsObject(value) || JS_IsFunction(ctx, value)) {
    JS_ThrowTypeError(ctx, "a %s cannot be sent", JS_IsObject(value) ? "function" : "symbol");
    return false;
  }
  if (depth == MAX_DEPTH) {
    JS_ThrowRangeError(ctx, "a value of more than 100 arrays and objects inside each other cannot be sent");
    return false;
  }
  size_t length;
  if (JS_GetTypedArrayType(value) == JS_TYPED_ARRAY_UINT8) {
    const uint8_t *bytes = view_of(ctx, &length, value);
    if (bytes == NULL && JS_HasException(ctx)) return false;
    write_head(out, BYTE_STRING, length);
    bytes_add(out, bytes, length);
    return true;
  }
  if (JS_IsArrayBuffer(value)) {
    const uint8_t *bytes = JS_GetArrayBuffer(ctx, &length, value);
    if (bytes == NULL && JS_HasException(ctx)) return false;
    write_head(out, BYTE_STRING, length);
    bytes_add(out, bytes, length);
    return true;
  }
  if (JS_IsPromise(value)) {
    JS_ThrowTypeError(ctx, "a promise cannot be sent: await it first");
    return false;
  }
  if (JS_IsError(value)) {
    JS_ThrowTypeError(ctx, "an Error cannot be sent: send its message");
    return false;
  }
  if (JS_IsMap(value) || JS_IsSet(value) || JS_IsDate(value) || JS_GetTypedArrayType(value) >= 0) {
    JS_ThrowTypeError(ctx, "a %s cannot be sent: make an array, an object or a number of it",
                      JS_IsMap(value)    ? "Map"
                      : JS_IsSet(value)  ? "Set"
                      : JS_IsDate(value) ? "Date"
                                         : "typed array other than Uint8Array");
    return false;
  }
  return is_array(ctx, value) ? write_array(ctx, out, value, depth + 1) : write_object(ctx, out, value, depth + 1);
}

bool cbor_write(JSContext *ctx, Bytes *out, JSValueConst value, int depth) { return write_value(ctx, out, value, depth); }

CborReader cbor_reader(const uint8_t *bytes, size_t length) {
  return (CborReader){.at = bytes, .end = bytes + length, .values = MAX_VALUES};
}

static JSValue refuse(JSContext *ctx, const char *why) { return JS_ThrowTypeError(ctx, "the message is not CBOR: %s", why); }

/* Reads a head. Answers its major type; -1 where the bytes end, or have a length that is not given in advance. */
static int read_head(CborReader *reader, uint64_t *value, int *additional) {
  if (reader->at == reader->end) return -1;
  uint8_t first = *reader->at++;
  int size = (first & 31) < 24 ? 0 : (first & 31) > 27 ? -1 : 1 << ((first & 31) - 24);
  *additional = first & 31;
  if (size < 0 || reader->end - reader->at < size) return -1;
  *value = size == 0 ? first & 31 : 0;
  for (int i = 0; i < size; i++) *value = *value << 8 | *reader->at++;
  return first >> 5;
}

static double half(uint16_t bits) {
  int exponent = bits >> 10 & 31;
  int fraction = bits & 1023;
  double value = exponent == 0    ? ldexp(fraction, -24)
                 : exponent != 31 ? ldexp(fraction + 1024, exponent - 25)
                 : fraction == 0  ? INFINITY
                                  : NAN;
  return bits & 0x8000 ? -value : value;
}

static JSValue read_simple(JSContext *ctx, uint64_t value, int additional) {
  double number;
  if (additional == HALF) return JS_NewNumber(ctx, half(value));
  if (additional == SINGLE) {
    uint32_t bits = value;
    float single;
    memcpy(&single, &bits, 4);
    return JS_NewNumber(ctx, single);
  }
  if (additional == DOUBLE) {
    memcpy(&number, &value, 8);
    return JS_NewNumber(ctx, number);
  }
  if (additional == TRUE_ || additional == FALSE_) return JS_NewBool(ctx, additional == TRUE_);
  if (additional == NULL_ || additional == 23) return JS_NULL;
  return refuse(ctx, "it has a simple value that is not supported");
}

static JSValue read_value(JSContext *ctx, CborReader *reader, int depth);

static JSValue read_array(JSContext *ctx, CborReader *reader, uint64_t length, int depth) {
  JSValue array = JS_NewArray(ctx);
  for (uint64_t i = 0; i < length; i++) {
    JSValue value = read_value(ctx, reader, depth);
    if (JS_IsException(value) || JS_DefinePropertyValueUint32(ctx, array, i, value, JS_PROP_C_W_E) < 0) {
      JS_FreeValue(ctx, array);
      return JS_EXCEPTION;
    }
  }
  return array;
}

/* A text that is next, as a property's name; JS_ATOM_NULL after an exception. */
static JSAtom read_name(JSContext *ctx, CborReader *reader) {
  uint64_t length;
  int additional;
  if (read_head(reader, &length, &additional) != TEXT || length > (uint64_t)(reader->end - reader->at)) {
    refuse(ctx, "a key is not a text");
    return JS_ATOM_NULL;
  }
  if (!utf8_is_valid(reader->at, length)) {
    refuse(ctx, "a key is not UTF-8");
    return JS_ATOM_NULL;
  }
  JSAtom name = JS_NewAtomLen(ctx, (const char *)reader->at, length);
  reader->at += length;
  return name;
}

static JSValue read_map(JSContext *ctx, CborReader *reader, uint64_t length, int depth) {
  JSValue object = JS_NewObject(ctx);
  for (uint64_t i = 0; i < length; i++) {
    JSAtom name = read_name(ctx, reader);
    if (name == JS_ATOM_NULL) goto fail;
    JSValue value = read_value(ctx, reader, depth);
    bool is_fine = !JS_IsException(value);
    if (is_fine && JS_GetOwnProperty(ctx, NULL, object, name) != 0) {
      JS_FreeValue(ctx, value);
      refuse(ctx, "a key comes twice");
      is_fine = false;
    } else if (is_fine) {
      is_fine = JS_DefinePropertyValue(ctx, object, name, value, JS_PROP_C_W_E) >= 0;
    }
    JS_FreeAtom(ctx, name);
    if (!is_fine) goto fail;
  }
  return object;
fail:
  JS_FreeValue(ctx, object);
  return JS_EXCEPTION;
}

static JSValue read_value(JSContext *ctx, CborReader *reader, int depth) {
  uint64_t value;
  int additional;
  if (reader->values-- == 0) return refuse(ctx, "it has more than 1,000,000 values");
  int major = read_head(reader, &value, &additional);
  size_t left = reader->end - reader->at;
  switch (major) {
    case UNSIGNED:
      if (value <= (uint64_t)MAX_SAFE) return JS_NewInt64(ctx, value);
      return JS_NewBigUint64(ctx, value);
    case NEGATIVE:
      if (value < (uint64_t)MAX_SAFE) return JS_NewInt64(ctx, -1 - (int64_t)value);
      if (value <= INT64_MAX) return JS_NewBigInt64(ctx, -1 - (int64_t)value);
      return refuse(ctx, "a number has more than 64 bits");
    case BYTE_STRING:
    case TEXT: {
      if (value > left) return refuse(ctx, "it ends too soon");
      const uint8_t *at = reader->at;
      reader->at += value;
      if (major == BYTE_STRING) return JS_NewUint8ArrayCopy(ctx, at, value);
      if (!utf8_is_valid(at, value)) return refuse(ctx, "a text is not UTF-8");
      return JS_NewStringLen(ctx, (const char *)at, value);
    }
    case ARRAY:
    case MAP:
      if (depth == MAX_DEPTH) return refuse(ctx, "more than 100 arrays and maps are inside each other");
      if (value > left) return refuse(ctx, "it ends too soon");
      return major == ARRAY ? read_array(ctx, reader, value, depth + 1) : read_map(ctx, reader, value, depth + 1);
    case SIMPLE:
      return read_simple(ctx, value, additional);
    case -1:
      return refuse(ctx, "it ends too soon, or has a length that is not given in advance");
    default:
      return refuse(ctx, "it has a tag");
  }
}

JSValue cbor_read(JSContext *ctx, CborReader *reader, int depth) { return read_value(ctx, reader, depth); }

int64_t cbor_read_array(CborReader *reader) {
  CborReader start = *reader;
  uint64_t length;
  int additional;
  if (read_head(reader, &length, &additional) == ARRAY && length <= (uint64_t)(reader->end - reader->at)) return length;
  *reader = start;
  return -1;
}

JSValue cbor_decode(JSContext *ctx, const uint8_t *bytes, size_t length) {
  CborReader reader = cbor_reader(bytes, length);
  JSValue value = cbor_read(ctx, &reader, 0);
  if (JS_IsException(value) || reader.at == reader.end) return value;
  JS_FreeValue(ctx, value);
  return refuse(ctx, "something follows it");
}
