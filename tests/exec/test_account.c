/* tests/exec/test_account.c -- exec/account.h: what runs cost, and what they wait for. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "tests/exec/harness.h"
#include "tests/suite.h"

#define MIB (INT64_C(1024) * 1024)

static char spend[512];

static void
setup(void)
{
    harness_open();
    strcpy(spend, h.probe);
    strcpy(strrchr(spend, '/') + 1, "spend");
}

/* For tests that depend on whether the kernel counts delays: nobody switches
 * that on or off meanwhile who asks as politely (tests/it/root_delays.sh). */
static int knob = -1;

static void
setup_locked(void)
{
    knob = open("/proc/sys/kernel/task_delayacct", O_RDONLY | O_CLOEXEC);
    if (knob >= 0)
        ck_assert_int_eq(flock(knob, LOCK_SH), 0);
    setup();
}

static void
teardown_locked(void)
{
    harness_close();
    if (knob >= 0)
        ck_assert_int_eq(close(knob), 0);
}

static int64_t
cpu(const struct run_result *x)
{
    return x->usage.user + x->usage.system;
}

START_TEST(time_on_a_cpu_is_told)
{
    harness_command(spend, "cpu", "100", NULL);
    ck_assert_int_eq(harness_run()->code, 0);
    ck_assert_int_ge(cpu(run_result(&h.run)), 100 * CLOCK_MSEC);
    ck_assert_int_lt(cpu(run_result(&h.run)), 10 * CLOCK_SEC);
}
END_TEST

START_TEST(memory_and_page_faults_are_told)
{
    const struct account *u = &h.run.result.usage;

    harness_command(spend, "memory", "256", NULL); /* more than a sanitizer makes of us */
    ck_assert_int_eq(harness_run()->code, 0);
    ck_assert_int_ge(u->max_rss, 256 * MIB);
    ck_assert_int_lt(u->max_rss, 1024 * MIB);
    ck_assert_int_ge(u->minor_faults, 256 * MIB / 65536); /* pages may be as large as that */
    ck_assert_int_ge(u->major_faults, 0);
}
END_TEST

