/* tests/fcgi/test_gate.c -- fcgi/gate.h, promise by promise. */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena/region.h"
#include "base/err.h"
#include "fcgi/gate.h"
#include "fcgi/req.h"
#include "tests/fcgi/feed.h"
#include "tests/fcgi/peer.h"
#include "tests/suite.h"

enum {
    THREADS = 4,
    ROUNDS = 500
};

static struct gate *gate;
static struct region r;
static struct req req;
static struct err err;
static struct peer pairs, sent;
static struct feed_outcome fed;

static void
setup(void)
{
    ck_assert_int_eq(gate_open(&gate, &err), 0);
    ck_assert_int_eq(region_init(&r, 256 * 1024), 0);
}

static void
teardown(void)
{
    gate_close(gate);
    region_done(&r);
    peer_done(&pairs);
    peer_done(&sent);
}

/* Brings the pairs into canonical form, in `fed`. */
static void
make_canonical(void)
{
    peer_reset(&sent);
    peer_request(&sent, &pairs);
    feed(sent.p, sent.n, FEED_WHOLE, &fed);
    ck_assert_int_eq(fed.step, RECORD_WHOLE);
    peer_reset(&pairs);
}

static int
decode(void)
{
    return gate_decode(gate, fed.canonical, fed.n, &r, &req, &err);
}

static void
assert_works(void)
{
    peer_pair(&pairs, "REQUEST_METHOD", "GET");
    peer_pair(&pairs, "PATH_INFO", "/health");
    make_canonical();
    ck_assert_int_eq(decode(), 0);
    ck_assert_str_eq(req.method, "GET");
    ck_assert_str_eq(req.path_info, "/health");
    ck_assert_str_eq(req.query, "");
    ck_assert_uint_eq(req.ncredentials, 0);
}

static unsigned
count_descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    unsigned n = 0;

    ck_assert_ptr_nonnull(d);
    while (readdir(d) != NULL)
        n++;
    (void)closedir(d);
    return n;
}

START_TEST(a_canonical_request_is_decoded)
{
    peer_pair(&pairs, "REQUEST_METHOD", "PUT");
    peer_pair(&pairs, "SCRIPT_NAME", "/sync_upstream");
    peer_pair(&pairs, "QUERY_STRING", "branch=a=b\x80\xff");
    peer_pair(&pairs, "CONTENT_LENGTH", "12");
    peer_pair(&pairs, "HTTP_ACCESS_TOKEN", "t1");
    peer_pair(&pairs, "HTTP_X_OTHER", "x");
    peer_pair(&pairs, "HTTP_AUTHORIZATION", "Bearer t2");
    peer_pair(&pairs, "REMOTE_ADDR", "::1");
    make_canonical();
    ck_assert_int_eq(decode(), 0);
    ck_assert_str_eq(req.method, "PUT");
    ck_assert_str_eq(req.script_name, "/sync_upstream");
    ck_assert_str_eq(req.path_info, "");
    ck_assert_str_eq(req.query, "branch=a=b\x80\xff");
    ck_assert_str_eq(req.client, "::1");
    ck_assert_ptr_null(req.prefix);
    ck_assert_int_eq(req.content_length, 12);
    ck_assert_uint_eq(req.ncredentials, 2);
    ck_assert_str_eq(req.credential[0], "t1");
    ck_assert_str_eq(req.credential[1], "t2");
}
END_TEST

START_TEST(a_header_sent_twice_is_seen_twice)
{
    peer_pair(&pairs, "HTTP_ACCESS_TOKEN", "t1");
    peer_pair(&pairs, "HTTP_ACCESS_TOKEN", "t2");
    make_canonical();
    ck_assert_int_eq(decode(), 0);
    ck_assert(req.credential_repeated);
}
END_TEST

