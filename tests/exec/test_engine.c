/* tests/exec/test_engine.c -- exec/engine.h: many runs at once, and who is no run. */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec/spawn.h"
#include "tests/exec/harness.h"
#include "tests/suite.h"

enum {
    THREADS = 4,
    SLOTS = 16, /* runs at once in a thread */
    ROUNDS = SUITE_TSAN ? 5 : 20,
    SAID_MAX = 64, /* bytes of output of a slot */
};

struct slot {
    struct run run;
    char marker[32];
    unsigned char out[SAID_MAX];
};

struct worker {
    pthread_t thread;
    int number;
    struct slot slot[SLOTS];
    int wrong;      /* answers that were not the right ones */
    char what[256]; /* the last of them */
};

static char *const no_env[] = { NULL };

static void
start_slot(struct worker *w, int i, int round)
{
    /* Every second one leaves something behind that holds its pipe, and of those
     * every second what is about to leave the session, or has. */
    static const char script[] = "echo \"$1\"; sleep 50 & exit 3";
    static const char away[] = "echo \"$1\"; setsid sleep 50 & exit 3";
    static const char plain[] = "echo \"$1\"; exit 3";
    struct slot *s = &w->slot[i];
    struct err err;
    struct run_spec spec = { .path = "/bin/sh",
        .envp = no_env,
        .out = s->out,
        .out_max = SAID_MAX,
        .timeout = 60 * CLOCK_SEC,
        .cgroup = CGROUP_NEVER,
        .grace = CLOCK_SEC };
    char *argv[] = { "sh", "-c",
        (char *)(uintptr_t)(i % 2 == 0   ? plain
                            : i % 4 == 1 ? script
                                         : away),
        "sh", s->marker, NULL };

    spec.argv = argv;
    (void)snprintf(s->marker, sizeof(s->marker), "w%d s%d r%d", w->number, i, round);
    memset(s->out, 0, sizeof(s->out));
    if (run_start(&s->run, h.engine, &spec, &err) < 0)
        abort();
}

static void
check_slot(struct worker *w, int i)
{
    const struct slot *s = &w->slot[i];
    const struct run_result *x = run_result(&s->run);
    size_t n = strlen(s->marker);

    if (x->cause == RUN_EXITED && x->code == 3 && x->leftover == (unsigned)i % 2 &&
        x->out_len == n + 1 && memcmp(s->out, s->marker, n) == 0 && s->out[n] == '\n')
        return;
    w->wrong++;
    (void)snprintf(w->what, sizeof(w->what), "slot %d: cause %d, code %d, leftover %u, said %.*s",
        i, (int)x->cause, x->code, x->leftover, (int)x->out_len, (const char *)s->out);
}

/* Drives all slots of a worker to their ends. */
static void
drive_slots(struct worker *w)
{
    bool over[SLOTS] = { false };
    int left = SLOTS;

    while (left > 0) {
        struct pollfd p[2 * SLOTS];
        int i;

        for (i = 0; i < SLOTS; i++) {
            p[2 * i].fd = over[i] ? -1 : run_output_fd(&w->slot[i].run, 0);
            p[2 * i + 1].fd = over[i] ? -1 : run_exit_fd(&w->slot[i].run);
            p[2 * i].events = p[2 * i + 1].events = POLLIN;
        }
        (void)poll(p, 2 * SLOTS, 1);
        for (i = 0; i < SLOTS; i++) {
            unsigned wakes = RUN_WAKE_DEADLINE;

            if (over[i])
                continue;
            wakes |= p[2 * i].revents != 0 ? RUN_WAKE_OUTPUT : 0U;
            wakes |= p[2 * i + 1].revents != 0 ? RUN_WAKE_EXIT : 0U;
            if (run_step(&w->slot[i].run, wakes) == RUN_OVER) {
                over[i] = true;
                left--;
                check_slot(w, i);
            }
        }
    }
}

static void *
work(void *arg)
{
    struct worker *w = arg;
    int round;
    int i;

    for (round = 0; round < ROUNDS; round++) {
        for (i = 0; i < SLOTS; i++)
            start_slot(w, i, round);
        drive_slots(w);
        (void)engine_reap(h.engine);
    }
    return NULL;
}

START_TEST(runs_of_many_threads_are_not_mixed_up)
{
    static struct worker workers[THREADS];
    int i;

    for (i = 0; i < THREADS; i++) {
        workers[i].number = i;
        ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(workers[i].thread, NULL), 0);
        ck_assert_msg(
            workers[i].wrong == 0, "%d wrong, such as %s", workers[i].wrong, workers[i].what);
    }
    ck_assert_int_eq(harness_children(), 0);
    ck_assert(harness_idle());
}
END_TEST

