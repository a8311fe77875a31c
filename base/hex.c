/* base/hex.c -- contracts are in hex.h.
 *
 * Keys and tokens pass through here, so there is neither a branch on a digit
 * nor a table indexed by one: every character is compared with all three
 * ranges, and masks choose.  tests/base/constant_time.sh holds the compiler
 * to it.
 */
#include "config.h"

#include <stdint.h>

#include "base/hex.h"

/* Returns all ones when lo <= c <= hi, else 0.  All are below 2^31, so a
 * difference has its top bit set exactly when it is negative. */
static uint32_t
within(uint32_t c, uint32_t lo, uint32_t hi)
{
    uint32_t outside = ((c - lo) | (hi - c)) >> 31;

    return outside - 1;
}

/* Returns the value of a digit, and clears *ok for anything else. */
static uint32_t
digit_value(uint32_t c, unsigned *ok)
{
    uint32_t decimal = within(c, '0', '9');
    uint32_t lower = within(c, 'a', 'f');
    uint32_t upper = within(c, 'A', 'F');

    *ok &= decimal | lower | upper;
    return (decimal & (c - '0')) | (lower & (c - 'a' + 10)) | (upper & (c - 'A' + 10));
}

static char
digit_of(uint32_t value)
{
    uint32_t letter = within(value, 10, 15);

    return (char)(value + '0' + (letter & ('a' - '0' - 10)));
}

void
hex_encode(const unsigned char *in, size_t n, char *out)
{
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digit_of(in[i] >> 4);
        out[2 * i + 1] = digit_of(in[i] & 0xf);
    }
    out[2 * n] = '\0';
}

unsigned
hex_decode(const char *in, size_t n, unsigned char *out)
{
    unsigned ok = 1;

    for (size_t i = 0; i < n; i++) {
        uint32_t high = digit_value((unsigned char)in[2 * i], &ok);
        uint32_t low = digit_value((unsigned char)in[2 * i + 1], &ok);

        out[i] = (unsigned char)(high << 4 | low);
    }
    return ok;
}
