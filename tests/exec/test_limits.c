/* tests/exec/test_limits.c -- exec/limits.h, promise by promise. */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "exec/autogroup.h"
#include "exec/limits.h"
#include "tests/exec/filter.h"
#include "tests/exec/harness.h"
#include "tests/suite.h"

static struct exec_limits limits;

static void
setup(void)
{
    harness_open();
    limits_init(&limits);
    h.spec.limits = &limits;
}

/* Whether the last run said this line. */
static bool
said(const char *line)
{
    const char *at = strstr(harness_said(), line);
    size_t n = strlen(line);

    return at != NULL && (at == harness_said() || at[-1] == '\n') && at[n] == '\n';
}

START_TEST(nobody_said_anything_is_no_core_and_umask_022)
{
    struct rlimit files;
    char line[64];

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &files), 0);
    harness_probe("limits", NULL);
    ck_assert_int_eq(harness_run()->code, 0);
    ck_assert(said("core 0 0"));
    (void)snprintf(line, sizeof(line), "nofile %lld %lld", (long long)files.rlim_cur,
        (long long)files.rlim_max);
    ck_assert_msg(said(line), "%s", harness_said());
    harness_probe("umask", NULL);
    ck_assert_int_eq(harness_run()->code, 0);
    ck_assert_str_eq(harness_said(), "022\n");
}
END_TEST

START_TEST(what_is_set_is_what_the_command_finds_and_we_do_not)
{
    struct rlimit before, after;
    int nice_before = getpriority(PRIO_PROCESS, 0);

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    limits_set(&limits, LIMITS_CORE, 4096);
    limits_set(&limits, LIMITS_FSIZE, 1000000);
    limits_set(&limits, LIMITS_NOFILE, 17);
    limits_set(&limits, LIMITS_NPROC, 500);
    limits_set(&limits, LIMITS_CPU, 7);
    limits_set(&limits, LIMITS_AS, 1 << 30);
    limits_set(&limits, LIMITS_STACK, 1 << 20);
    limits_set(&limits, LIMITS_NICE, 19);
    limits_set(&limits, LIMITS_IONICE, LIMITS_IO(LIMITS_IO_BEST_EFFORT, 7));
    limits.umask = 0137;
    harness_probe("limits", NULL);
    ck_assert_int_eq(harness_run()->code, 0);
    ck_assert_str_eq(harness_said(), "core 4096 4096\nfsize 1000000 1000000\nnofile 17 17\n"
                                     "nproc 500 500\ncpu 7 8\nas 1073741824 1073741824\n"
                                     "stack 1048576 1048576\nnice 19\nionice 16391\n");
    harness_probe("umask", NULL);
    ck_assert_int_eq(harness_run()->code, 0);
    ck_assert_str_eq(harness_said(), "137\n");
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &after), 0);
    ck_assert_uint_eq(before.rlim_cur, after.rlim_cur);
    ck_assert_int_eq(getpriority(PRIO_PROCESS, 0), nice_before);
    while (autogroup_tend()) /* has a descriptor until it is done */
        harness_sleep(CLOCK_SEC / 20);
}
END_TEST

START_TEST(the_last_one_to_be_set_counts)
{
    limits_set(&limits, LIMITS_NOFILE, 17);
    limits_set(&limits, LIMITS_NOFILE, 18);
    harness_probe("limits", NULL);
    ck_assert_int_eq(harness_run()->code, 0);
    ck_assert(said("nofile 18 18"));
}
END_TEST

START_TEST(a_command_that_takes_more_is_stopped)
{
    limits_set(&limits, LIMITS_CPU, 1);
    harness_command("/bin/sh", "-c", "while :; do :; done", NULL);
    ck_assert(harness_run()->signaled);
    ck_assert_int_eq(run_result(&h.run)->code, SIGXCPU);
    ck_assert_int_eq(run_result(&h.run)->cause, RUN_SIGNALED);
}
END_TEST

/* What cannot be set, and what is said then. */
static const struct {
    enum limits_what what;
    int64_t value;
    const char *text;
} refused[] = {
    { LIMITS_NOFILE, 10, "setrlimit nofile: Operation not permitted" },
    { LIMITS_NICE, 1, "setpriority nice: Operation not permitted" },
    { LIMITS_IONICE, LIMITS_IO(LIMITS_IO_IDLE, 0), "ioprio_set ionice: Operation not permitted" },
};

