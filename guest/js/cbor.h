/* Values of JavaScript as CBOR (RFC 8949), as docs/messages.md has it, and back. */
#ifndef CBOR_H
#define CBOR_H
#include <quickjs.h>

#include "bytes.h"

/* The bytes of a Uint8Array; where it is none, an exception is pending. (engine.c) */
uint8_t *view_of(JSContext *ctx, size_t *length, JSValueConst array);

/* Appends a value that is in so many arrays. False: an exception is pending, and says which value cannot be sent. */
bool cbor_write(JSContext *ctx, Bytes *out, JSValueConst value, int depth);
/* Appends the head of an array of so many values. */
void cbor_write_array(Bytes *out, uint32_t length);
void cbor_write_bool(Bytes *out, bool value);
void cbor_write_text(Bytes *out, const char *text, size_t length);

typedef struct {
  const uint8_t *at, *end;
  uint32_t values; /* how many more may be read */
} CborReader;

CborReader cbor_reader(const uint8_t *bytes, size_t length);
/* The next value, which is in so many arrays, or an exception. */
JSValue cbor_read(JSContext *ctx, CborReader *reader, int depth);
/* The number of values of an array that is next; -1 where none is. */
int64_t cbor_read_array(CborReader *reader);
/* All of the bytes as one value, or an exception. */
JSValue cbor_decode(JSContext *ctx, const uint8_t *bytes, size_t length);

#endif