START_TEST(memory_that_was_ours_is_not_told_as_the_commands)
{
    const struct account *u = &h.run.result.usage;
    void *much = mmap(NULL, 128 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    ck_assert_ptr_ne(much, MAP_FAILED);
    memset(much, 1, 128 * MIB);
    ck_assert_int_eq(munmap(much, 128 * MIB), 0);
    harness_command("/bin/true", NULL);
    ck_assert_int_eq(harness_run()->code, 0);
    ck_assert_int_eq(u->max_rss, 0);
    ck_assert_int_gt(u->minor_faults, 0);
    harness_command(spend, "memory", "512", NULL);
    ck_assert_int_eq(harness_run()->code, 0);
    ck_assert_int_ge(u->max_rss, 512 * MIB);
}
END_TEST

START_TEST(waiting_is_told_as_voluntary_switches)
{
    const struct account *u = &h.run.result.usage;

    harness_command(spend, "naps", "50", NULL);
    ck_assert_int_eq(harness_run()->code, 0);
    ck_assert_int_ge(u->voluntary, 50);
    ck_assert_int_ge(u->involuntary, 0);
    ck_assert_int_lt(cpu(run_result(&h.run)), run_result(&h.run)->duration);
}
END_TEST

START_TEST(blocks_that_are_written_are_told)
{
    const struct account *u = &h.run.result.usage;
    struct statfs fs;
    char name[64];

    ck_assert_int_eq(statfs(".", &fs), 0);
    if (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC)
        SUITE_SKIP("the build directory lies on no block device");
    (void)snprintf(name, sizeof(name), "test_account.%d.tmp", (int)getpid());
    harness_command(spend, "disk", name, "256", NULL);
    ck_assert_int_eq(harness_run()->code, 0);
    ck_assert_int_ge(u->block_written, MIB / 4);
    ck_assert_int_lt(u->block_written, 64 * MIB);
    ck_assert_int_eq(u->block_written % 512, 0);
    ck_assert_int_ge(u->block_read, 0);
}
END_TEST

START_TEST(descendants_count_when_they_were_waited_for)
{
    harness_command(spend, "child", "child", "cpu", "100", NULL);
    ck_assert_int_eq(harness_run()->code, 0);
    ck_assert_int_ge(cpu(run_result(&h.run)), 100 * CLOCK_MSEC);

    harness_command(spend, "orphan", "cpu", "500", NULL);
    ck_assert_int_eq(harness_run()->code, 0);
    ck_assert_int_lt(cpu(run_result(&h.run)), 500 * CLOCK_MSEC);
}
END_TEST

START_TEST(what_we_ended_has_its_cost_too)
{
    harness_command(spend, "cpu", "1000000", NULL);
    h.spec.timeout = CLOCK_SEC / 2;
    ck_assert_int_eq(harness_run()->cause, RUN_TIMED_OUT);
    ck_assert_int_gt(cpu(run_result(&h.run)), 0);
}
END_TEST

START_TEST(runs_do_not_share_their_cost)
{
    harness_command(spend, "cpu", "400", NULL);
    ck_assert_int_eq(harness_run()->code, 0);
    harness_command(spend, "naps", "1", NULL);
    ck_assert_int_eq(harness_run()->code, 0);
    ck_assert_int_lt(cpu(run_result(&h.run)), 400 * CLOCK_MSEC);
}
END_TEST

START_TEST(reaping_takes_only_what_has_ended)
{
    siginfo_t gone = { .si_pid = 0 };
    struct account cost = { .user = -1 };
    pid_t pid = fork();
    int r;

    if (pid == 0) {
        (void)pause();
        _exit(0);
    }
    ck_assert_int_gt(pid, 0);
    ck_assert_int_eq(account_reap(P_PID, (id_t)pid, &gone, &cost), 0);
    ck_assert_int_eq(gone.si_pid, 0);
    ck_assert_int_eq(cost.user, -1); /* nothing is returned */
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    while ((r = account_reap(P_PID, (id_t)pid, &gone, &cost)) == 0)
        harness_sleep(CLOCK_MSEC);
    ck_assert_int_eq(r, 1);
    ck_assert_int_eq(gone.si_pid, pid);
    ck_assert_int_eq(gone.si_status, SIGKILL);
    ck_assert_int_ge(cost.user, 0);
    ck_assert_int_eq(account_reap(P_PID, (id_t)pid, &gone, &cost), -ECHILD);
}
END_TEST

START_TEST(every_wait_has_a_name_of_its_own)
{
    int i, k;

    for (i = 0; i < ACCOUNT_WAIT_MAX; i++)
        for (k = 0; k < i; k++)
            ck_assert_str_ne(
                account_wait_name((enum account_wait)i), account_wait_name((enum account_wait)k));
}
END_TEST

START_TEST(delays_are_known_only_when_asked_for)
{
    harness_command(spend, "naps", "1", NULL);
    ck_assert_uint_eq(harness_run()->delays.known, 0);
}
END_TEST

/* Without the right, the library or the kernel's support. */
START_TEST(delays_that_cannot_be_had_are_not_known_and_harm_nothing)
{
    struct err err = { .num = 0 };

    if (account_check(&err) == 0)
        SUITE_SKIP("they can be had");
    ck_assert_int_ne(err.num, 0);
    ck_assert_uint_gt(strlen(err.text), 0);
    h.spec.delays = true;
    harness_command(spend, "cpu", "20", NULL);
    ck_assert_int_eq(harness_run()->code, 0);
    ck_assert_uint_eq(run_result(&h.run)->delays.known, 0);
    ck_assert_int_ge(cpu(run_result(&h.run)), 20 * CLOCK_MSEC);
}
END_TEST

/* Pins us, and what we start from now on, to a CPU that we may use. */
static void
pin(void)
{
    cpu_set_t set;
    size_t i = 0;

    ck_assert_int_eq(sched_getaffinity(0, sizeof(set), &set), 0);
    while (!CPU_ISSET(i, &set))
        i++;
    CPU_ZERO(&set);
    CPU_SET(i, &set);
    ck_assert_int_eq(sched_setaffinity(0, sizeof(set), &set), 0);
}

START_TEST(two_on_one_cpu_wait_for_it)
{
    static const char *const how[][3] = { { "cpu", "200", NULL }, { "threads", "2", "100" } };
    static unsigned char out[64];
    struct run second;
    struct err err;
    int64_t waited;

    if (account_check(&err) < 0)
        SUITE_SKIP("%s", err.text);
    pin();
    h.spec.delays = true;
    harness_command(spend, how[_i][0], how[_i][1], how[_i][2], NULL);
    harness_start();
    h.spec.out = out;
    h.spec.out_max = sizeof(out);
    ck_assert_int_eq(run_start(&second, h.engine, &h.spec, &err), 0);
    run_drive(&h.run, -1);
    run_drive(&second, -1);
    ck_assert_int_eq(run_result(&h.run)->code | run_result(&second)->code, 0);
    ck_assert_uint_ne(run_result(&h.run)->delays.known & (1U << ACCOUNT_CPU), 0);
    ck_assert_uint_ne(run_result(&h.run)->delays.known & (1U << ACCOUNT_RECLAIM), 0);
    ck_assert_int_gt(run_result(&h.run)->delays.of[ACCOUNT_CPU].count, 0);
    waited = run_result(&h.run)->delays.of[ACCOUNT_CPU].total +
             run_result(&second)->delays.of[ACCOUNT_CPU].total;
    ck_assert_int_ge(waited, 10 * CLOCK_MSEC);
    ck_assert_int_lt(waited, 120 * CLOCK_SEC);
}
END_TEST

/* The kernel knows of waiting for a CPU even while delay accounting is off. */
START_TEST(one_that_has_ended_can_be_asked_about_until_it_is_reaped)
{
    struct account_delays delays;
    struct account_source *s;
    struct account cost;
    struct err err;
    siginfo_t gone;
    pid_t pid;
    int i;

    if (account_open(&s, &err) < 0)
        SUITE_SKIP("%s", err.text);
    pid = fork();
    if (pid == 0)
        _exit(0);
    ck_assert_int_gt(pid, 0);
    ck_assert_int_eq(waitid(P_PID, (id_t)pid, &gone, WEXITED | WNOWAIT), 0);
    for (i = 0; i < 1000; i++) { /* no answer is mistaken for another's */
        account_ask(s, pid, &delays);
        ck_assert_uint_ne(delays.known & (1U << ACCOUNT_CPU), 0);
        ck_assert_int_gt(delays.of[ACCOUNT_CPU].count, 0);
        ck_assert_int_lt(delays.of[ACCOUNT_CPU].count, 1000);
        account_ask(s, getpid(), &delays);
        ck_assert_uint_ne(delays.known, 0);
    }
    ck_assert_int_eq(account_reap(P_PID, (id_t)pid, &gone, &cost), 1);
    account_ask(s, pid, &delays);
    ck_assert_uint_eq(delays.known, 0);
    account_close(s);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("exec/account");
    TCase *tc = tcase_create("cost");

    tcase_add_checked_fixture(tc, setup, harness_close);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, time_on_a_cpu_is_told);
    tcase_add_test(tc, memory_and_page_faults_are_told);
    tcase_add_test(tc, memory_that_was_ours_is_not_told_as_the_commands);
    tcase_add_test(tc, waiting_is_told_as_voluntary_switches);
    tcase_add_test(tc, blocks_that_are_written_are_told);
    tcase_add_test(tc, descendants_count_when_they_were_waited_for);
    tcase_add_test(tc, what_we_ended_has_its_cost_too);
    tcase_add_test(tc, runs_do_not_share_their_cost);
    tcase_add_test(tc, reaping_takes_only_what_has_ended);
    suite_add_tcase(s, tc);

    tc = tcase_create("delays");
    tcase_add_checked_fixture(tc, setup_locked, teardown_locked);
    tcase_set_timeout(tc, 180);
    tcase_add_test(tc, every_wait_has_a_name_of_its_own);
    tcase_add_test(tc, delays_are_known_only_when_asked_for);
    tcase_add_test(tc, delays_that_cannot_be_had_are_not_known_and_harm_nothing);
    tcase_add_loop_test(tc, two_on_one_cpu_wait_for_it, 0, 2);
    tcase_add_test(tc, one_that_has_ended_can_be_asked_about_until_it_is_reaped);
    suite_add_tcase(s, tc);
    return s;
}
