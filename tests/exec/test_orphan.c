/* tests/exec/test_orphan.c -- exec/orphan.h: whose an orphan is, beside other runs and after them.
 */
#include "config.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec/orphan.h"
#include "exec/spawn.h"
#include "exec/tree.h"
#include "tests/exec/harness.h"
#include "tests/suite.h"

static char *const no_env[] = { NULL };

/* A second run beside h.run. */
static struct run other;
static unsigned char other_said[4096];

static void
start_other(bool detach, const char *verb, const char *kind)
{
    char *argv[] = { h.probe, (char *)(uintptr_t)verb, (char *)(uintptr_t)kind, NULL };
    struct run_spec spec = h.spec;

    spec.path = h.probe;
    spec.argv = argv;
    spec.out = other_said;
    spec.out_max = sizeof(other_said) - 1;
    spec.detach = detach;
    ck_assert_int_eq(run_start(&other, h.engine, &spec, &h.err), 0);
}

/* The pid that the other run says first, once it has. */
static pid_t
other_pid(void)
{
    while (strchr((char *)other_said, '\n') == NULL) {
        ck_assert_int_eq(run_step(&other, 0), RUN_PARKED);
        harness_sleep(CLOCK_MSEC);
    }
    return (pid_t)atoi((char *)other_said);
}

START_TEST(other_runs_are_not_touched_by_a_sweep)
{
    static const char *const kinds[] = { "child", "session", "daemon", "group", "nested" };
    pid_t theirs;
    pid_t ours;

    start_other(false, "keep", kinds[_i]);
    theirs = other_pid();
    harness_probe("leave", "child", NULL);
    ck_assert_uint_eq(harness_run()->leftover, 1);
    ck_assert_uint_eq(harness_pids(&ours, 1), 1);
    ck_assert(!harness_alive(ours));
    ck_assert(harness_alive(theirs));
    (void)engine_reap(h.engine);
    ck_assert(harness_alive(theirs));

    run_cancel(&other, true);
    run_drive(&other, -1);
    ck_assert(harness_gone(theirs));
}
END_TEST

static void
end_other(void)
{
    run_cancel(&other, true);
    run_drive(&other, -1);
}

/* Looks as often as it takes to find out what can be. */
static bool
reap_often(void)
{
    bool more = false;

    for (int i = 0; i < 5; i++)
        more = engine_reap(h.engine);
    return more;
}

static void
end_orphan(pid_t pid)
{
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert(harness_gone(pid));
}

START_TEST(orphan_is_ended_with_its_own_run_beside_others)
{
    static const char *const kinds[] = { "daemon", "session", "nested", "child" };
    unsigned n = _i == 2 ? 2 : 1;
    pid_t orphan[2];

    /* Both were there when it was born, and it has left its session. */
    start_other(false, "pause", NULL);
    harness_probe("leave", kinds[_i], NULL);
    ck_assert_uint_eq(harness_run()->leftover, n);
    ck_assert_uint_eq(harness_pids(orphan, 2), n);
    for (unsigned i = 0; i < n; i++)
        ck_assert(!harness_alive(orphan[i]));

    ck_assert_int_eq(kill(other.member.pid, SIGUSR1), 0);
    run_drive(&other, -1);
    ck_assert_uint_eq(run_result(&other)->leftover, 0);
    ck_assert_int_eq(harness_children(), 0);
}
END_TEST

START_TEST(the_younger_run_leaves_what_is_of_the_older)
{
    pid_t orphan;

    start_other(false, "keep", "daemon");
    orphan = other_pid();
    harness_probe("leave", "daemon", NULL);
    ck_assert_uint_eq(harness_run()->leftover, 1);
    (void)reap_often();
    ck_assert(harness_alive(orphan));
    ck_assert_int_eq(kill(other.member.pid, SIGUSR1), 0);
    run_drive(&other, -1);
    ck_assert_uint_eq(run_result(&other)->leftover, 1);
    ck_assert(!harness_alive(orphan));
}
END_TEST

START_TEST(orphan_without_a_mark_waits_for_the_last_possible_owner)
{
    pid_t orphan;

    start_other(false, "pause", NULL);
    harness_probe("leave", "bare", NULL);
    ck_assert_uint_eq(harness_run()->leftover, 0);
    ck_assert_uint_eq(harness_pids(&orphan, 1), 1);
    ck_assert(reap_often());
    ck_assert(harness_alive(orphan));

    run_cancel(&other, false);
    run_drive(&other, -1);
    ck_assert(!harness_alive(orphan));
    ck_assert_int_eq(harness_children(), 0);
}
END_TEST