START_TEST(one_that_cannot_be_set_is_told_by_its_name)
{
    char name[] = "limits";
    char *names[] = { name };

    if (filter_forbid(names, 1) < 0)
        SUITE_SKIP("seccomp filters are not allowed here");
    limits_set(&limits, refused[_i].what, refused[_i].value);
    harness_probe("exit", "0", NULL);
    ck_assert_int_eq(run_start(&h.run, h.engine, &h.spec, &h.err), -EPERM);
    ck_assert_str_eq(h.err.text, refused[_i].text);
    /* Only a default: it starts all the same. */
    limits.must = 0;
    ck_assert_int_eq(harness_run()->code, 0);
}
END_TEST

/* In a child that is nobody, since root may do nearly everything. */
static bool
nobody_holds(enum limits_what what, int64_t value, char why[LIMITS_DOUBT_MAX])
{
    if (getuid() == 0 && setresuid(65534, 65534, 65534) < 0)
        ck_abort_msg("setresuid");
    limits_set(&limits, what, value);
    return limits_holds(&limits, what, why);
}

static const struct {
    enum limits_what what;
    int64_t value;
    const char *why; /* its end; NULL: it holds */
} doubts[] = {
    { LIMITS_NICE, -1, "-1 is below ours (0), and needs CAP_SYS_NICE" },
    { LIMITS_NICE, 0, NULL },
    { LIMITS_NICE, 19, NULL },
    { LIMITS_IONICE, LIMITS_IO(LIMITS_IO_REALTIME, 0), "realtime needs CAP_SYS_NICE" },
    { LIMITS_IONICE, LIMITS_IO(LIMITS_IO_IDLE, 0), NULL },
    { LIMITS_NOFILE, 64, NULL },
    { LIMITS_NOFILE, 101, "is above our hard limit, which is 100, and needs CAP_SYS_RESOURCE" },
    { LIMITS_NOFILE, (int64_t)LIMITS_UNLIMITED, "is above fs.nr_open, which is " },
    { LIMITS_NPROC, 5, NULL },
    { LIMITS_CORE, 0, NULL },
};

START_TEST(what_would_not_hold_is_known_before)
{
    struct rlimit lim = { .rlim_cur = 100, .rlim_max = 100 };
    char why[LIMITS_DOUBT_MAX] = "";

    if (setpriority(PRIO_PROCESS, 0, 0) < 0)
        SUITE_SKIP("runs with a nice of its own");
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &lim), 0);
    ck_assert_int_eq(nobody_holds(doubts[_i].what, doubts[_i].value, why), doubts[_i].why == NULL);
    if (doubts[_i].why != NULL)
        ck_assert_msg(strstr(why, doubts[_i].why) == why, "%s", why);
}
END_TEST

START_TEST(root_is_not_bound_by_nproc)
{
    char why[LIMITS_DOUBT_MAX];

    if (getuid() != 0)
        SUITE_SKIP("needs root");
    limits_set(&limits, LIMITS_NPROC, 5);
    ck_assert(!limits_holds(&limits, LIMITS_NPROC, why));
    ck_assert_str_eq(why, "does not bind root");
}
END_TEST

START_TEST(what_is_not_given_holds)
{
    char why[LIMITS_DOUBT_MAX];
    enum limits_what what;

    limits.given = 0;
    for (what = 0; what < LIMITS_MAX; what++) {
        ck_assert(limits_holds(&limits, what, why));
        ck_assert_int_gt((int)strlen(limits_name(what)), 1);
    }
    ck_assert_int_eq(limits_resource(LIMITS_AS), RLIMIT_AS);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("exec/limits");
    TCase *tc = tcase_create("limits");
    TCase *holds = tcase_create("holds");

    tcase_add_checked_fixture(tc, setup, harness_close);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, nobody_said_anything_is_no_core_and_umask_022);
    tcase_add_test(tc, what_is_set_is_what_the_command_finds_and_we_do_not);
    tcase_add_test(tc, the_last_one_to_be_set_counts);
    tcase_add_test(tc, a_command_that_takes_more_is_stopped);
    tcase_add_loop_test(tc, one_that_cannot_be_set_is_told_by_its_name, 0,
        (int)(sizeof(refused) / sizeof(refused[0])));
    suite_add_tcase(s, tc);
    tcase_add_loop_test(
        holds, what_would_not_hold_is_known_before, 0, (int)(sizeof(doubts) / sizeof(doubts[0])));
    tcase_add_test(holds, root_is_not_bound_by_nproc);
    tcase_add_test(holds, what_is_not_given_holds);
    suite_add_tcase(s, holds);
    return s;
}
