/* tests/conf/test_conf_holds.c -- conf/conf_holds.h, promise by promise. */
#include "config.h"

#include <sys/resource.h>
#include <unistd.h>

#include "conf/conf.h"
#include "tests/conf/given.h"
#include "tests/suite.h"

static struct given g;

/* As somebody who has no rights and a hard limit: in a test of its own process. */
static void
setup(void)
{
    struct rlimit lim = { .rlim_cur = 200, .rlim_max = 200 };

    (void)setpriority(PRIO_PROCESS, 0, 0);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &lim), 0);
    if (getuid() == 0)
        ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
    given_begin(&g);
}

static void
teardown(void)
{
    given_end(&g);
}

START_TEST(every_limit_that_cannot_hold_is_warned_of_at_its_line)
{
    const struct conf *c;

    if (getpriority(PRIO_PROCESS, 0) != 0)
        SUITE_SKIP("runs with a nice of its own");
    c = given_load(&g, "builtin_routes = no\n"
                       "limits {\n"
                       "nofile = 1000\n"
                       "nice = -3 }\n"
                       "route \"/x\" { argv = \"/bin/sh\" limits {\n"
                       "nofile = 100\n"
                       "ionice = realtime:0 } }\n"
                       "route \"/y\" { argv = \"/bin/sh\" limits {\n"
                       "nofile = 300 } }\n");

    ck_assert_msg(c != NULL, "%s", g.said);
    ck_assert_str_eq(g.said,
        "3: warning: limits: nofile: is above our hard limit, which is 200, and needs "
        "CAP_SYS_RESOURCE\n"
        "4: warning: limits: nice: -3 is below ours (0), and needs CAP_SYS_NICE\n"
        "7: warning: route /x: limits: ionice: realtime needs CAP_SYS_NICE\n"
        "9: warning: route /y: limits: nofile: is above our hard limit, which is 200, and needs "
        "CAP_SYS_RESOURCE\n");
    conf_unref(c);
}
END_TEST

START_TEST(limits_that_hold_are_not_warned_of)
{
    const struct conf *c = given_load(&g, "builtin_routes = no\n"
                                          "limits { nofile = 200 nice = 19 ionice = idle core = 0\n"
                                          "nproc = 100 cpu = 5 }\n"
                                          "route \"/x\" { argv = \"/bin/sh\" }\n");

    ck_assert_msg(c != NULL, "%s", g.said);
    ck_assert_str_eq(g.said, "");
    conf_unref(c);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("conf_holds");
    TCase *tc = tcase_create("conf_holds");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, every_limit_that_cannot_hold_is_warned_of_at_its_line);
    tcase_add_test(tc, limits_that_hold_are_not_warned_of);
    suite_add_tcase(s, tc);
    return s;
}
