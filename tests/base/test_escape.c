/* tests/base/test_escape.c -- base/escape.h, every way, promise by promise. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "tests/base/sample.h"
#include "tests/suite.h"

enum {
    MAX = 1024, /* bytes: many blocks, and the ends of some */
    ROOM = ESCAPE_EXPANSION_MAX * MAX,
    GUARD = 0xA5,
    SAMPLES = 250
};

static unsigned char meant[3 * MAX], expected[18 * MAX];

/* What is to become of `n` bytes, by the plain reading of sample.h. */
static size_t
expect(const unsigned char *p, size_t n)
{
    return sample_escaped(meant, sample_meant(p, n, meant), expected);
}

/* libcheck's own assertion writes to a pipe whenever it is passed. */
#define MUST(what)                                         \
    do {                                                   \
        if (!(what))                                       \
            ck_abort_msg("not so: %s, by %d", #what, way); \
    } while (0)

/* Escapes bytes that end where the page of a heap ends, as a sanitizer sees it,
 * into exactly `room` bytes. */
static bool
escape(int way, const unsigned char *p, size_t n, size_t room, size_t want)
{
    unsigned char *in = malloc(n + 1), *out = malloc(room + 1);
    size_t written = 0;
    bool fits;

    MUST(in != NULL && out != NULL);
    memcpy(in + 1, p, n);
    out[room] = GUARD;
    fits = escape_bytes_by((enum escape_way)way, in + 1, n, out, room, &written);
    MUST(out[room] == GUARD);
    MUST(!fits || (written == want && memcmp(out, expected, want) == 0));
    free(in);
    free(out);
    return fits;
}

/* By every way that this machine has, with plenty of room and with just enough. */
static void
check(const unsigned char *p, size_t n)
{
    size_t want = expect(p, n);

    for (int way = 0; way < ESCAPE_WAYS; way++) {
        if (!escape_can((enum escape_way)way))
            continue;
        MUST(escape(way, p, n, ESCAPE_EXPANSION_MAX * n + MAX, want));
        MUST(escape(way, p, n, ESCAPE_EXPANSION_MAX * n, want));
        MUST(escape(way, p, n, want, want));
        MUST(want == 0 || !escape(way, p, n, want - 1, want));
        MUST(want == 0 || !escape(way, p, n, want / 2, want));
    }
}

START_TEST(some_way_is_always_there)
{
    ck_assert(escape_can(ESCAPE_PORTABLE));
#if defined(__x86_64__) || defined(__aarch64__)
    ck_assert(escape_can(ESCAPE_VECTOR));
#endif
}
END_TEST

START_TEST(every_byte_at_every_place_of_a_block)
{
    unsigned char text[150];

    for (size_t at = 0; at < 140; at += at % 64 == 3 ? 25 : 1) {
        for (unsigned c = (unsigned)_i * 16; c < (unsigned)_i * 16 + 16; c++) {
            memset(text, 'x', sizeof text);
            text[at] = (unsigned char)c;
            check(text, sizeof text);
        }
    }
}
END_TEST

START_TEST(every_character_across_every_edge_of_a_block)
{
    static const char *const characters[] = { "\xC2\x80", "\xC3\xB6", "\xDF\xBF", "\xE0\xA0\x80",
        "\xE2\x80\xA7", "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAA", "\xE2\x81\xA8",
        "\xE3\x80\xA8", "\xED\x9F\xBF", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF0\x9F\x98\x80",
        "\xF4\x8F\xBF\xBF",
        /* and these are ill-formed: */
        "\xC1\xBF", "\xE0\x9F\x80", "\xE2\x80", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF0\x9F\x98",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xC3", "\xE2", "\xF3" };
    size_t n = strlen(characters[_i]);
    unsigned char text[200];

    for (size_t at = 0; at <= sizeof text - n; at += at % 64 == 3 ? 25 : 1) {
        for (int behind = 0; behind < 3; behind++) {
            memset(text, "x\n\xC3"[behind], sizeof text);
            if (behind == 2) /* well-formed all around */
                for (size_t i = 1; i < sizeof text; i += 2)
                    text[i] = 0xB6;
            memcpy(text + at, characters[_i], n);
            check(text, sizeof text);
            check(text, at + n);
        }
    }
}
END_TEST

START_TEST(every_pair_of_bytes_in_a_block_of_characters)
{
    unsigned char text[150];

    for (unsigned pair = (unsigned)_i; pair < 0x10000; pair += 8 * 17) {
        for (size_t i = 0; i < sizeof text; i += 2)
            memcpy(text + i, "\xC3\xB6", 2);
        text[62] = (unsigned char)(pair >> 8);
        text[63] = (unsigned char)pair;
        check(text, sizeof text);
    }
}
END_TEST

START_TEST(any_bytes)
{
    unsigned char text[MAX];

    for (uint64_t seed = (uint64_t)_i * SAMPLES; seed < (uint64_t)(_i + 1) * SAMPLES; seed++)
        check(text, sample_make(seed, text, sizeof text));
}
END_TEST

START_TEST(leads_that_nothing_completes_end_with_their_block)
{
    static const unsigned char leads[] = { 0xC2, 0xDF, 0xE0, 0xE1, 0xE2, 0xED, 0xF0, 0xF1, 0xF4 };
    unsigned char text[MAX];

    memset(text, leads[_i], sizeof text);
    for (size_t begin = 0; begin < 200; begin += 7) {
        memset(text, 0, begin);
        check(text, sizeof text);
    }
}
END_TEST

START_TEST(nothing_becomes_nothing)
{
    unsigned char out[1] = { GUARD };
    size_t written = 1;

    ck_assert(escape_bytes(out, 0, out, 0, &written));
    ck_assert_uint_eq(written, 0);
}
END_TEST

START_TEST(the_best_way_is_taken_and_writes_the_same)
{
    unsigned char text[MAX], out[ROOM];
    size_t n = sample_make(7, text, sizeof text), written;

    ck_assert(escape_bytes(text, n, out, sizeof out, &written));
    ck_assert_uint_eq(written, expect(text, n));
    ck_assert_mem_eq(out, expected, written);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("escape");
    TCase *tc = tcase_create("escape");

    tcase_add_test(tc, some_way_is_always_there);
    tcase_add_loop_test(tc, every_byte_at_every_place_of_a_block, 0, 16);
    tcase_add_loop_test(tc, every_character_across_every_edge_of_a_block, 0, 26);
    tcase_add_loop_test(tc, every_pair_of_bytes_in_a_block_of_characters, 0, 8);
    tcase_add_loop_test(tc, any_bytes, 0, 8);
    tcase_add_loop_test(tc, leads_that_nothing_completes_end_with_their_block, 0, 9);
    tcase_add_test(tc, nothing_becomes_nothing);
    tcase_add_test(tc, the_best_way_is_taken_and_writes_the_same);
    suite_add_tcase(s, tc);
    return s;
}
