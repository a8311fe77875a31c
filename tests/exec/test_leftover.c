/* tests/exec/test_leftover.c -- exec/run.h: how a command ends, and nothing of it is left. */
#include "config.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/exec/harness.h"
#include "tests/suite.h"

enum {
    MANY = 64,
    CROWD = 100, /* children that are too many to ask about each time */
};

#define SOON (3 * CLOCK_SEC) /* far below how long anything here would go on by itself */

static pid_t pids[MANY];

static void
expect_all_gone(size_t n)
{
    size_t i;

    ck_assert_uint_eq(harness_pids(pids, MANY), n);
    for (i = 0; i < n; i++)
        ck_assert_msg(!harness_alive(pids[i]), "process %zu of %zu is alive", i, n);
    ck_assert_int_eq(harness_children(), 0);
}

/* One row a kind of leftover: its name and how many processes it is. */
static const struct {
    const char *kind;
    unsigned n;
} kinds[] = {
    { "child", 1 },
    { "group", 1 },
    { "session", 1 },
    { "daemon", 1 },
    { "stopped", 1 },
    { "deaf", 1 },
    { "nested", 2 },
    { "headless", 1 },
    { "bomb", 24 },
};

enum {
    KINDS = sizeof(kinds) / sizeof(kinds[0])
};

START_TEST(what_a_command_leaves_behind_is_killed_and_counted)
{
    const struct run_result *x;

    harness_probe("leave", kinds[_i].kind, NULL);
    x = harness_run();
    ck_assert_int_eq(x->cause, RUN_EXITED);
    ck_assert_int_eq(x->code, 0);
    /* All of them hold the pipe: its end is not waited for. */
    ck_assert_int_lt(x->duration, SOON);
    expect_all_gone(kinds[_i].n);
    ck_assert_uint_eq(x->leftover, kinds[_i].n);
}
END_TEST

START_TEST(many_kinds_at_once_are_killed_and_counted)
{
    harness_probe("leave", "daemon", "child", "session", "stopped", "deaf", "nested", "group",
        "daemon", NULL);
    ck_assert_uint_eq(harness_run()->leftover, 9);
    expect_all_gone(9);
}
END_TEST

START_TEST(process_that_hops_from_pid_to_pid_is_caught)
{
    harness_probe(_i < 2 ? "leave" : "keep", _i % 2 == 0 ? "hopping" : "far-hopping", NULL);
    h.spec.timeout = CLOCK_SEC / 2;
    h.spec.grace = CLOCK_SEC / 5;
    ck_assert_int_eq(harness_run()->cause, _i < 2 ? RUN_EXITED : RUN_TIMED_OUT);
    if (_i < 2)
        ck_assert_uint_ge(run_result(&h.run)->leftover, 1);
    ck_assert_int_eq(harness_children(), 0);
}
END_TEST

START_TEST(children_that_ended_by_themselves_are_reaped_and_not_counted)
{
    /* Killed by the command itself, and left to us as zombies. */
    harness_probe("kill", "child", "session", "child", NULL);
    ck_assert_uint_eq(harness_run()->leftover, 0);
    expect_all_gone(3);
}
END_TEST

/* Children of ours that are no command's. */
static void
crowd(pid_t *pid, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        pid[i] = fork();
        ck_assert_int_ge(pid[i], 0);
        if (pid[i] == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
            for (;;)
                (void)pause();
        }
    }
}

START_TEST(beside_very_many_children_the_dead_are_reaped_at_the_next_look)
{
    pid_t pid[CROWD];
    bool fenced;

    crowd(pid, CROWD);
    (void)engine_reap(h.engine);
    harness_probe("kill", "child", "session", "child", NULL);
    harness_start();
    fenced = fence_stands(&h.run.fence);
    run_drive(&h.run, -1);
    ck_assert_uint_eq(run_result(&h.run)->leftover, 0);
    /* In a cgroup nobody else can be left, and so many are not looked through
     * for the dead alone. */
    ck_assert_int_eq(harness_children(), fenced ? CROWD + 3 : CROWD);
    (void)engine_reap(h.engine);
    ck_assert_int_eq(harness_children(), CROWD);
    for (size_t i = 0; i < CROWD; i++) {
        ck_assert_int_eq(kill(pid[i], SIGKILL), 0);
        ck_assert_int_eq(waitpid(pid[i], NULL, 0), pid[i]);
    }
    expect_all_gone(3);
}
END_TEST