START_TEST(children_of_the_program_itself_are_left_alone)
{
    pid_t child = fork();
    siginfo_t gone;

    if (child == 0) {
        if (_i == 1)
            _exit(42);
        for (;;)
            (void)pause();
    }
    harness_probe("leave", "child", "daemon", NULL);
    ck_assert_uint_eq(harness_run()->leftover, 2);
    harness_sleep(20 * CLOCK_MSEC);
    ck_assert(!engine_reap(h.engine));
    if (_i == 0)
        ck_assert_int_eq(kill(child, SIGUSR1), 0);
    ck_assert_int_eq(waitid(P_PID, (id_t)child, &gone, WEXITED), 0);
    ck_assert_int_eq(gone.si_status, _i == 0 ? SIGUSR1 : 42);
}
END_TEST

START_TEST(guests_are_left_alone)
{
    char *argv[] = { h.probe, "pause", NULL };
    struct spawn_spec spec = { .path = h.probe, .argv = argv, .envp = no_env, .fd = { 0, 1, 2 } };
    struct roster_member guest;
    siginfo_t gone = { .si_pid = 0 };
    int pidfd;

    harness_probe("leave", "child", NULL);
    harness_start(); /* the older one, so that the guest could be a leftover of it */
    ck_assert_int_eq(engine_launch(h.engine, &guest, ROSTER_GUEST, &spec, &pidfd, &h.err), 0);
    run_drive(&h.run, -1);
    ck_assert_uint_eq(run_result(&h.run)->leftover, 1);
    ck_assert(!engine_reap(h.engine));
    ck_assert_int_eq(waitid(P_PID, (id_t)guest.pid, &gone, WEXITED | WNOHANG), 0);
    ck_assert_int_eq(gone.si_pid, 0);

    ck_assert_int_eq(kill(guest.pid, SIGKILL), 0);
    ck_assert_int_eq(waitid(P_PID, (id_t)guest.pid, &gone, WEXITED), 0);
    engine_forget(h.engine, &guest);
    ck_assert_int_eq(close(pidfd), 0);
}
END_TEST

START_TEST(root_orphan_that_we_may_not_signal_is_not_waited_for)
{
    char dir[] = "/tmp/test_engine.XXXXXX";
    char copy[64];
    pid_t orphan;
    bool spared;

    if (geteuid() != 0)
        SUITE_SKIP("needs root to make a set-user-id program");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_assert_int_eq(chmod(dir, 0711), 0);
    (void)snprintf(copy, sizeof(copy), "%s/probe", dir);
    harness_command("/bin/cp", h.probe, copy, NULL);
    ck_assert_int_eq(harness_run()->code, 0);
    ck_assert_int_eq(chmod(copy, 04755), 0);
    ck_assert_int_eq(setresuid(12345, 12345, 0), 0);
    harness_command(copy, "leave", "root", NULL);
    (void)harness_run();
    ck_assert_int_eq(setresuid(0, 0, 0), 0);
    ck_assert(unlink(copy) == 0 && rmdir(dir) == 0);

    ck_assert_uint_eq(harness_pids(&orphan, 1), 1);
    spared = harness_alive(orphan);
    if (spared) {
        ck_assert_uint_eq(run_result(&h.run)->leftover, 0);
        ck_assert(engine_reap(h.engine)); /* as root again: it is nobody's now */
        ck_assert(harness_gone(orphan));
    } else {
        SUITE_SKIP("set-user-id programs do not work here");
    }
}
END_TEST

START_TEST(guest_that_does_not_start_is_told_and_forgotten)
{
    char *argv[] = { "x", NULL };
    struct spawn_spec spec = { .path = "/no/x", .argv = argv, .envp = no_env, .fd = { 0, 1, 2 } };
    struct roster_member guest;
    int pidfd = -1;

    ck_assert_int_eq(engine_launch(h.engine, &guest, ROSTER_GUEST, &spec, &pidfd, &h.err), -ENOENT);
    ck_assert_str_eq(h.err.text, "exec /no/x: No such file or directory");
    ck_assert_int_eq(pidfd, -1);
}
END_TEST

START_TEST(orphans_that_ended_are_reaped_while_their_run_goes_on)
{
    /* Its grandchild ends early, and its child waits for nobody. */
    harness_command("/bin/sh", "-c", "(sleep 0.05 &) ; echo; exec sleep 50", NULL);
    harness_start();
    while (harness_said()[0] == '\0') {
        ck_assert_int_eq(run_step(&h.run, 0), RUN_PARKED);
        harness_sleep(CLOCK_MSEC);
    }
    while (engine_reap(h.engine))
        harness_sleep(CLOCK_MSEC);
    ck_assert_int_eq(harness_children(), 1);
    run_cancel(&h.run, true);
    run_drive(&h.run, -1);
}
END_TEST

