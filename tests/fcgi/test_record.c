/* tests/fcgi/test_record.c -- fcgi/record.h, promise by promise. */
#include "config.h"

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

START_TEST(a_request_of_this_shape_is_whole)
{
    put_some_pairs();
    peer_request(&sent, &pairs);
    ck_assert_int_eq(step_of(&sent), RECORD_WHOLE);
    ck_assert_uint_eq(got.params, 1);
    ck_assert_uint_eq(got.id, 1);
    ck_assert(!got.keep);
    ck_assert_uint_eq(got.body_len, 0);
    assert_canonical(1, 0, &pairs);
}
END_TEST

START_TEST(id_and_the_wish_to_keep_the_connection_are_told)
{
    static const unsigned id[] = { 1, 255, 256, 65535 };
    static const unsigned flags[] = { 0, 1, 0xfe, 0xff };

    put_some_pairs();
    peer_begin(&sent, id[_i], 1, flags[_i]);
    peer_stream(&sent, PEER_PARAMS, id[_i], &pairs, 65535);
    peer_record(&sent, PEER_STDIN, id[_i], NULL, 0, 0);
    ck_assert_int_eq(step_of(&sent), RECORD_WHOLE);
    ck_assert_uint_eq(got.id, id[_i]);
    ck_assert_int_eq(got.keep, flags[_i] & 1);
    assert_canonical(id[_i], flags[_i] & 1, &pairs);
}
END_TEST

/* Padding everywhere, a body, PARAMS in three records. */
static void
put_varied_request(void)
{
    put_some_pairs();
    peer_record(&sent, PEER_BEGIN, 7, "\0\1\1\0\0\0\0\0", 8, 255);
    peer_record(&sent, PEER_PARAMS, 7, pairs.p, 1, 7);
    peer_record(&sent, PEER_PARAMS, 7, pairs.p + 1, 20, 0);
    peer_record(&sent, PEER_PARAMS, 7, pairs.p + 21, pairs.n - 21, 255);
    peer_record(&sent, PEER_PARAMS, 7, NULL, 0, 16);
    peer_record(&sent, PEER_STDIN, 7, "body", 4, 4);
    peer_record(&sent, PEER_STDIN, 7, "", 1, 0);
    peer_record(&sent, PEER_STDIN, 7, NULL, 0, 255);
}

START_TEST(pieces_of_any_size_come_to_the_same)
{
    struct feed_pieces first = { 0, 0, 0, false };

    put_varied_request();
    ck_assert_int_eq(step_of(&sent), RECORD_WHOLE);
    assert_canonical(7, 1, &pairs);
    for (first.least = first.most = 1; first.most < sent.n; first.least = ++first.most) {
        feed(sent.p, sent.n, first, &again);
        ck_assert(feed_same(&got, &again));
    }
    for (first.least = 1; first.seed < 500; first.seed++) {
        feed(sent.p, sent.n, first, &again);
        ck_assert(feed_same(&got, &again));
    }
}
END_TEST

START_TEST(every_beginning_of_a_request_wants_more)
{
    size_t n;

    put_varied_request();
    for (n = 0; n < sent.n; n++) {
        feed(sent.p, n, FEED_WHOLE, &got);
        ck_assert_int_eq(got.step, RECORD_MORE);
    }
}
END_TEST

START_TEST(parameters_are_told_once_and_before_the_body)
{
    unsigned char raw[RECORD_RAW_MAX];
    struct record_in in;
    size_t max, n;

    put_some_pairs();
    peer_begin(&sent, 1, 1, 0);
    peer_stream(&sent, PEER_PARAMS, 1, &pairs, 65535);
    record_begin(&in, raw);
    memcpy(record_room(&in, &max), sent.p, sent.n);
    ck_assert_int_eq(record_walk(&in, sent.n), RECORD_PARAMS);
    ck_assert_ptr_nonnull(record_canonical(&in, &n));
    ck_assert_int_eq(record_walk(&in, 0), RECORD_MORE);
    ck_assert_int_eq(record_walk(&in, 0), RECORD_MORE);
}
END_TEST

START_TEST(another_request_begins_where_one_was)
{
    unsigned char raw[RECORD_RAW_MAX];
    struct record_in in;
    unsigned round;
    size_t max, n;

    put_some_pairs();
    peer_request(&sent, &pairs);
    for (round = 0; round < 3; round++) {
        record_begin(&in, raw);
        memcpy(record_room(&in, &max), sent.p, sent.n);
        ck_assert_int_eq(record_walk(&in, sent.n), RECORD_PARAMS);
        ck_assert_ptr_nonnull(record_canonical(&in, &n));
        ck_assert_int_eq(record_walk(&in, 0), RECORD_WHOLE);
    }
}
END_TEST

