/* base/hex.h -- bytes as hexadecimal digits, without secret-dependent branches. */
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include <stddef.h>

/* Writes 2 * n lower-case digits and a NUL to `out`. */
void hex_encode(const unsigned char *in, size_t n, char *out) __attribute__((nonnull));

/* Decodes 2 * n digits of either case from `in` to n bytes at `out`.  Neither
 * branches nor memory addresses depend on the digits; time depends on n only.
 * Returns 1 when every character was a digit, else 0 (and `out` holds
 * garbage).  The result is derived from the digits: treat it as secret until
 * it is combined into the final decision. */
unsigned hex_decode(const char *in, size_t n, unsigned char *out)
    __attribute__((warn_unused_result, nonnull));

#endif