START_TEST(orphan_older_than_other_runs_is_certain)
{
    pid_t orphan;

    harness_probe("keep", "daemon", NULL);
    harness_start();
    harness_read_pids(&orphan, 1);
    harness_sleep(50 * CLOCK_MSEC); /* births are told in ticks of 10 ms */
    start_other(false, "pause", NULL);
    ck_assert_int_eq(kill(h.run.member.pid, SIGKILL), 0);
    run_drive(&h.run, -1);
    ck_assert_uint_eq(run_result(&h.run)->leftover, 1);
    ck_assert(!harness_alive(orphan));

    run_cancel(&other, true);
    run_drive(&other, -1);
}
END_TEST

static pid_t
deploy(const char *kind)
{
    pid_t deployed;

    start_other(true, "leave", kind);
    run_drive(&other, -1);
    deployed = (pid_t)atoi((char *)other_said);
    ck_assert(harness_alive(deployed));
    return deployed;
}

START_TEST(what_a_detached_run_has_left_stays_and_no_more_does)
{
    static const char *const kinds[] = { "daemon", "child", "bare" };
    pid_t deployed = deploy(kinds[_i]);
    pid_t later;

    for (int i = 0; i < 2; i++) {
        harness_probe("leave", i == 0 ? "child" : "daemon", NULL);
        ck_assert_uint_eq(harness_run()->leftover, 1);
        ck_assert_uint_eq(harness_pids(&later, 1), 1);
        ck_assert(!harness_alive(later));
        ck_assert(reap_often());
        ck_assert(harness_alive(deployed));
    }
    end_orphan(deployed);
    ck_assert(!reap_often());
}
END_TEST

START_TEST(after_a_detached_run_a_timeout_ends_the_whole_tree)
{
    pid_t deployed = deploy("daemon");
    pid_t orphan;

    harness_probe("keep", "daemon", NULL);
    h.spec.timeout = CLOCK_SEC / 2;
    h.spec.grace = CLOCK_SEC / 5;
    ck_assert_int_eq(harness_run()->cause, RUN_TIMED_OUT);
    ck_assert_uint_eq(harness_pids(&orphan, 1), 1);
    ck_assert(!harness_alive(orphan));
    ck_assert(harness_alive(deployed));
    end_orphan(deployed);
}
END_TEST

START_TEST(an_orphan_without_a_mark_is_spared_as_long_as_it_may_be_a_detached_runs)
{
    pid_t deployed = deploy("daemon");
    pid_t later;

    harness_probe("leave", "bare", NULL);
    ck_assert_uint_eq(harness_run()->leftover, 0);
    ck_assert_uint_eq(harness_pids(&later, 1), 1);
    ck_assert(reap_often());
    ck_assert(harness_alive(deployed) && harness_alive(later));

    /* They do not keep each other: it goes when the other has gone. */
    end_orphan(deployed);
    (void)reap_often();
    ck_assert(harness_gone(later));
    ck_assert(!reap_often());
}
END_TEST

START_TEST(what_detached_runs_leave_stays_without_a_mark_too)
{
    pid_t deployed;

    /* Beside another run, before and after whose end it is looked for. */
    start_other(false, "pause", NULL);
    harness_probe("leave", "bare", NULL);
    h.spec.detach = true;
    ck_assert_uint_eq(harness_run()->leftover, 0);
    ck_assert_uint_eq(harness_pids(&deployed, 1), 1);
    ck_assert(reap_often());
    end_other();
    ck_assert_uint_eq(run_result(&other)->leftover, 0);
    ck_assert(reap_often());
    ck_assert(harness_alive(deployed));
    end_orphan(deployed);
    ck_assert(!reap_often());
}
END_TEST

START_TEST(who_takes_the_place_of_what_a_detached_run_left_stays)
{
    static const char script[] =
        "setsid sh -c 'env -i sleep 50 & echo $$ $!; exec sleep 50' & sleep 0.3";
    pid_t pid[2];

    start_other(false, "pause", NULL);
    harness_command("/bin/sh", "-c", script, NULL);
    h.spec.detach = true;
    ck_assert_int_eq(harness_run()->code, 0);
    ck_assert_uint_eq(harness_pids(pid, 2), 2);
    ck_assert(reap_often());
    end_orphan(pid[0]);
    ck_assert(reap_often());
    end_other();
    ck_assert(reap_often());
    ck_assert(harness_alive(pid[1]));
    end_orphan(pid[1]);
    ck_assert(!reap_often());
}
END_TEST

START_TEST(once_nothing_detached_is_left_leftovers_are_certain_again)
{
    end_orphan(deploy("daemon"));
    ck_assert(!reap_often());

    harness_probe("leave", "bare", NULL);
    ck_assert_uint_eq(harness_run()->leftover, 1);
}
END_TEST