/* libfcgi gets others in their place, piece by piece. */
START_TEST(a_credential_of_every_length_is_what_was_sent)
{
    static const size_t length[] = { 0, 1, 63, 64, 65, 127, 128, 129, 9000, 60000 };
    static char token[60001];

    memset(token, 't', length[_i]);
    token[length[_i]] = '\0';
    peer_pair(&pairs, "HTTP_ACCESS_TOKENS", "none");
    peer_pair(&pairs, "HTTP_X_ACCESS_TOKEN", token);
    peer_pair(&pairs, "HTTP_ACCESS_TOKEN=x", "y");
    peer_pair(&pairs, "PATH_INFO", "/health");
    make_canonical();
    ck_assert_int_eq(decode(), 0);
    ck_assert_uint_eq(req.ncredentials, 2);
    ck_assert_str_eq(req.credential[0], token);
    ck_assert_str_eq(req.credential[1], "x=y");
    ck_assert_str_eq(req.path_info, "/health");
}
END_TEST

START_TEST(a_request_without_parameters_is_decoded)
{
    make_canonical();
    ck_assert_int_eq(decode(), 0);
    ck_assert_str_eq(req.method, "");
}
END_TEST

/* libfcgi reads 8192 bytes at a time. */
START_TEST(parameters_of_every_length_are_decoded)
{
    static char value[RECORD_PARAMS_MAX];
    static const size_t about[] = { 1, 127, 128, 8100, 8192, 16384, 65500 };
    size_t n, len;

    for (n = 0; n < 200 && about[_i] + n < 65510; n++) {
        len = about[_i] + n;
        memset(value, 'q', len);
        value[len] = '\0';
        peer_pair(&pairs, "QUERY_STRING", value);
        peer_pair(&pairs, "A", "");
        make_canonical();
        region_reset(&r);
        ck_assert_int_eq(decode(), 0);
        ck_assert_uint_eq(strlen(req.query), len);
        ck_assert_str_eq(req.query, value);
    }
}
END_TEST

START_TEST(nothing_of_a_longer_request_is_left_in_the_next)
{
    unsigned i;

    for (i = 0; i < 100; i++)
        peer_pair(&pairs, "HTTP_FILLS", "the memory file with many bytes of another request");
    peer_pair(&pairs, "QUERY_STRING", "secret");
    peer_pair(&pairs, "HTTP_ACCESS_TOKEN", "t1");
    make_canonical();
    ck_assert_int_eq(decode(), 0);
    ck_assert_str_eq(req.query, "secret");
    region_reset(&r);
    assert_works();
}
END_TEST

/* What record.c never lets pass, but somebody might call this with. */
START_TEST(what_libfcgi_refuses_is_told_and_the_next_is_decoded)
{
    static const struct {
        unsigned char bytes[40];
        size_t n;
    } bad[] = {
        { { 0 }, 0 }, { { 1, 1, 0 }, 3 }, { { 2, 1, 0, 1, 0, 8, 0, 0, 0, 1, 0 }, 16 }, /* version */
        { { 1, 1, 0, 1, 0, 8, 0, 0, 0, 1, 0 }, 16 }, /* no PARAMS */
        { { 1, 1, 0, 1, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 4, 0, 1, 0, 9 }, 24 }, /* cut */
        { { 1, 1, 0, 1, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 5, 0, 1 }, 24 },       /* STDIN */
    };
    unsigned before = count_descriptors();

    ck_assert_int_eq(gate_decode(gate, bad[_i].bytes, bad[_i].n, &r, &req, &err), -EPROTO);
    ck_assert_str_ne(err.text, "");
    assert_works();
    ck_assert_uint_eq(count_descriptors(), before);
}
END_TEST

START_TEST(without_room_no_credential_stays_and_the_next_is_decoded)
{
    unsigned char mem[64] = { 0 };
    struct region small;

    region_over(&small, mem, sizeof mem);
    peer_pair(&pairs, "HTTP_ACCESS_TOKEN", "secret");
    peer_pair(
        &pairs, "QUERY_STRING", "0123456789012345678901234567890123456789012345678901234567890");
    make_canonical();
    ck_assert_int_eq(gate_decode(gate, fed.canonical, fed.n, &small, &req, &err), -ENOMEM);
    ck_assert_uint_eq(req.ncredentials, 0);
    ck_assert_ptr_null(memmem(mem, sizeof mem, "secret", 6));
    assert_works();
}
END_TEST

