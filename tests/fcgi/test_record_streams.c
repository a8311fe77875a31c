/* tests/fcgi/test_record_streams.c -- fcgi/record.h: PARAMS and bodies, long, cut and padded. */
#include "config.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/record.h"
#include "tests/fcgi/feed.h"
#include "tests/fcgi/peer.h"
#include "tests/suite.h"

static struct peer sent, pairs;
static struct feed_outcome got, again;

static void
setup(void)
{
    sent = pairs = (struct peer){ 0 };
}

static void
teardown(void)
{
    peer_done(&sent);
    peer_done(&pairs);
}

static enum record_step
step_of(const struct peer *w)
{
    feed(w->p, w->n, FEED_WHOLE, &got);
    return got.step;
}

static void
put_some_pairs(void)
{
    peer_pair(&pairs, "REQUEST_METHOD", "PUT");
    peer_pair(&pairs, "EMPTY", "");
    peer_pair(&pairs, "SCRIPT_NAME", "/sync_upstream");
}

/* A value of `n` bytes under the name N. */
static void
put_long_pair(size_t n)
{
    char *value = malloc(n + 1);

    ck_assert_ptr_nonnull(value);
    memset(value, 'v', n);
    value[n] = '\0';
    peer_pair(&pairs, "N", value);
    free(value);
}

/* The one form that a decoder ever sees. */
static void
assert_canonical(unsigned id, unsigned flags, const struct peer *params)
{
    struct peer want = { 0 };

    peer_begin(&want, id, 1, flags);
    peer_stream(&want, PEER_PARAMS, id, params, 65535);
    peer_record(&want, PEER_STDIN, id, NULL, 0, 0);
    ck_assert_uint_eq(got.n, want.n);
    ck_assert_mem_eq(got.canonical, want.p, want.n);
    peer_done(&want);
}

START_TEST(body_bytes_are_counted_and_dropped)
{
    static unsigned char body[65535];
    static const struct {
        size_t n, padding;
    } shape[] = { { 65535, 255 }, { 65528, 0 }, { 8192, 0 }, { 100, 255 } };
    uint64_t sum = 0;

    put_some_pairs();
    peer_begin(&sent, 1, 1, 0);
    peer_stream(&sent, PEER_PARAMS, 1, &pairs, 65535);
    while (sum < 3000000) {
        peer_record(&sent, PEER_STDIN, 1, body, shape[_i].n, shape[_i].padding);
        sum += shape[_i].n;
    }
    peer_record(&sent, PEER_STDIN, 1, NULL, 0, shape[_i].padding);
    ck_assert_int_eq(step_of(&sent), RECORD_WHOLE);
    ck_assert_uint_eq(got.body_len, sum);
    feed(sent.p, sent.n, (struct feed_pieces){ 1, 70000, 1, false }, &again);
    ck_assert(feed_same(&got, &again));
}
END_TEST

/* A body in records of these shapes, and what is sent of it at a time. */
static const struct {
    size_t n, padding;
    struct feed_pieces pieces;
} shown[] = {
    { 65535, 255, { SIZE_MAX, SIZE_MAX, 0, true } },
    { 65535, 255, { 1, 9000, 5, true } },
    { 8184, 0, { 8192, 8192, 0, true } }, /* each with its header alone */
    { 8184, 8, { 1, 30000, 6, true } },
    { 1, 255, { 1, 600, 7, true } },
    { 1, 0, { SIZE_MAX, SIZE_MAX, 0, true } },
    { 3, 1, { 1, 1, 0, true } },
};

START_TEST(a_body_that_is_asked_for_is_shown_byte_by_byte)
{
    static unsigned char body[200000];
    uint64_t sum = 0;
    size_t at, i;

    for (i = 0; i < sizeof body; i++) {
        body[i] = (unsigned char)(i * 7 % 251);
        sum = (sum ^ body[i]) * UINT64_C(1099511628211);
    }
    put_some_pairs();
    peer_begin(&sent, 1, 1, 0);
    peer_stream(&sent, PEER_PARAMS, 1, &pairs, 65535);
    for (at = 0; at < sizeof body; at += i) {
        i = shown[_i].n < sizeof body - at ? shown[_i].n : sizeof body - at;
        peer_record(&sent, PEER_STDIN, 1, body + at, i, shown[_i].padding);
    }
    peer_record(&sent, PEER_STDIN, 1, NULL, 0, 0);
    feed(sent.p, sent.n, shown[_i].pieces, &again);
    ck_assert_int_eq(again.step, RECORD_WHOLE);
    ck_assert_uint_eq(again.shown_len, sizeof body);
    ck_assert_uint_eq(again.shown_sum, sum);
    ck_assert_int_eq(step_of(&sent), RECORD_WHOLE);
    ck_assert_uint_eq(got.shown_len, 0); /* not asked for */
    ck_assert(feed_same(&got, &again));
}
END_TEST