START_TEST(only_version_1_passes)
{
    static const size_t record_at[] = { 0, 16, 0, 0 }; /* the last two below */
    size_t at = record_at[_i];

    put_some_pairs();
    peer_request(&sent, &pairs);
    if (_i >= 2) /* the empty PARAMS, the empty STDIN */
        at = sent.n - 8 * (4 - (size_t)_i);
    sent.p[at] = 0;
    ck_assert_int_eq(step_of(&sent), RECORD_BAD);
    sent.p[at] = 2;
    ck_assert_int_eq(step_of(&sent), RECORD_BAD);
    sent.p[at] = 1;
    ck_assert_int_eq(step_of(&sent), RECORD_WHOLE);
}
END_TEST

START_TEST(only_a_responder_passes)
{
    static const unsigned role[] = { 0, 2, 3, 0x101, 0xffff };

    peer_begin(&sent, 1, role[_i], 0);
    ck_assert_int_eq(step_of(&sent), RECORD_BAD);
}
END_TEST

START_TEST(id_0_does_not_pass)
{
    peer_begin(&sent, 0, 1, 0);
    ck_assert_int_eq(step_of(&sent), RECORD_BAD);
}
END_TEST

START_TEST(begin_has_eight_bytes)
{
    static const size_t n[] = { 0, 7, 9, 16, 65535 };
    static const unsigned char body[65536] = { 0, 1 };

    peer_record(&sent, PEER_BEGIN, 1, body, n[_i], 0);
    ck_assert_int_eq(step_of(&sent), RECORD_BAD);
}
END_TEST

START_TEST(begin_may_be_padded)
{
    peer_record(&sent, PEER_BEGIN, 1, "\0\1\0\0\0\0\0\0", 8, (size_t)_i);
    peer_stream(&sent, PEER_PARAMS, 1, &pairs, 65535);
    peer_record(&sent, PEER_STDIN, 1, NULL, 0, (size_t)_i);
    ck_assert_int_eq(step_of(&sent), RECORD_WHOLE);
}
END_TEST

/* Every type but the one that belongs there: GET_VALUES, ABORT, answers,
 * management, unknown ones. */
START_TEST(no_other_type_passes_at_any_place)
{
    unsigned type;

    put_some_pairs();
    for (type = 0; type < 256; type++) {
        peer_reset(&sent);
        if (_i > 0)
            peer_begin(&sent, 1, 1, 0);
        if (_i == 2)
            peer_record(&sent, PEER_PARAMS, 1, pairs.p, 5, 0);
        if (_i >= 3)
            peer_stream(&sent, PEER_PARAMS, 1, &pairs, 65535);
        if (_i == 4)
            peer_record(&sent, PEER_STDIN, 1, "abc", 3, 0);
        peer_record(&sent, type, 1, "\0\1\0\0\0\0\0\0", 8, 0);
        ck_assert_int_eq(step_of(&sent) == RECORD_BAD, type != (_i == 0     ? PEER_BEGIN
                                                                   : _i < 3 ? PEER_PARAMS
                                                                            : PEER_STDIN));
    }
}
END_TEST

START_TEST(no_other_id_passes)
{
    static const unsigned other[] = { 0, 2, 256, 257 };

    put_some_pairs();
    peer_begin(&sent, 1, 1, 0);
    peer_record(&sent, PEER_PARAMS, other[_i], pairs.p, pairs.n, 0);
    ck_assert_int_eq(step_of(&sent), RECORD_BAD);

    peer_reset(&sent);
    peer_begin(&sent, 1, 1, 0);
    peer_stream(&sent, PEER_PARAMS, 1, &pairs, 65535);
    peer_record(&sent, PEER_STDIN, other[_i], NULL, 0, 0);
    ck_assert_int_eq(step_of(&sent), RECORD_BAD);
}
END_TEST

