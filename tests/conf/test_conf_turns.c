/* tests/conf/test_conf_turns.c -- a route's max_running, on_busy and on_disconnect. */
#include "config.h"

#include <string.h>

#include "base/clock.h"
#include "conf/conf.h"
#include "conf/conf_turns.h"
#include "tests/conf/given.h"
#include "tests/suite.h"

#define ROUTE(text) "route \"/x\" { argv = { true }\n" text "\n}"

static struct given g;

static void
setup(void)
{
    given_begin(&g);
}

static void
teardown(void)
{
    given_end(&g);
}

/* Loads a configuration and finds the route in it. */
static const struct route *
load(const char *text, const char *path, const struct conf **ret_conf)
{
    *ret_conf = given_load(&g, text);
    ck_assert_msg(*ret_conf != NULL, "%s: %s", text, g.said);
    ck_assert_ptr_nonnull(conf_route(*ret_conf, path));
    return conf_route(*ret_conf, path);
}

START_TEST(a_route_that_says_nothing_waits_without_a_limit_of_its_own)
{
    const struct conf *c;
    const struct route *rt = load(ROUTE(""), "/x", &c);

    ck_assert_uint_eq(rt->max_running, 0);
    ck_assert_int_eq(rt->on_busy, ROUTE_QUEUE);
    ck_assert_int_eq(conf_turns_wait(c, rt), c->queue_timeout);
    conf_unref(c);
}
END_TEST

START_TEST(a_route_has_what_it_says)
{
    static const struct {
        const char *text;
        enum route_busy busy;
        size_t max;
    } known[] = {
        { ROUTE("max_running = 3 on_busy = reject"), ROUTE_REJECT, 3 },
        { ROUTE("max_running = 1 on_busy = coalesce"), ROUTE_COALESCE, 1 },
        { ROUTE("max_running = 8 on_busy = queue"), ROUTE_QUEUE, 8 },
    };
    const struct conf *c;
    const struct route *rt = load(known[_i].text, "/x", &c);

    ck_assert_uint_eq(rt->max_running, known[_i].max);
    ck_assert_int_eq(rt->on_busy, known[_i].busy);
    ck_assert_str_eq(g.said, "");
    conf_unref(c);
}
END_TEST

START_TEST(a_client_that_leaves_ends_a_get_unless_the_route_says_otherwise)
{
    static const struct {
        const char *text, *path;
        unsigned get, post;
    } known[] = {
        { ROUTE(""), "/x", 1, 0 },
        { ROUTE(""), "/health", 1, 0 },
        { ROUTE(""), "/deploy_branch", 0, 0 },
        { ROUTE("detach = yes"), "/x", 0, 0 },
        { ROUTE("detach = yes on_disconnect = kill"), "/x", 1, 1 },
        { ROUTE("on_disconnect = kill"), "/x", 1, 1 },
        { ROUTE("on_disconnect = continue"), "/x", 0, 0 },
        { "route \"/deploy_branch\" { detach = no }", "/deploy_branch", 0, 0 },
        { "route \"/deploy_branch\" { on_disconnect = kill }", "/deploy_branch", 1, 1 },
    };
    const struct conf *c;
    const struct route *rt = load(known[_i].text, known[_i].path, &c);

    ck_assert_uint_eq((rt->kill_methods & METHOD_GET) != 0, known[_i].get);
    ck_assert_uint_eq((rt->kill_methods & METHOD_POST) != 0, known[_i].post);
    conf_unref(c);
}
END_TEST

START_TEST(who_never_waits_has_no_queue_timeout_to_be_patient_for)
{
    static const char *const good[] = {
        "timeout = 44 queue_timeout = 10 grace = 5.9 read_timeout = 60",
        "timeout = 30 queue_timeout = 60 grace = 5 read_timeout = 60 queue = 0",
        ROUTE("timeout = 54 on_busy = reject"),
    };
    const struct conf *c = given_load(&g, good[_i]);

    ck_assert_ptr_nonnull(c);
    ck_assert_msg(strstr(g.said, "read_timeout") == NULL, "%s", g.said);
    conf_unref(c);
}
END_TEST

static const char *const mistakes[][2] = {
    { ROUTE("max_running = 4097"), "2: error: route /x: max_running: must be between 0 and 4096" },
    { ROUTE("max_running = -1"), "2: error: route /x: max_running: must be between 0 and 4096" },
    { ROUTE("on_busy = wait"), "2: error: route /x: on_busy: must be queue, reject or coalesce" },
    { ROUTE("on_disconnect = yes"), "2: error: route /x: on_disconnect: must be kill or continue" },
};

START_TEST(a_mistake_is_told_with_its_line)
{
    ck_assert_ptr_null(given_load(&g, mistakes[_i][0]));
    ck_assert_msg(given_said(&g, mistakes[_i][1]), "%s\nsays: %s", mistakes[_i][0], g.said);
}
END_TEST

static const char *const warnings[][2] = {
    { ROUTE("max_running = 9"), "2: warning: route /x: max_running: 9 is never reached, for all "
                                "routes it is 8" },
    { "max_running = 2\n" ROUTE("max_running = 3"),
        "3: warning: route /x: max_running: 3 is never reached, for all routes it is 2" },
    { "queue = 0\n" ROUTE("on_busy = coalesce"),
        "3: warning: route /x: on_busy: nobody waits with queue = 0" },
    { "\nroute \"/restart\" { max_running = 1 }",
        "2: warning: route /restart: max_running, on_busy and on_disconnect are for commands" },
    { "\nroute \"/x\" { argv = { true } on_busy = reject timeout = 55 }",
        "2: warning: route /x: queue_timeout, timeout and grace reach read_timeout: the web server "
        "may give up first" },
};

START_TEST(what_is_said_in_vain_is_warned_of)
{
    const struct conf *c = given_load(&g, warnings[_i][0]);

    ck_assert_ptr_nonnull(c);
    ck_assert_msg(given_said(&g, warnings[_i][1]), "%s\nsays: %s", warnings[_i][0], g.said);
    conf_unref(c);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("conf_turns");
    TCase *tc = tcase_create("conf_turns");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_route_that_says_nothing_waits_without_a_limit_of_its_own);
    tcase_add_loop_test(tc, a_route_has_what_it_says, 0, 3);
    tcase_add_loop_test(tc, a_client_that_leaves_ends_a_get_unless_the_route_says_otherwise, 0, 9);
    tcase_add_loop_test(tc, who_never_waits_has_no_queue_timeout_to_be_patient_for, 0, 3);
    tcase_add_loop_test(
        tc, a_mistake_is_told_with_its_line, 0, (int)(sizeof mistakes / sizeof mistakes[0]));
    tcase_add_loop_test(
        tc, what_is_said_in_vain_is_warned_of, 0, (int)(sizeof warnings / sizeof warnings[0]));
    suite_add_tcase(s, tc);
    return s;
}
