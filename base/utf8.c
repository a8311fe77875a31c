/* base/utf8.c -- contracts are in utf8.h. */
#include "config.h"

#include <assert.h>

#include "base/utf8.h"

static struct utf8_step
ill_formed(size_t n)
{
    return (struct utf8_step){ .cp = 0xFFFD, .n = n, .valid = false };
}

/* Table 3-7 of the Unicode Standard: what may follow first depends on the lead
 * byte (no overlong forms, no surrogates, nothing past U+10FFFF), and after
 * that anything from 80 to BF. */
struct utf8_step
utf8_next(const unsigned char *p, size_t n)
{
    unsigned char lead, low, high;
    uint32_t cp;
    size_t more;

    assert(n > 0);
    lead = p[0];
    if (lead < 0x80)
        return (struct utf8_step){ .cp = lead, .n = 1, .valid = true };
    if (lead < 0xC2 || lead > 0xF4)
        return ill_formed(1);
    low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    more = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    cp = lead & (0x3Fu >> more);
    for (size_t i = 1; i <= more; i++) {
        if (i == n || p[i] < low || p[i] > high)
            return ill_formed(i);
        cp = cp << 6 | (p[i] & 0x3Fu);
        low = 0x80;
        high = 0xBF;
    }
    return (struct utf8_step){ .cp = cp, .n = more + 1, .valid = true };
}

bool
utf8_valid(const unsigned char *p, size_t n)
{
    size_t i = 0;

    while (i < n) {
        struct utf8_step s = utf8_next(p + i, n - i);

        if (!s.valid)
            return false;
        i += s.n;
    }
    return true;
}
