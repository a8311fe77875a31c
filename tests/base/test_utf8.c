/* tests/base/test_utf8.c -- base/utf8.h, promise by promise. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "tests/base/sample.h"
#include "tests/suite.h"

static size_t
encode(uint32_t cp, unsigned char out[4])
{
    if (cp < 0x80) {
        out[0] = (unsigned char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (unsigned char)(0xC0 + cp / 0x40);
        out[1] = (unsigned char)(0x80 + cp % 0x40);
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (unsigned char)(0xE0 + cp / 0x1000);
        out[1] = (unsigned char)(0x80 + cp / 0x40 % 0x40);
        out[2] = (unsigned char)(0x80 + cp % 0x40);
        return 3;
    }
    out[0] = (unsigned char)(0xF0 + cp / 0x40000);
    out[1] = (unsigned char)(0x80 + cp / 0x1000 % 0x40);
    out[2] = (unsigned char)(0x80 + cp / 0x40 % 0x40);
    out[3] = (unsigned char)(0x80 + cp % 0x40);
    return 4;
}

START_TEST(every_code_point_is_decoded)
{
    for (uint32_t cp = 0; cp < 0x110000; cp++) {
        unsigned char text[5] = { 0, 0, 0, 0, 0 };
        size_t n = encode(cp, text);
        struct utf8_step s = utf8_next(text, n + 1);
        bool right = s.valid && s.cp == cp && s.n == n;

        /* Not ck_assert: libcheck notes every one that holds, in a file. */
        if (!right && (cp < 0xD800 || cp > 0xDFFF))
            ck_abort_msg("U+%04X: U+%04X, %zu bytes", (unsigned)cp, (unsigned)s.cp, s.n);
    }
}
END_TEST

START_TEST(surrogates_and_what_lies_past_the_last_plane_are_ill_formed)
{
    unsigned char text[4];

    for (uint32_t cp = 0xD800; cp < 0xE000; cp++)
        ck_assert(!utf8_valid(text, encode(cp, text)));
    for (uint32_t cp = 0x110000; cp < 0x200000; cp += 0x3FF)
        ck_assert(!utf8_valid(text, encode(cp, text)));
}
END_TEST

/* In memory of its exact size, so that a sanitizer sees a read behind it. */
static void
compare(const unsigned char *bytes, size_t n)
{
    unsigned char *p = malloc(n);
    size_t skip, want;
    struct utf8_step s;
    bool right;

    if (p == NULL)
        ck_abort_msg("no memory");
    memcpy(p, bytes, n);
    want = sample_character(p, n, &skip);
    s = utf8_next(p, n);
    right = want > 0 ? s.valid && s.n == want : !s.valid && s.n == skip && s.cp == 0xFFFD;
    if (!right)
        ck_abort_msg("%02x %02x %02x %02x: skips %zu of %zu", bytes[0], bytes[1], bytes[2],
            bytes[3], s.n, n);
    if (utf8_valid(p, n) != (s.valid && (s.n == n || utf8_valid(p + s.n, n - s.n))))
        ck_abort_msg("%02x %02x %02x %02x: valid", bytes[0], bytes[1], bytes[2], bytes[3]);
    free(p);
}

START_TEST(steps_over_the_character_or_the_maximal_subpart)
{
    /* Both sides of every limit in the table of well-formed sequences. */
    static const unsigned char edge[] = { 0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0,
        0xC2, 0xE0, 0xF0, 0xFF };
    const unsigned kinds = sizeof edge;

    for (unsigned i = 0; i < 256 * kinds * kinds * kinds; i++) {
        const unsigned char p[4] = { (unsigned char)(i % 256), edge[i / 256 % kinds],
            edge[i / 256 / kinds % kinds], edge[i / 256 / kinds / kinds] };

        compare(p, 4);
        if (i < 256 * kinds * kinds)
            compare(p, 3);
        if (i < 256 * kinds)
            compare(p, 2);
        if (i < 256)
            compare(p, 1);
    }
}
END_TEST

START_TEST(valid_is_told_of_the_whole_text)
{
    static const unsigned char text[] = "Gr\xC3\xB6\xC3\x9F"
                                        "e \xE2\x82\xAC \xF0\x9F\x98\x80";
    size_t n = sizeof text - 1;

    ck_assert(utf8_valid(text, n));
    ck_assert(utf8_valid(text, 0));
    ck_assert(!utf8_valid(text, n - 1)); /* a cut character */
    ck_assert(!utf8_valid(text + 3, n - 3));
}
END_TEST

START_TEST(valid_agrees_with_the_table_on_samples)
{
    unsigned char in[64], meant[3 * sizeof in];

    for (uint64_t seed = 0; seed < 20000; seed++) {
        size_t n = sample_make(seed, in, sizeof in);
        size_t m = sample_meant(in, n, meant);

        ck_assert_int_eq(utf8_valid(in, n), m == n && memcmp(in, meant, n) == 0);
        ck_assert(utf8_valid(meant, m));
    }
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("utf8");
    TCase *tc = tcase_create("utf8");

    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, every_code_point_is_decoded);
    tcase_add_test(tc, surrogates_and_what_lies_past_the_last_plane_are_ill_formed);
    tcase_add_test(tc, steps_over_the_character_or_the_maximal_subpart);
    tcase_add_test(tc, valid_is_told_of_the_whole_text);
    tcase_add_test(tc, valid_agrees_with_the_table_on_samples);
    suite_add_tcase(s, tc);
    return s;
}
