/* tests/fcgi/test_command.c -- fcgi/command.h: who waits and leaves. */
#include "config.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "arena/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "conf/conf.h"
#include "fcgi/budget.h"
#include "fcgi/command.h"
#include "fcgi/conn.h"
#include "fcgi/log.h"
#include "fcgi/server.h"
#include "tests/fcgi/fakelog.h"
#include "tests/suite.h"

enum {
    SLOTS = 4
};

static struct server s;
static struct worker worker = { .server = &s };
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

    log_open(false, true);
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

/* A connection whose request is begun, with so many places for commands. */
static struct conn *
begun(unsigned places)
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
    ck_assert_int_eq(req_from_env(none, &c->region, &c->req), 0);
    c->handled = (struct handled){ .next = HANDLE_REPLY, .route = conf_route(c->conf, "/health") };
    (void)sched_set_limits(&s.sched, places, SLOTS, NULL, 0);
    command_begin(&worker, c);
    return c;
}

/* One whose request waits for a place, all of which are taken. */
static struct conn *
waiting(void)
{
    struct conn *c = begun(0);

    ck_assert_int_eq(c->state, CONN_QUEUED);
    return c;
}

START_TEST(who_finds_the_arena_exhausted_leaves_it_as_cold_as_it_was)
{
    size_t output = budget_output_block(ROUTE_JOINED, 64 * 1024);
    struct arena_stats is;
    unsigned char *rest;

    s.output_cap[ROUTE_JOINED] = 64 * 1024;
    arena_stats(s.arena, &is);
    output = (output + is.chunk_size - 1) / is.chunk_size * is.chunk_size;
    rest = arena_alloc(s.arena, is.largest_free - output); /* one block, but not its answer */
    ck_assert_ptr_nonnull(rest);
    (void)begun(1);
    ck_assert_ptr_nonnull(strstr(fakelog_told.text, "status=503"));
    arena_stats(s.arena, &is);
    ck_assert_uint_eq(is.failed, 1);
    ck_assert_uint_eq(is.blocks, 1);
    if (!arena_is_stepwise(s.arena)) /* there its first step was had */
        ck_assert_uint_eq(is.warm, 0);
    ck_assert_int_eq(arena_free(s.arena, rest), 0);
}
END_TEST

START_TEST(who_leaves_the_queue_is_logged)
{
    struct conn *c = waiting();
    unsigned before = fakelog_told.lines;

    command_gone(&worker, c);
    ck_assert_int_eq(c->state, CONN_FREE);
    ck_assert_uint_eq(fakelog_told.lines, before + 1);
    ck_assert_ptr_nonnull(strstr(fakelog_told.text, "status=499"));
}
END_TEST

START_TEST(who_leaves_while_being_called_is_logged_too_and_holds_no_place)
{
    struct conn *c = waiting();
    unsigned before = fakelog_told.lines;

    /* What command_gone() says to one that is off the queue already. */
    c->gone = true;
    (void)sched_set_limits(&s.sched, 1, SLOTS, NULL, 0);
    worker.left = true;
    command_settle(&worker);
    ck_assert_int_eq(c->state, CONN_FREE);
    ck_assert_uint_eq(sched_running(&s.sched), 0);
    ck_assert_uint_eq(fakelog_told.lines, before + 1);
    ck_assert_ptr_nonnull(strstr(fakelog_told.text, "status=499"));
}
END_TEST

START_TEST(who_has_left_is_not_run_though_nobody_has_heard_of_it)
{
    struct conn *c = waiting();
    unsigned before = fakelog_told.lines;

    fd_close(&peer);
    (void)sched_set_limits(&s.sched, 1, SLOTS, NULL, 0);
    worker.left = true;
    command_settle(&worker);
    ck_assert_int_eq(c->state, CONN_FREE);
    ck_assert_uint_eq(sched_running(&s.sched), 0);
    ck_assert_uint_eq(fakelog_told.lines, before + 1);
    ck_assert_ptr_nonnull(strstr(fakelog_told.text, "status=499"));
    ck_assert_ptr_nonnull(strstr(fakelog_told.text, " queued_ms="));
}
END_TEST

START_TEST(who_waits_too_long_is_sent_away_and_told_when_to_come_again)
{
    struct conn *c = waiting();
    char answer[1024];
    ssize_t n;

    command_queue_timeout(&worker, c);
    n = read(peer, answer, sizeof answer - 1);
    ck_assert_int_gt(n, 0);
    answer[n] = '\0';
    ck_assert_ptr_nonnull(memmem(answer, (size_t)n, "Status: 503 ", 12));
    ck_assert_ptr_nonnull(memmem(answer, (size_t)n, "Retry-After: 1\r\n", 16));
}
END_TEST

Suite *
suite(void)
{
    Suite *all = suite_create("command");
    TCase *tc = tcase_create("command");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, who_finds_the_arena_exhausted_leaves_it_as_cold_as_it_was);
    tcase_add_test(tc, who_leaves_the_queue_is_logged);
    tcase_add_test(tc, who_leaves_while_being_called_is_logged_too_and_holds_no_place);
    tcase_add_test(tc, who_has_left_is_not_run_though_nobody_has_heard_of_it);
    tcase_add_test(tc, who_waits_too_long_is_sent_away_and_told_when_to_come_again);
    suite_add_tcase(all, tc);
    return all;
}