START_TEST(crashed_command_is_swept_too)
{
    harness_command("/bin/sh", "-c", "sleep 50 & echo $!; kill -9 $$", NULL);
    ck_assert_int_eq(harness_run()->cause, RUN_SIGNALED);
    ck_assert_uint_eq(run_result(&h.run)->leftover, 1);
    expect_all_gone(1);
}
END_TEST

START_TEST(endless_writer_left_behind_does_not_hold_the_answer)
{
    harness_command("/bin/sh", "-c", "yes & exit 0", NULL);
    h.spec.out_max = 100000;
    ck_assert_int_eq(harness_run()->code, 0);
    ck_assert_uint_eq(run_result(&h.run)->leftover, 1);
    ck_assert_int_lt(run_result(&h.run)->duration, SOON);
}
END_TEST

START_TEST(output_before_the_exit_is_complete)
{
    int i;

    harness_probe("spew", "60000", "0", NULL); /* fits into the pipe and waits there */
    for (i = 0; i < 20; i++) {
        struct pollfd p = { .events = POLLIN };

        harness_start();
        do {
            p.fd = run_exit_fd(&h.run);
            ck_assert_int_eq(poll(&p, 1, 20000), 1);
        } while (run_step(&h.run, RUN_WAKE_EXIT) == RUN_PARKED);
        ck_assert_uint_eq(run_result(&h.run)->out_len, 60000);
    }
}
END_TEST

START_TEST(timeout_sends_sigterm_first)
{
    const struct run_result *x;

    harness_probe("polite", "3", NULL);
    h.spec.timeout = CLOCK_SEC / 2;
    x = harness_run();
    ck_assert_int_eq(x->cause, RUN_TIMED_OUT);
    ck_assert(!x->signaled);
    ck_assert_int_eq(x->code, 3);
    ck_assert_str_eq(harness_said(), "ready\nbye\n");
    ck_assert_int_ge(x->duration, CLOCK_SEC / 2);
    ck_assert_int_lt(x->duration, CLOCK_SEC / 2 + SOON); /* well before the grace is over */
}
END_TEST

START_TEST(command_that_ignores_sigterm_is_killed_after_the_grace)
{
    const struct run_result *x;

    harness_command("/bin/sh", "-c", "trap '' TERM; while :; do sleep 0.02; done", NULL);
    h.spec.timeout = CLOCK_SEC / 5;
    h.spec.grace = CLOCK_SEC / 2;
    x = harness_run();
    ck_assert_int_eq(x->cause, RUN_TIMED_OUT);
    ck_assert(x->signaled);
    ck_assert_int_eq(x->code, SIGKILL);
    ck_assert_int_ge(x->duration, CLOCK_SEC / 5 + CLOCK_SEC / 2);
    ck_assert_int_lt(x->duration, CLOCK_SEC / 5 + CLOCK_SEC / 2 + SOON);
    ck_assert_int_eq(harness_children(), 0);
}
END_TEST

START_TEST(grace_of_nothing_kills_at_once)
{
    harness_command("/bin/sh", "-c", "trap '' TERM; sleep 50", NULL);
    h.spec.timeout = CLOCK_SEC / 5;
    h.spec.grace = 0;
    ck_assert_int_eq(harness_run()->code, SIGKILL);
    ck_assert_int_lt(run_result(&h.run)->duration, SOON);
}
END_TEST

START_TEST(timeout_ends_the_whole_tree)
{
    harness_probe("keep", kinds[_i].kind, NULL);
    h.spec.timeout = CLOCK_SEC / 2;
    h.spec.grace = CLOCK_SEC / 5;
    ck_assert_int_eq(harness_run()->cause, RUN_TIMED_OUT);
    expect_all_gone(kinds[_i].n);
    ck_assert_uint_eq(run_result(&h.run)->leftover, 0);
}
END_TEST