/* libfcgi answers it at once, into a buffer for three. */
START_TEST(get_values_with_four_known_names_does_not_pass)
{
    static const char *const name[] = { "FCGI_MAX_CONNS", "FCGI_MAX_REQS", "FCGI_MPXS_CONNS" };
    unsigned i;

    for (i = 0; i < 4; i++)
        peer_pair(&pairs, name[i % 3], "");
    if (_i > 0)
        peer_begin(&sent, 1, 1, 0);
    if (_i > 1)
        peer_record(&sent, PEER_PARAMS, 1, NULL, 0, 0);
    peer_record(&sent, 9, 0, pairs.p, pairs.n, 0);
    ck_assert_int_eq(step_of(&sent), RECORD_BAD);
    ck_assert_uint_eq(got.params, _i > 1);
}
END_TEST

START_TEST(nothing_follows_a_whole_request)
{
    static const size_t piece[] = { SIZE_MAX, 1, 5 };
    struct feed_pieces pieces = { piece[_i], piece[_i], 0, false };

    put_some_pairs();
    peer_request(&sent, &pairs);
    peer_request(&sent, &pairs);
    feed(sent.p, sent.n, pieces, &got);
    ck_assert_int_eq(got.step, RECORD_BAD);
    feed(sent.p, sent.n / 2 + 1, pieces, &got);
    ck_assert_int_eq(got.step, RECORD_BAD);
    feed(sent.p, sent.n / 2, pieces, &got);
    ck_assert_int_eq(got.step, RECORD_WHOLE);
}
END_TEST

/* The PARAMS stream as it is, in one record. */
static void
send_params(const void *p, size_t n)
{
    peer_reset(&sent);
    peer_begin(&sent, 1, 1, 0);
    if (n > 0)
        peer_record(&sent, PEER_PARAMS, 1, p, n, 0);
    peer_record(&sent, PEER_PARAMS, 1, NULL, 0, 0);
    peer_record(&sent, PEER_STDIN, 1, NULL, 0, 0);
}

static void
assert_refused(void)
{
    ck_assert_int_eq(step_of(&sent), RECORD_BAD);
    ck_assert_uint_eq(got.params, 1);
    ck_assert_uint_eq(got.n, 0);
}

START_TEST(a_pair_that_does_not_fit_its_stream_is_refused)
{
    static const struct {
        const char *p;
        size_t n;
    } params[] = {
        { "\1", 1 },                               /* no second length */
        { "\1\1", 2 },                             /* nothing behind */
        { "\1\1A", 3 },                            /* no value */
        { "\2\0A", 3 },                            /* half a name */
        { "\x80\0\0", 3 },                         /* three bytes of a length */
        { "\1\x80\0\0", 4 },                       /* the same, second */
        { "\xff\xff\xff\xff\xff\xff\xff\xff", 8 }, /* near 4 GiB */
        { "\xff\xff\xff\xff\xff\xff\xff\xff"
          "A",
            9 },
        { "\x80\0\0\1\xff\xff\xff\xff"
          "A",
            9 }, /* their sum overflows 32 bits */
        { "\xff\xff\xff\xff\0", 5 },
        { "\1\xff\xff\xff\xff"
          "A",
            6 },
        { "\1\1AB\1\2CD", 8 }, /* the second pair */
        { "\1\1AB\1", 5 },
    };

    send_params(params[_i].p, params[_i].n);
    assert_refused();
}
END_TEST

START_TEST(an_empty_name_is_refused)
{
    send_params("\0\0", 2);
    assert_refused();
    send_params("\0\1A", 3);
    assert_refused();
    send_params("\x80\0\0\0\x80\0\0\0", 8);
    assert_refused();
}
END_TEST

START_TEST(an_empty_value_passes)
{
    send_params("\1\0A", 3);
    ck_assert_int_eq(step_of(&sent), RECORD_WHOLE);
    send_params("\x80\0\0\1\x80\0\0\0A", 9);
    ck_assert_int_eq(step_of(&sent), RECORD_WHOLE);
}
END_TEST

START_TEST(no_pairs_at_all_pass)
{
    send_params(NULL, 0);
    ck_assert_int_eq(step_of(&sent), RECORD_WHOLE);
    assert_canonical(1, 0, &pairs);
}
END_TEST

START_TEST(a_nul_in_a_pair_is_refused)
{
    static const struct {
        const char *p;
        size_t n;
    } params[] = { { "\1\0\0", 3 }, { "\2\1A\0B", 5 }, { "\1\1A\0", 4 }, { "\1\3Ab\0c", 6 },
        { "\1\1AB\1\2CD\0", 9 } };

    send_params(params[_i].p, params[_i].n);
    assert_refused();
}
END_TEST

