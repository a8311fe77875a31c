/* tests/base/sample.c -- contracts are in sample.h. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "tests/base/sample.h"

static uint64_t
next_random(uint64_t *state) /* splitmix64 */
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* One character, or something that looks like one. */
static const char *
piece(uint64_t random)
{
    static const char *const pieces[] = { "a", "Zz", " ", "~", "\"", "\\", "\n", "\r\n", "\t", "\b",
        "\f", "\1", "\x1f", "\x7f", "\xc2\x80", "\xc3\xb6", "\xdf\xbf", "\xe0\xa0\x80",
        "\xe2\x80\xa7", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaa", "\xed\x9f\xbf",
        "\xee\x80\x80", "\xef\xbb\xbf", "\xef\xbf\xbd", "\xef\xbf\xbf", "\xf0\x90\x80\x80",
        "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf",
        /* and these are ill-formed: */
        "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc3", "\xe0\x80\x80", "\xe0\xa0", "\xe2\x80",
        "\xe2", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf0\x9f\x98", "\xf0\x9f",
        "\xf4\x90\x80\x80", "\xf5\x80", "\xfe", "\xff" };

    return pieces[random % (sizeof pieces / sizeof pieces[0])];
}

size_t
sample_make(uint64_t seed, unsigned char *out, size_t max)
{
    static const unsigned every[] = { 1, 3, 20, 80, 400 }; /* bytes from piece to piece */
    uint64_t state = seed;
    size_t want = next_random(&state) % (max + 1);
    unsigned gap = every[next_random(&state) % 5];
    int noise = next_random(&state) % 4 == 0;
    size_t n = 0;

    while (n < want) {
        uint64_t random = next_random(&state);

        if (noise) {
            out[n++] = (unsigned char)random;
        } else if (random % gap != 0) {
            out[n++] = (unsigned char)('0' + random / gap % 10);
        } else {
            const char *p = piece(random / gap);

            /* The last one may be cut, as output is. */
            while (*p != '\0' && n < want)
                out[n++] = (unsigned char)*p++;
        }
    }
    return n;
}

/* Table 3-7 of the Unicode Standard as it is printed. */
static const struct {
    size_t n;
    unsigned char range[4][2];
} well_formed[] = {
    { 1, { { 0x00, 0x7F } } },
    { 2, { { 0xC2, 0xDF }, { 0x80, 0xBF } } },
    { 3, { { 0xE0, 0xE0 }, { 0xA0, 0xBF }, { 0x80, 0xBF } } },
    { 3, { { 0xE1, 0xEC }, { 0x80, 0xBF }, { 0x80, 0xBF } } },
    { 3, { { 0xED, 0xED }, { 0x80, 0x9F }, { 0x80, 0xBF } } },
    { 3, { { 0xEE, 0xEF }, { 0x80, 0xBF }, { 0x80, 0xBF } } },
    { 4, { { 0xF0, 0xF0 }, { 0x90, 0xBF }, { 0x80, 0xBF }, { 0x80, 0xBF } } },
    { 4, { { 0xF1, 0xF3 }, { 0x80, 0xBF }, { 0x80, 0xBF }, { 0x80, 0xBF } } },
    { 4, { { 0xF4, 0xF4 }, { 0x80, 0x8F }, { 0x80, 0xBF }, { 0x80, 0xBF } } },
};

size_t
sample_character(const unsigned char *p, size_t n, size_t *ret_skip)
{
    *ret_skip = 1;
    for (size_t row = 0; row < sizeof well_formed / sizeof well_formed[0]; row++) {
        size_t i = 0;

        while (i < n && i < well_formed[row].n && p[i] >= well_formed[row].range[i][0] &&
               p[i] <= well_formed[row].range[i][1])
            i++;
        if (i == well_formed[row].n)
            return i;
        if (i > *ret_skip)
            *ret_skip = i;
    }
    return 0;
}

size_t
sample_meant(const unsigned char *in, size_t n, unsigned char *out)
{
    size_t at = 0, written = 0;

    while (at < n) {
        size_t skip, len = sample_character(in + at, n - at, &skip);

        memcpy(out + written, len > 0 ? in + at : (const unsigned char *)"\xEF\xBF\xBD",
            len > 0 ? len : 3);
        written += len > 0 ? len : 3;
        at += len > 0 ? len : skip;
    }
    return written;
}

size_t
sample_escaped(const unsigned char *in, size_t n, unsigned char *out)
{
    static const char plain[] = "\"\\\b\f\n\r\t", letter[] = "\"\\bfnrt";
    char *w = (char *)out;

    for (size_t i = 0; i < n; i++) {
        const char *shortly = in[i] == 0 ? NULL : strchr(plain, in[i]);

        if (shortly) {
            w += sprintf(w, "\\%c", letter[shortly - plain]);
        } else if (in[i] < 0x20 || in[i] == 0x7F) {
            w += sprintf(w, "\\u%04x", in[i]);
        } else if (n - i >= 3 && in[i] == 0xE2 && in[i + 1] == 0x80 &&
                   (in[i + 2] == 0xA8 || in[i + 2] == 0xA9)) {
            w += sprintf(w, "\\u20%02x", in[i + 2] - 0x80);
            i += 2;
        } else {
            *w++ = (char)in[i];
        }
    }
    return (size_t)(w - (char *)out);
}