START_TEST(a_body_of_tiny_records_is_counted)
{
    unsigned i;

    peer_begin(&sent, 1, 1, 0);
    peer_stream(&sent, PEER_PARAMS, 1, &pairs, 65535);
    for (i = 0; i < 50000; i++)
        peer_record(&sent, PEER_STDIN, 1, "x", 1, i % 3);
    peer_record(&sent, PEER_STDIN, 1, NULL, 0, 0);
    ck_assert_int_eq(step_of(&sent), RECORD_WHOLE);
    ck_assert_uint_eq(got.body_len, 50000);
}
END_TEST

START_TEST(params_of_tiny_records_with_huge_padding_pass)
{
    static const size_t padding[] = { 0, 1, 8, 255 };
    size_t i;

    put_long_pair(60000);
    peer_begin(&sent, 1, 1, 0);
    for (i = 0; i < pairs.n; i++)
        peer_record(&sent, PEER_PARAMS, 1, pairs.p + i, 1, padding[_i]);
    peer_record(&sent, PEER_PARAMS, 1, NULL, 0, padding[_i]);
    peer_record(&sent, PEER_STDIN, 1, NULL, 0, 0);
    ck_assert_int_eq(step_of(&sent), RECORD_WHOLE);
    assert_canonical(1, 0, &pairs);
    feed(sent.p, sent.n, (struct feed_pieces){ 1, 5000, 3, false }, &again);
    ck_assert(feed_same(&got, &again));
}
END_TEST

START_TEST(params_may_be_cut_in_the_middle_of_a_pair)
{
    size_t piece;

    put_some_pairs();
    put_long_pair(300);
    for (piece = 1; piece <= pairs.n; piece++) {
        peer_reset(&sent);
        peer_begin(&sent, 1, 1, 0);
        peer_stream(&sent, PEER_PARAMS, 1, &pairs, piece);
        peer_record(&sent, PEER_STDIN, 1, NULL, 0, 0);
        ck_assert_int_eq(step_of(&sent), RECORD_WHOLE);
        assert_canonical(1, 0, &pairs);
    }
}
END_TEST

START_TEST(as_many_bytes_of_params_as_said_pass_and_no_more)
{
    static const size_t piece[] = { 65535, 32768, 100 };

    put_long_pair(RECORD_PARAMS_MAX - 6);
    ck_assert_uint_eq(pairs.n, RECORD_PARAMS_MAX);
    peer_begin(&sent, 1, 1, 0);
    peer_stream(&sent, PEER_PARAMS, 1, &pairs, piece[_i]);
    peer_record(&sent, PEER_STDIN, 1, NULL, 0, 0);
    ck_assert_int_eq(step_of(&sent), RECORD_WHOLE);
    assert_canonical(1, 0, &pairs);

    peer_reset(&sent);
    peer_reset(&pairs);
    put_long_pair(RECORD_PARAMS_MAX - 5);
    peer_begin(&sent, 1, 1, 0);
    peer_stream(&sent, PEER_PARAMS, 1, &pairs, piece[_i]);
    ck_assert_int_eq(step_of(&sent), RECORD_BAD);
}
END_TEST

/* Fills raw to its last byte at the moment the parameters become complete, so
 * that the canonical form moves as much as can wait behind it. */
START_TEST(bytes_that_wait_behind_the_parameters_are_kept)
{
    static const size_t value[] = { 0, 1, 100, 30000, 65000, RECORD_PARAMS_MAX - 6 };
    static unsigned char body[65535];
    unsigned i;

    if (_i > 0)
        put_long_pair(value[_i]);
    for (i = 0; i < sizeof body; i++)
        body[i] = (unsigned char)(i % 251);
    peer_begin(&sent, 1, 1, 0);
    peer_stream(&sent, PEER_PARAMS, 1, &pairs, 65535);
    for (i = 0; i < 3000; i++)
        peer_record(&sent, PEER_STDIN, 1, body, 50, 0);
    peer_record(&sent, PEER_STDIN, 1, NULL, 0, 0);
    ck_assert_int_eq(step_of(&sent), RECORD_WHOLE);
    ck_assert_uint_eq(got.body_len, 150000);
    assert_canonical(1, 0, &pairs);
    feed(sent.p, sent.n, (struct feed_pieces){ 1, 1, 0, false }, &again);
    ck_assert(feed_same(&got, &again));
}
END_TEST