START_TEST(a_name_as_long_as_said_passes_and_no_longer)
{
    char name[RECORD_NAME_MAX + 2];

    memset(name, 'N', sizeof name);
    name[RECORD_NAME_MAX] = '\0';
    peer_pair(&pairs, name, "value");
    send_params(pairs.p, pairs.n);
    ck_assert_int_eq(step_of(&sent), RECORD_WHOLE);

    peer_reset(&pairs);
    name[RECORD_NAME_MAX] = 'N';
    name[RECORD_NAME_MAX + 1] = '\0';
    peer_pair(&pairs, name, "value");
    send_params(pairs.p, pairs.n);
    assert_refused();
}
END_TEST

START_TEST(as_many_pairs_as_said_pass_and_no_more)
{
    unsigned i;

    for (i = 0; i < RECORD_PAIRS_MAX; i++)
        peer_pair(&pairs, "N", i % 2 != 0 ? "v" : "");
    send_params(pairs.p, pairs.n);
    ck_assert_int_eq(step_of(&sent), RECORD_WHOLE);
    peer_pair(&pairs, "N", "");
    send_params(pairs.p, pairs.n);
    assert_refused();
}
END_TEST

START_TEST(a_stdout_header_tells_length_and_id)
{
    static const size_t n[] = { 0, 1, 255, 256, RECORD_OUT_MAX };
    unsigned char header[RECORD_HEADER];

    record_stdout(header, 0x1234, n[_i]);
    ck_assert_mem_eq(header,
        ((unsigned char[]){
            1, 6, 0x12, 0x34, (unsigned char)(n[_i] >> 8), (unsigned char)n[_i], 0, 0 }),
        8);
}
END_TEST

START_TEST(the_end_is_an_empty_stdout_and_end_request)
{
    static const unsigned char want[RECORD_END_SIZE] = { 1, 6, 0x12, 0x34, 0, 0, 0, 0, 1, 3, 0x12,
        0x34, 0, 8, 0, 0 };
    unsigned char end[RECORD_END_SIZE];

    memset(end, 0xee, sizeof end);
    record_end(end, 0x1234);
    ck_assert_mem_eq(end, want, sizeof want);
}
END_TEST

static TCase *
shape_case(void)
{
    TCase *tc = tcase_create("shape");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_request_of_this_shape_is_whole);
    tcase_add_loop_test(tc, id_and_the_wish_to_keep_the_connection_are_told, 0, 4);
    tcase_add_test(tc, pieces_of_any_size_come_to_the_same);
    tcase_add_test(tc, every_beginning_of_a_request_wants_more);
    tcase_add_test(tc, parameters_are_told_once_and_before_the_body);
    tcase_add_test(tc, another_request_begins_where_one_was);
    tcase_add_loop_test(tc, only_version_1_passes, 0, 4);
    tcase_add_loop_test(tc, only_a_responder_passes, 0, 5);
    tcase_add_test(tc, id_0_does_not_pass);
    tcase_add_loop_test(tc, begin_has_eight_bytes, 0, 5);
    tcase_add_loop_test(tc, begin_may_be_padded, 0, 256);
    tcase_add_loop_test(tc, no_other_type_passes_at_any_place, 0, 5);
    tcase_add_loop_test(tc, no_other_id_passes, 0, 4);
    tcase_add_loop_test(tc, get_values_with_four_known_names_does_not_pass, 0, 3);
    tcase_add_loop_test(tc, nothing_follows_a_whole_request, 0, 3);
    return tc;
}

static TCase *
pairs_case(void)
{
    TCase *tc = tcase_create("pairs");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, a_pair_that_does_not_fit_its_stream_is_refused, 0, 13);
    tcase_add_test(tc, an_empty_name_is_refused);
    tcase_add_test(tc, an_empty_value_passes);
    tcase_add_test(tc, no_pairs_at_all_pass);
    tcase_add_loop_test(tc, a_nul_in_a_pair_is_refused, 0, 5);
    tcase_add_test(tc, a_name_as_long_as_said_passes_and_no_longer);
    tcase_add_test(tc, as_many_pairs_as_said_pass_and_no_more);
    return tc;
}

Suite *
suite(void)
{
    Suite *s = suite_create("record");
    TCase *answers = tcase_create("answers");

    tcase_add_loop_test(answers, a_stdout_header_tells_length_and_id, 0, 5);
    tcase_add_test(answers, the_end_is_an_empty_stdout_and_end_request);
    suite_add_tcase(s, shape_case());
    suite_add_tcase(s, pairs_case());
    suite_add_tcase(s, answers);
    return s;
}
