/* tests/fcgi/test_conn.c -- fcgi/conn.h: no connection is left where nobody looks. */
#include "config.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "conf/conf.h"
#include "fcgi/conn.h"
#include "fcgi/log.h"
#include "fcgi/server.h"
#include "tests/suite.h"

enum {
    SLOTS = 4
};

static struct server s;
static int peer; /* the other end of the connection */

static void
ignore(void *ctx, enum conf_level level, const char *file, int line, const char *msg)
{
    (void)ctx;
    (void)level;
    (void)file;
    (void)line;
    (void)msg;
}

static void
setup(void)
{
    const struct conf *conf;
    struct err err;

    log_open(false, false);
    ck_assert_int_eq(conf_load(NULL, false, ignore, NULL, &conf), 0);
    ck_assert_int_eq(server_open(&s, socket(AF_UNIX, SOCK_STREAM, 0), conf, &err), 0);
    ck_assert_int_eq(conn_table_open(&s, SLOTS, &err), 0);
}

static void
teardown(void)
{
    fd_close(&peer);
    conn_table_close(&s);
    server_close(&s);
}

/* A connection that has sent its request and wishes to be kept. */
static struct conn *
kept(void)
{
    char *none[] = { NULL };
    struct conn *c = conn_take(&s);
    int pair[2];

    ck_assert_ptr_nonnull(c);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    peer = pair[1];
    c->fd = pair[0];
    record_begin(&c->in, c->raw);
    conn_begin(c);
    c->in.id = 1;
    c->in.keep = true;
    ck_assert_int_eq(req_from_env(none, &c->region, &c->req), 0);
    c->handled = (struct handled){ .next = HANDLE_REPLY };
    return c;
}

START_TEST(a_kept_connection_waits_for_the_next_request)
{
    struct reply reply = { .status = 404, .message = "Not Found" };
    struct conn *c = kept();

    conn_reply(c, &reply);
    ck_assert_int_eq(c->state, CONN_IDLE);
    ck_assert(c->watched);
    conn_close(c);
    ck_assert_uint_eq(s.in_use, 0);
}
END_TEST

START_TEST(one_that_cannot_be_watched_is_not_kept)
{
    struct reply reply = { .status = 404, .message = "Not Found" };
    struct conn *c = kept();
    char answer[4096];

    /* In place of the kernel that has no memory for one more watch. */
    fd_close(&s.epfd);
    conn_reply(c, &reply);
    ck_assert_int_gt(read(peer, answer, sizeof(answer)), 0);
    ck_assert_int_eq(c->state, CONN_FREE);
    ck_assert_uint_eq(s.in_use, 0);
    ck_assert_int_eq(read(peer, answer, sizeof(answer)), 0);
}
END_TEST

Suite *
suite(void)
{
    Suite *all = suite_create("conn");
    TCase *tc = tcase_create("conn");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_kept_connection_waits_for_the_next_request);
    tcase_add_test(tc, one_that_cannot_be_watched_is_not_kept);
    suite_add_tcase(all, tc);
    return all;
}