START_TEST(sigterm_reaches_stopped_processes_and_other_sessions)
{
    /* Both write when SIGTERM reaches them, within the grace. */
    static const char script[] =
        "setsid sh -c 'trap \"echo session; exit\" TERM; echo 1; while :; do sleep 0.01; done' &"
        "sh -c 'trap \"echo stopped; exit\" TERM; echo 2; kill -STOP $$; sleep 50' &"
        "trap 'wait; exit 9' TERM; while :; do sleep 0.01; done";
    pid_t said[2];

    harness_command("/bin/sh", "-c", script, NULL);
    harness_start();
    harness_read_pids(said, 2);
    harness_sleep(CLOCK_SEC / 5); /* for the second one to stop */
    run_cancel(&h.run, false);
    run_drive(&h.run, -1);
    ck_assert_ptr_nonnull(strstr(harness_said(), "session\n"));
    ck_assert_ptr_nonnull(strstr(harness_said(), "stopped\n"));
    ck_assert_int_eq(run_result(&h.run)->cause, RUN_CANCELLED);
    ck_assert_int_eq(run_result(&h.run)->code, 9);
}
END_TEST

START_TEST(stopped_command_times_out_like_any_other)
{
    harness_command("/bin/sh", "-c", "kill -STOP $$", NULL);
    h.spec.timeout = CLOCK_SEC / 5;
    ck_assert_int_eq(harness_run()->cause, RUN_TIMED_OUT);
    ck_assert_int_eq(run_result(&h.run)->code, SIGTERM);
    ck_assert_int_lt(run_result(&h.run)->duration, SOON);
}
END_TEST

START_TEST(command_that_ended_in_time_has_not_timed_out)
{
    /* Its owner comes late: both the exit and the deadline have passed. */
    harness_probe("exit", "0", NULL);
    h.spec.timeout = CLOCK_SEC / 2;
    harness_start();
    harness_sleep(CLOCK_SEC);
    ck_assert_int_eq(run_step(&h.run, RUN_WAKE_DEADLINE), RUN_OVER);
    ck_assert_int_eq(run_result(&h.run)->cause, RUN_EXITED);
}
END_TEST

START_TEST(cancel_goes_the_way_of_a_timeout)
{
    harness_probe("polite", "5", NULL);
    harness_start();
    while (harness_said()[0] == '\0') {
        ck_assert_int_eq(run_step(&h.run, 0), RUN_PARKED);
        harness_sleep(CLOCK_MSEC);
    }
    run_cancel(&h.run, false);
    run_drive(&h.run, -1);
    ck_assert_int_eq(run_result(&h.run)->cause, RUN_CANCELLED);
    ck_assert_int_eq(run_result(&h.run)->code, 5);
}
END_TEST

START_TEST(cancel_now_kills)
{
    int64_t began;

    harness_probe("keep", "deaf", "daemon", NULL);
    harness_start();
    harness_read_pids(pids, 2);
    if (_i == 1)
        run_cancel(&h.run, false); /* and then somebody loses patience */
    began = clock_now();
    run_cancel(&h.run, true);
    run_drive(&h.run, -1);
    ck_assert_int_lt(clock_now() - began, SOON);
    ck_assert_int_eq(run_result(&h.run)->cause, RUN_CANCELLED);
    ck_assert(run_result(&h.run)->signaled);
    ck_assert_int_eq(harness_alive(pids[0]), false);
    ck_assert_int_eq(harness_alive(pids[1]), false);
}
END_TEST

START_TEST(drive_cancels_when_told)
{
    int told[2];

    ck_assert_int_eq(pipe(told), 0);
    if (_i == 0)
        ck_assert_int_eq(write(told[1], "x", 1), 1);
    ck_assert_int_eq(close(told[1]), 0); /* else the hang-up tells */
    harness_probe("pause", NULL);
    harness_start();
    run_drive(&h.run, told[0]);
    ck_assert_int_eq(run_result(&h.run)->cause, RUN_CANCELLED);
    ck_assert_int_eq(run_result(&h.run)->code, SIGTERM);
    ck_assert_int_eq(close(told[0]), 0);
}
END_TEST

