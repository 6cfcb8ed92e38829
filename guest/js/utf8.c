#include "utf8.h"

#include "bytes.h"

static const char replacement[] = "\xef\xbf\xbd";

static inline bool is_lead(uint8_t byte) { return byte >= 0xc2 && byte <= 0xf4; }

/* The bytes of the character at `at`. Where there is none: less than 0, and so many bytes are replaced by one U+FFFD. */
static int step(const uint8_t *at, const uint8_t *end) {
  uint8_t first = at[0];
  if (first < 0x80) return 1;
  if (!is_lead(first)) return -1;
  int length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  uint8_t lowest = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  uint8_t highest = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  for (int i = 1; i < length; i++) {
    if (at + i == end || at[i] < lowest || at[i] > highest) return -i;
    lowest = 0x80;
    highest = 0xbf;
  }
  return length;
}

/* The length of what is valid at the beginning. */
static size_t valid_length(const uint8_t *at, size_t length) {
  const uint8_t *next = at, *end = at + length;
  while (next < end) {
    int bytes = step(next, end);
    if (bytes < 0) break;
    next += bytes;
  }
  return next - at;
}

bool utf8_is_valid(const uint8_t *at, size_t length) { return valid_length(at, length) == length; }

JSValue utf8_read(JSContext *ctx, const uint8_t *at, size_t length) {
  size_t valid = valid_length(at, length);
  if (valid == length) return JS_NewStringLen(ctx, (const char *)at, length);
  const uint8_t *end = at + length;
  Bytes out = bytes_in(NULL, 0);
  while (at < end) {
    valid = valid_length(at, end - at);
    bytes_add(&out, at, valid);
    at += valid;
    if (at == end) break;
    bytes_add(&out, replacement, 3);
    at -= step(at, end);
  }
  JSValue text = JS_NewStringLen(ctx, (const char *)out.at, out.length);
  bytes_end(&out);
  return text;
}

size_t utf8_unfinished(const uint8_t *at, size_t length) {
  for (size_t count = 1; count <= 3 && count <= length; count++) {
    const uint8_t *last = at + length - count;
    if (is_lead(*last)) return step(last, at + length) == -(int)count ? count : 0;
  }
  return 0;
}

void utf8_replace_halves(uint8_t *at, size_t length) {
  if (length < 3) return;
  for (uint8_t *last = at + length - 3; at <= last; at++) {
    at = memchr(at, 0xed, last + 1 - at);
    if (at == NULL) return;
    if (at[1] >= 0xa0) memcpy(at, replacement, 3);
  }
}
