/* UTF-8 as the standard of encodings has it. QuickJS reads halves of surrogate pairs as characters, and replaces
   each byte that is wrong by itself. */
#ifndef UTF8_H
#define UTF8_H
#include <quickjs.h>
#include <stdbool.h>
#include <stdint.h>

bool utf8_is_valid(const uint8_t *at, size_t length);
/* A string. What is wrong in the bytes becomes U+FFFD. */
JSValue utf8_read(JSContext *ctx, const uint8_t *at, size_t length);
/* How many bytes at the end begin a character whose other bytes are missing. */
size_t utf8_unfinished(const uint8_t *at, size_t length);
/* Half of a surrogate pair becomes U+FFFD, which has as many bytes. The text is QuickJS's own. */
void utf8_replace_halves(uint8_t *at, size_t length);

#endif