/* Starts a process that traces `pid`, so that its zombie is not for us to
 * reap, until the returned descriptor is closed.  -1: not allowed to. */
static int
start_tracer(pid_t pid, pid_t *ret_tracer)
{
    int go[2];
    int ready[2];
    char c = 'n';

    ck_assert(pipe(go) == 0 && pipe(ready) == 0);
    *ret_tracer = fork();
    if (*ret_tracer == 0) {
        (void)close(go[1]);
        c = ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0 ? 'y' : 'n';
        (void)!write(ready[1], &c, 1);
        (void)!read(go[0], &c, 1);
        _exit(0);
    }
    ck_assert_int_eq(read(ready[0], &c, 1), 1);
    ck_assert(close(ready[0]) == 0 && close(ready[1]) == 0 && close(go[0]) == 0);
    if (c == 'y')
        return go[1];
    ck_assert_int_eq(close(go[1]), 0);
    return -1;
}

START_TEST(command_that_sigkill_does_not_end_is_abandoned_and_reaped_later)
{
    int64_t began;
    pid_t tracer;
    int steps = 0;
    int leash;

    harness_probe("pause", NULL);
    harness_start();
    leash = start_tracer(h.run.member.pid, &tracer);
    if (leash >= 0) {
        run_cancel(&h.run, true);
        began = clock_now();
        for (; run_step(&h.run, RUN_WAKE_OUTPUT | RUN_WAKE_EXIT) == RUN_PARKED; steps++) {
            struct pollfd p[] = { { .fd = run_exit_fd(&h.run), .events = POLLIN },
                { .fd = run_output_fd(&h.run, 0), .events = POLLIN } };
            int64_t wait = run_deadline(&h.run) - clock_now();

            (void)poll(p, 2, wait > 0 ? (int)(wait / CLOCK_MSEC + 1) : 0);
        }
        ck_assert_int_eq(run_result(&h.run)->cause, RUN_ABANDONED);
        ck_assert_int_ge(clock_now() - began, 2 * CLOCK_SEC);
        ck_assert_int_lt(clock_now() - began, 10 * CLOCK_SEC);
        ck_assert_int_lt(steps, 100); /* a pidfd that stays readable does not spin us */
        ck_assert(engine_reap(h.engine));
        ck_assert_int_eq(close(leash), 0);
    } else {
        run_cancel(&h.run, true);
        run_drive(&h.run, -1);
    }
    ck_assert_int_eq(waitpid(tracer, NULL, 0), tracer);
    while (engine_reap(h.engine))
        harness_sleep(CLOCK_MSEC);
    ck_assert_int_eq(harness_children(), 0);
    if (leash < 0)
        SUITE_SKIP("ptrace(2) is not allowed here");
}
END_TEST

START_TEST(engine_that_does_not_open_leaves_nothing)
{
    struct engine *none = NULL;
    struct rlimit before;
    struct rlimit lim;
    int highest = dup(0);
    int fds = harness_fds() - 1;
    struct err err;
    int r;

    ck_assert_int_eq(close(highest), 0);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    lim = before;
    lim.rlim_cur = (rlim_t)(highest + _i); /* so many are still free */
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &lim), 0);
    r = engine_open(&none, &err);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    ck_assert_int_eq(r, -EMFILE);
    ck_assert_ptr_null(none);
    ck_assert_int_eq(strncmp(err.text, "open /", 6), 0);
    ck_assert_int_eq(harness_fds(), fds);
    engine_close(NULL);
}
END_TEST

START_TEST(subreaper_is_on)
{
    int on = 0;

    ck_assert_int_eq(prctl(PR_GET_CHILD_SUBREAPER, &on), 0);
    ck_assert_int_eq(on, 1);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("exec/engine");
    TCase *tc = tcase_create("engine");

    tcase_add_checked_fixture(tc, harness_open, harness_close);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, subreaper_is_on);
    tcase_add_loop_test(tc, engine_that_does_not_open_leaves_nothing, 0, 2);
    tcase_add_test(tc, runs_of_many_threads_are_not_mixed_up);
    tcase_add_loop_test(tc, children_of_the_program_itself_are_left_alone, 0, 2);
    tcase_add_test(tc, guests_are_left_alone);
    tcase_add_test(tc, guest_that_does_not_start_is_told_and_forgotten);
    tcase_add_test(tc, root_orphan_that_we_may_not_signal_is_not_waited_for);
    tcase_add_test(tc, orphans_that_ended_are_reaped_while_their_run_goes_on);
    tcase_add_test(tc, command_that_sigkill_does_not_end_is_abandoned_and_reaped_later);
    suite_add_tcase(s, tc);
    return s;
}