/* Whether any four bytes of the token are in raw. */
static bool
holds_some_of(const unsigned char *raw, const char *token)
{
    size_t i;

    for (i = 0; i + 4 <= strlen(token); i++)
        if (memmem(raw, RECORD_RAW_MAX, token + i, 4) != NULL)
            return true;
    return false;
}

START_TEST(no_other_copy_of_the_parameters_is_in_raw)
{
    static const size_t piece[] = { 1000, 40, 17, 50 }, padding[] = { 255, 0, 100, 30 };
    static const char token[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    static unsigned char raw[RECORD_RAW_MAX];
    struct record_in in;
    size_t at, n, max;

    put_some_pairs();
    peer_pair(&pairs, "HTTP_ACCESS_TOKEN", token);
    peer_record(&sent, PEER_BEGIN, 1, "\0\1\0\0\0\0\0\0", 8, padding[_i]);
    for (at = 0; at < pairs.n; at += n) {
        n = pairs.n - at < piece[_i] ? pairs.n - at : piece[_i];
        peer_record(&sent, PEER_PARAMS, 1, pairs.p + at, n, padding[_i]);
    }
    peer_record(&sent, PEER_PARAMS, 1, NULL, 0, padding[_i]);
    record_begin(&in, raw);
    for (at = 0; at < sent.n; at += n) {
        n = sent.n - at < 90 ? sent.n - at : 90;
        memcpy(record_room(&in, &max), sent.p + at, n);
        ck_assert_int_eq(record_walk(&in, n), at + n < sent.n ? RECORD_MORE : RECORD_PARAMS);
    }
    ck_assert_ptr_eq(record_canonical(&in, &n), raw);
    ck_assert(holds_some_of(raw, token));
    memset(raw, 0, n);
    ck_assert(!holds_some_of(raw, token));
}
END_TEST

START_TEST(there_is_room_for_one_more_byte_while_more_is_wanted)
{
    unsigned char raw[RECORD_RAW_MAX];
    struct record_in in;
    size_t max, at, n, round;

    put_long_pair(65000);
    peer_record(&sent, PEER_BEGIN, 1, "\0\1\0\0\0\0\0\0", 8, 255);
    peer_record(&sent, PEER_PARAMS, 1, pairs.p, 1, 255);
    peer_record(&sent, PEER_PARAMS, 1, pairs.p + 1, pairs.n - 1, 255);
    peer_record(&sent, PEER_PARAMS, 1, NULL, 0, 255);
    for (round = 0; round < 3; round++) {
        record_begin(&in, raw);
        for (at = 0; at < sent.n - 1; at += n) {
            unsigned char *room = record_room(&in, &max);

            ck_assert_uint_ge(max, 1);
            n = round == 0 ? 1 : round == 1 ? 4096 : max;
            n = n < sent.n - 1 - at ? n : sent.n - 1 - at;
            memcpy(room, sent.p + at, n);
            ck_assert_int_eq(record_walk(&in, n), RECORD_MORE);
        }
    }
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("record_streams");
    TCase *tc = tcase_create("streams");

    tcase_set_timeout(tc, 30);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, body_bytes_are_counted_and_dropped, 0, 4);
    tcase_add_loop_test(tc, a_body_that_is_asked_for_is_shown_byte_by_byte, 0,
        (int)(sizeof shown / sizeof shown[0]));
    tcase_add_test(tc, a_body_of_tiny_records_is_counted);
    tcase_add_loop_test(tc, params_of_tiny_records_with_huge_padding_pass, 0, 4);
    tcase_add_test(tc, params_may_be_cut_in_the_middle_of_a_pair);
    tcase_add_loop_test(tc, as_many_bytes_of_params_as_said_pass_and_no_more, 0, 3);
    tcase_add_loop_test(tc, bytes_that_wait_behind_the_parameters_are_kept, 0, 6);
    tcase_add_loop_test(tc, no_other_copy_of_the_parameters_is_in_raw, 0, 4);
    tcase_add_test(tc, there_is_room_for_one_more_byte_while_more_is_wanted);
    suite_add_tcase(s, tc);
    return s;
}