START_TEST(closing_frees_every_descriptor_and_null_is_allowed)
{
    unsigned before = count_descriptors();
    struct gate *others[10];
    unsigned i;

    for (i = 0; i < 10; i++)
        ck_assert_int_eq(gate_open(&others[i], &err), 0);
    ck_assert_uint_gt(count_descriptors(), before);
    for (i = 0; i < 10; i++)
        gate_close(others[i]);
    gate_close(NULL);
    ck_assert_uint_eq(count_descriptors(), before);
}
END_TEST

START_TEST(a_handler_installed_after_the_first_gate_stays)
{
    static const int sig[] = { SIGPIPE, SIGUSR1, SIGTERM };
    struct sigaction dfl = { .sa_handler = SIG_DFL }, now;
    struct gate *another;

    ck_assert_int_eq(sigaction(sig[_i], &dfl, NULL), 0);
    ck_assert_int_eq(gate_open(&another, &err), 0);
    assert_works();
    ck_assert_int_eq(sigaction(sig[_i], NULL, &now), 0);
    ck_assert(now.sa_handler == SIG_DFL);
    gate_close(another);
}
END_TEST

static void *
decode_often(void *arg)
{
    const unsigned char *canonical = arg;
    struct region mine;
    struct gate *own;
    struct req got;
    struct err why;
    uintptr_t wrong = 0;
    unsigned i;

    if (gate_open(&own, &why) < 0 || region_init(&mine, 4096) < 0)
        return (void *)(uintptr_t)1;
    for (i = 0; i < ROUNDS; i++) {
        region_reset(&mine);
        wrong += gate_decode(own, canonical, fed.n, &mine, &got, &why) != 0 ||
                 memcmp(got.query, canonical + fed.n - 24, 8) != 0;
    }
    gate_close(own);
    region_done(&mine);
    return (void *)wrong;
}

START_TEST(each_thread_decodes_with_its_own)
{
    static unsigned char canonical[THREADS][FEED_CANONICAL_MAX];
    pthread_t thread[THREADS];
    char query[9];
    void *wrong;
    unsigned i;

    for (i = 0; i < THREADS; i++) {
        (void)snprintf(query, sizeof query, "thread=%u", i);
        peer_pair(&pairs, "QUERY_STRING", query);
        make_canonical();
        memcpy(canonical[i], fed.canonical, fed.n);
    }
    for (i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, decode_often, canonical[i]), 0);
    for (i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(thread[i], &wrong), 0);
        ck_assert_ptr_null(wrong);
    }
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("gate");
    TCase *tc = tcase_create("gate");

    tcase_set_timeout(tc, 30);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_canonical_request_is_decoded);
    tcase_add_test(tc, a_header_sent_twice_is_seen_twice);
    tcase_add_loop_test(tc, a_credential_of_every_length_is_what_was_sent, 0, 10);
    tcase_add_test(tc, a_request_without_parameters_is_decoded);
    tcase_add_loop_test(tc, parameters_of_every_length_are_decoded, 0, 7);
    tcase_add_test(tc, nothing_of_a_longer_request_is_left_in_the_next);
    tcase_add_loop_test(tc, what_libfcgi_refuses_is_told_and_the_next_is_decoded, 0, 6);
    tcase_add_test(tc, without_room_no_credential_stays_and_the_next_is_decoded);
    tcase_add_test(tc, closing_frees_every_descriptor_and_null_is_allowed);
    tcase_add_loop_test(tc, a_handler_installed_after_the_first_gate_stays, 0, 3);
    tcase_add_test(tc, each_thread_decodes_with_its_own);
    suite_add_tcase(s, tc);
    return s;
}