START_TEST(detached_command_leaves_its_processes_alive)
{
    size_t i;

    harness_probe("leave", "child", "session", "daemon", NULL);
    h.spec.detach = true;
    ck_assert_int_eq(harness_run()->code, 0);
    ck_assert_uint_eq(run_result(&h.run)->leftover, 0);
    ck_assert_uint_eq(harness_pids(pids, MANY), 3);
    for (i = 0; i < 3; i++) {
        ck_assert(engine_reap(h.engine));
        ck_assert(harness_alive(pids[i]));
        ck_assert_int_eq(kill(pids[i], SIGKILL), 0);
        ck_assert(harness_gone(pids[i]));
    }
    ck_assert(!engine_reap(h.engine));
    ck_assert_int_eq(harness_children(), 0);
}
END_TEST

START_TEST(detached_command_is_ended_with_its_tree_on_timeout)
{
    harness_probe("keep", "child", "session", "daemon", NULL);
    h.spec.detach = true;
    h.spec.timeout = CLOCK_SEC / 2;
    ck_assert_int_eq(harness_run()->cause, RUN_TIMED_OUT);
    expect_all_gone(3);
}
END_TEST

START_TEST(what_detached_processes_go_on_to_say_does_not_end_them)
{
    int64_t end = clock_now() + CLOCK_SEC;

    harness_command("/bin/sh", "-c", "(while echo more; do sleep 0.01; done) & echo $!", NULL);
    h.spec.detach = true;
    (void)harness_run();
    ck_assert_uint_ge(harness_pids(pids, 1), 0);
    ck_assert_int_eq(sscanf(strpbrk(harness_said(), "0123456789"), "%d", &pids[0]), 1);
    while (clock_now() < end) {
        ck_assert(engine_reap(h.engine));
        ck_assert(harness_alive(pids[0]));
        harness_sleep(50 * CLOCK_MSEC);
    }
    ck_assert_int_eq(kill(pids[0], SIGKILL), 0);
    ck_assert(harness_gone(pids[0]));
}
END_TEST

static void
open_fenced(void)
{
    harness_open();
    h.spec.cgroup = CGROUP_AUTO;
}

/* The same promises with a cgroup around each run, where there are any, and without. */
static void
add_cases(Suite *s, const char *leftover, const char *timeout, SFun setup)
{
    TCase *tc = tcase_create(leftover);

    tcase_add_checked_fixture(tc, setup, harness_close);
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, what_a_command_leaves_behind_is_killed_and_counted, 0, KINDS);
    tcase_add_test(tc, many_kinds_at_once_are_killed_and_counted);
    tcase_add_loop_test(tc, process_that_hops_from_pid_to_pid_is_caught, 0, 4);
    tcase_add_test(tc, children_that_ended_by_themselves_are_reaped_and_not_counted);
    tcase_add_test(tc, beside_very_many_children_the_dead_are_reaped_at_the_next_look);
    tcase_add_test(tc, crashed_command_is_swept_too);
    tcase_add_test(tc, endless_writer_left_behind_does_not_hold_the_answer);
    tcase_add_test(tc, output_before_the_exit_is_complete);
    tcase_add_test(tc, detached_command_leaves_its_processes_alive);
    tcase_add_test(tc, detached_command_is_ended_with_its_tree_on_timeout);
    tcase_add_test(tc, what_detached_processes_go_on_to_say_does_not_end_them);
    suite_add_tcase(s, tc);

    tc = tcase_create(timeout);
    tcase_add_checked_fixture(tc, setup, harness_close);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, timeout_sends_sigterm_first);
    tcase_add_test(tc, command_that_ignores_sigterm_is_killed_after_the_grace);
    tcase_add_test(tc, grace_of_nothing_kills_at_once);
    tcase_add_loop_test(tc, timeout_ends_the_whole_tree, 0, KINDS);
    tcase_add_test(tc, sigterm_reaches_stopped_processes_and_other_sessions);
    tcase_add_test(tc, stopped_command_times_out_like_any_other);
    tcase_add_test(tc, command_that_ended_in_time_has_not_timed_out);
    tcase_add_test(tc, cancel_goes_the_way_of_a_timeout);
    tcase_add_loop_test(tc, cancel_now_kills, 0, 2);
    tcase_add_loop_test(tc, drive_cancels_when_told, 0, 2);
    suite_add_tcase(s, tc);
}

Suite *
suite(void)
{
    Suite *s = suite_create("exec/run");

    add_cases(s, "leftover", "timeout", harness_open);
    add_cases(s, "leftover, fenced", "timeout, fenced", open_fenced);
    return s;
}