START_TEST(orphan_whose_command_is_gone_is_ended)
{
    char *argv[] = { h.probe, "pause", NULL };
    struct spawn_spec spec = { .path = h.probe, .argv = argv, .envp = no_env, .fd = { 0, 1, 2 } };
    struct roster_member guest;
    siginfo_t gone;
    pid_t orphan;
    int pidfd;

    /* It could be the guest's, so its run leaves it; then the guest goes too. */
    ck_assert_int_eq(engine_launch(h.engine, &guest, ROSTER_GUEST, &spec, &pidfd, &h.err), 0);
    harness_probe("leave", "bare", NULL);
    ck_assert_uint_eq(harness_run()->leftover, 0);
    ck_assert_uint_eq(harness_pids(&orphan, 1), 1);
    ck_assert(engine_reap(h.engine));
    ck_assert(harness_alive(orphan));
    ck_assert_int_eq(kill(guest.pid, SIGKILL), 0);
    ck_assert_int_eq(waitid(P_PID, (id_t)guest.pid, &gone, WEXITED), 0);
    engine_forget(h.engine, &guest);
    ck_assert_int_eq(close(pidfd), 0);

    ck_assert(engine_reap(h.engine));
    ck_assert(harness_gone(orphan));
    ck_assert(!engine_reap(h.engine));
    ck_assert_int_eq(harness_children(), 0);
}
END_TEST

/* A shell that becomes a shell that becomes a shell, with this in its environment. */
static pid_t
start_becoming(char *mark)
{
    static char again[] = "exec /bin/sh -c \"$0\" \"$0\"";
    char *const argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, again, again, NULL };
    char *const envp[] = { mark, NULL };
    pid_t pid = fork();

    if (pid == 0) {
        (void)execve("/bin/sh", argv, envp);
        _exit(127);
    }
    ck_assert_int_gt(pid, 0);
    return pid;
}

/* While another command is being started, and while one runs. */
START_TEST(in_the_midst_of_execve_one_is_nobody_elses)
{
    char mark[STRAY_TEXT_MAX];
    struct stray_mark self;
    struct orphans o;
    struct roster r;
    struct roster_member left, second, *owner;
    struct tree_proc p;
    enum roster_verdict whose = ROSTER_UNSURE;
    int64_t end = clock_now() + 2 * CLOCK_SEC;
    unsigned owned = 0;
    pid_t pid;

    ck_assert_int_eq(stray_self(&self), 0);
    orphan_open(&o, &self);
    self.run = 7;
    stray_write(&self, mark);
    roster_init(&r, -1, 0);
    roster_add(&r, &left, ROSTER_SWEEPING, 0, self.run);
    roster_name(&r, &left, INT_MAX);
    roster_add(&r, &second, ROSTER_RUNNING, 0, self.run + 1);
    if (_i > 0)
        roster_name(&r, &second, INT_MAX - 1);
    pid = start_becoming(mark);
    while (clock_now() < end) {
        orphan_forget(&o, pid); /* each look is the first */
        ck_assert_int_eq(tree_look(pid, &p), 0);
        whose = orphan_judge(&o, &r, &p, &owner);
        if (whose == ROSTER_OWNED)
            ck_assert_ptr_eq(owner, &left);
        else if (owned > 0) /* before its first execve(2) it has no mark */
            ck_assert_int_eq(whose, ROSTER_BUSY);
        owned += whose == ROSTER_OWNED;
    }
    ck_assert_uint_gt(owned, 100);
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    orphan_close(&o);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("exec/orphan");
    TCase *tc = tcase_create("orphan");

    tcase_add_checked_fixture(tc, harness_open, harness_close);
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, other_runs_are_not_touched_by_a_sweep, 0, 5);
    tcase_add_loop_test(tc, orphan_is_ended_with_its_own_run_beside_others, 0, 4);
    tcase_add_test(tc, the_younger_run_leaves_what_is_of_the_older);
    tcase_add_test(tc, orphan_without_a_mark_waits_for_the_last_possible_owner);
    tcase_add_test(tc, orphan_older_than_other_runs_is_certain);
    tcase_add_loop_test(tc, what_a_detached_run_has_left_stays_and_no_more_does, 0, 3);
    tcase_add_test(tc, after_a_detached_run_a_timeout_ends_the_whole_tree);
    tcase_add_test(tc, an_orphan_without_a_mark_is_spared_as_long_as_it_may_be_a_detached_runs);
    tcase_add_test(tc, what_detached_runs_leave_stays_without_a_mark_too);
    tcase_add_test(tc, who_takes_the_place_of_what_a_detached_run_left_stays);
    tcase_add_test(tc, once_nothing_detached_is_left_leftovers_are_certain_again);
    tcase_add_test(tc, orphan_whose_command_is_gone_is_ended);
    tcase_add_loop_test(tc, in_the_midst_of_execve_one_is_nobody_elses, 0, 2);
    suite_add_tcase(s, tc);
    return s;
}
