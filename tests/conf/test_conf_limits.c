/* tests/conf/test_conf_limits.c -- conf/conf_limits.h, promise by promise. */
#include "config.h"

#include <string.h>

#include "conf/conf.h"
#include "tests/conf/given.h"
#include "tests/suite.h"

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

static const struct conf *
load(const char *text)
{
    const struct conf *c = given_load(&g, text);

    ck_assert_msg(c != NULL, "%s", g.said);
    return c;
}

static uint64_t
soft(const struct exec_limits *l, enum limits_what what)
{
    ck_assert((l->given & l->must & 1U << what) != 0);
    return l->rlimit[what].soft;
}

START_TEST(without_a_word_there_is_no_core_and_nothing_else)
{
    const struct conf *c = load("");
    const struct route *rt = conf_route(c, "/health");

    ck_assert_uint_eq(rt->limits.given, 1U << LIMITS_CORE);
    ck_assert_uint_eq(rt->limits.must, 0);
    ck_assert_uint_eq(rt->limits.rlimit[LIMITS_CORE].hard, 0);
    ck_assert_uint_eq(rt->limits.umask, 022);
    ck_assert_uint_eq(rt->body_max, c->body_max);
    ck_assert(!rt->reads_body);
    conf_unref(c);
}
END_TEST

START_TEST(a_route_has_the_files_limits_and_changes_what_it_says)
{
    const struct conf *c =
        load("umask = 077 body_max = 1K\n"
             "limits { nice = 4 nofile = 100 ionice = idle core = unlimited }\n"
             "route \"/a\" { argv = true }\n"
             "route \"/b\" { argv = true umask = 0007 stdin = body body_max = 1M\n"
             "limits { nofile = 50 cpu = 1500ms as = 1G stack = 64K fsize = 0\n"
             "nproc = 1 ionice = best-effort } }\n"
             "route \"/health\" { limits { ionice = realtime:7 nice = -20 } }\n");
    const struct route *a = conf_route(c, "/a");
    const struct route *b = conf_route(c, "/b");
    const struct route *health = conf_route(c, "/health");

    ck_assert_uint_eq(soft(&a->limits, LIMITS_NOFILE), 100);
    ck_assert_uint_eq(soft(&a->limits, LIMITS_CORE), LIMITS_UNLIMITED);
    ck_assert_int_eq(a->limits.nice, 4);
    ck_assert_int_eq(a->limits.ionice, LIMITS_IO(LIMITS_IO_IDLE, 0));
    ck_assert_uint_eq(a->limits.umask, 077);
    ck_assert(!a->reads_body);
    ck_assert_uint_eq(a->body_max, 1024);
    ck_assert_int_eq(memcmp(&a->limits, &c->limits, sizeof a->limits), 0);

    ck_assert_uint_eq(soft(&b->limits, LIMITS_NOFILE), 50);
    ck_assert_uint_eq(soft(&b->limits, LIMITS_CPU), 2);
    ck_assert_uint_eq(b->limits.rlimit[LIMITS_CPU].hard, 3);
    ck_assert_uint_eq(soft(&b->limits, LIMITS_AS), 1 << 30);
    ck_assert_uint_eq(soft(&b->limits, LIMITS_STACK), 65536);
    ck_assert_uint_eq(soft(&b->limits, LIMITS_FSIZE), 0);
    ck_assert_uint_eq(soft(&b->limits, LIMITS_NPROC), 1);
    ck_assert_int_eq(b->limits.nice, 4);
    ck_assert_int_eq(b->limits.ionice, LIMITS_IO(LIMITS_IO_BEST_EFFORT, 4));
    ck_assert_uint_eq(b->limits.umask, 07);
    ck_assert(b->reads_body);
    ck_assert_uint_eq(b->body_max, 1024 * 1024);

    ck_assert_int_eq(health->limits.ionice, LIMITS_IO(LIMITS_IO_REALTIME, 7));
    ck_assert_int_eq(health->limits.nice, -20);
    conf_unref(c);
}
END_TEST

#define IONICE                                                                     \
    "ionice: must be none, idle, best-effort:0 to best-effort:7 or realtime:0 to " \
    "realtime:7"
#define X(text) "route \"/x\" { argv = true\n" text " }"

static const char *const mistakes[][2] = {
    { "limits { nice = 20 }", "1: error: limits: nice: must be between -20 and 19" },
    { "limits {\nnice = -21 }", "2: error: limits: nice: must be between -20 and 19" },
    { "limits { nofile = 2 }", "1: error: limits: nofile: must be between 3 and 1073741824" },
    { "limits { nproc = 0 }", "1: error: limits: nproc: must be between 1 and 4194304" },
    { "limits { cpu = 0.5 }", "1: error: limits: cpu: must be between 1s and 10080m" },
    { "limits { core = many }",
        "1: error: limits: core: must be a size, such as 512, 64K, 1M or 1G" },
    { "limits { nice = unlimited }", "1: error: limits: nice: must be a whole number" },
    { "limits { as = 1K }", "1: error: limits: as: must be between 1M and 1073741824G" },
    { "limits { ionice = idle:1 }", "1: error: limits: " IONICE },
    { "limits { ionice = best-effort:8 }", "1: error: limits: " IONICE },
    { "limits { ionice = best-effort:77 }", "1: error: limits: " IONICE },
    { "limits { ionice = realtime: }", "1: error: limits: " IONICE },
    { "limits { ionice = best }", "1: error: limits: " IONICE },
    { "limits { ionice = \"\" }", "1: error: limits: " IONICE },
    { "limits { memory = x\nnice = 1 }", "1: error: unknown option 'memory' in limits" },
    { "limits { }\nlimits { }", "2: error: limits: given twice, in line 1 too" },
    { X("limits { stack = 1 }"),
        "2: error: route /x: limits: stack: must be between 64K and 1073741824G" },
    { X("limits { ionice = x }"), "2: error: route /x: limits: " IONICE },
    { "umask = 22", "1: error: umask: must be three octal digits, such as 027" },
    { "umask = 028", "1: error: umask: must be three octal digits, such as 027" },
    { "umask = 1022", "1: error: umask: must be three octal digits, such as 027" },
    { "umask = \"\"", "1: error: umask: must be three octal digits, such as 027" },
    { X("umask = 0x22"), "2: error: route /x: umask: must be three octal digits, such as 027" },
    { X("stdin = yes"), "2: error: route /x: stdin: must be none or body" },
    { X("stdin = body on_busy = coalesce"),
        "2: error: route /x: on_busy: requests that share a run have no body to read" },
    { X("body_max = 2G"), "2: error: route /x: body_max: must be between 0 and 1G" },
    { "stdin = body", "1: error: unknown option 'stdin'" },
};

START_TEST(a_mistake_is_told_with_its_line)
{
    ck_assert_ptr_null(given_load(&g, mistakes[_i][0]));
    ck_assert_msg(given_said(&g, mistakes[_i][1]), "%s", g.said);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("conf_limits");
    TCase *tc = tcase_create("conf_limits");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, without_a_word_there_is_no_core_and_nothing_else);
    tcase_add_test(tc, a_route_has_the_files_limits_and_changes_what_it_says);
    tcase_add_loop_test(
        tc, a_mistake_is_told_with_its_line, 0, (int)(sizeof mistakes / sizeof mistakes[0]));
    suite_add_tcase(s, tc);
    return s;
}
