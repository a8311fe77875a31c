/* tests/exec/test_watcher.c -- exec/watcher.h, promise by promise. */
#include "config.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "exec/watcher.h"
#include "tests/exec/harness.h"
#include "tests/suite.h"

static struct watcher *w;
static struct err err;
static int fds;

static void
setup(void)
{
    fds = harness_fds();
    ck_assert_msg(watcher_open(&w, &err) == 0, "%s", err.text);
}

static void
teardown(void)
{
    watcher_close(w);
    ck_assert_int_eq(harness_fds(), fds);
}

/* A child that ends once `gate` is closed. */
static pid_t
start_child(int gate_reader, int gate_writer)
{
    pid_t pid = fork();
    char c;

    if (pid == 0) {
        (void)close(gate_writer);
        (void)!read(gate_reader, &c, 1);
        _exit(0);
    }
    ck_assert_int_gt(pid, 0);
    return pid;
}

static bool
is_told(int fd, int ms)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    int n;

    while ((n = poll(&p, 1, ms)) < 0)
        continue;
    return n == 1;
}

START_TEST(children_that_end_together_are_told_one_by_one)
{
    enum {
        MANY = 60
    };
    struct watched *watched;
    siginfo_t gone;
    pid_t pid[MANY];
    int fd[MANY];
    int gate[2];
    int i;

    if (SUITE_TSAN)
        SUITE_SKIP("ThreadSanitizer puts signal handlers off");
    ck_assert_int_eq(pipe2(gate, O_CLOEXEC), 0);
    for (i = 0; i < MANY; i++) {
        ck_assert_int_eq(watcher_expect(&watched, &fd[i], &err), 0);
        pid[i] = start_child(gate[0], gate[1]);
        watcher_name(w, watched, pid[i]);
    }
    ck_assert(!is_told(fd[0], 20) && !is_told(fd[MANY - 1], 0));
    ck_assert_int_eq(close(gate[1]), 0);
    for (i = 0; i < MANY; i++) {
        ck_assert(is_told(fd[i], 20000));
        /* It is left to us. */
        ck_assert_int_eq(waitid(P_PID, (id_t)pid[i], &gone, WEXITED | WNOHANG), 0);
        ck_assert_int_eq(gone.si_pid, pid[i]);
        ck_assert_int_eq(close(fd[i]), 0);
    }
    ck_assert_int_eq(close(gate[0]), 0);
}
END_TEST

START_TEST(child_that_ended_before_it_was_named_is_told)
{
    struct watched *watched;
    siginfo_t gone;
    pid_t pid;
    int fd;

    ck_assert_int_eq(watcher_expect(&watched, &fd, &err), 0);
    pid = fork();
    if (pid == 0)
        _exit(0);
    ck_assert_int_eq(waitid(P_PID, (id_t)pid, &gone, WEXITED | WNOWAIT), 0);
    harness_sleep(20 * CLOCK_MSEC); /* its signal has come and gone */
    ck_assert(!is_told(fd, 0));
    watcher_name(w, watched, pid);
    ck_assert(is_told(fd, 0));
    ck_assert_int_eq(close(fd), 0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

START_TEST(descriptor_may_be_closed_and_the_child_reaped_at_any_time)
{
    struct watched *watched;
    int gate[2];
    pid_t pid;
    int other;
    int fd;
    char c;

    ck_assert_int_eq(pipe2(gate, O_CLOEXEC), 0);
    ck_assert_int_eq(watcher_expect(&watched, &fd, &err), 0);
    pid = start_child(gate[0], gate[1]);
    watcher_name(w, watched, pid);
    ck_assert_int_eq(close(fd), 0);
    other = open("/dev/null", O_RDONLY | O_CLOEXEC); /* has its number now */
    ck_assert_int_eq(close(gate[1]), 0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    harness_sleep(20 * CLOCK_MSEC);
    ck_assert_int_eq(read(other, &c, 1), 0);
    ck_assert(close(other) == 0 && close(gate[0]) == 0);
}
END_TEST

START_TEST(dropped_one_leaves_nothing)
{
    struct watched *watched;
    int before = harness_fds();
    int fd;

    ck_assert_int_eq(watcher_expect(&watched, &fd, &err), 0);
    ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
    watcher_drop(watched, &fd);
    ck_assert_int_eq(fd, -1);
    ck_assert_int_eq(harness_fds(), before);
}
END_TEST

static atomic_bool stop;

/* A thread that has SIGCHLD open, and would swallow it. */
static void *
swallow(void *unused)
{
    sigset_t none;

    (void)sigemptyset(&none);
    (void)pthread_sigmask(SIG_SETMASK, &none, NULL);
    while (!atomic_load(&stop))
        harness_sleep(CLOCK_MSEC);
    return unused;
}

START_TEST(signal_that_another_thread_takes_is_not_lost)
{
    struct watched *watched;
    pthread_t thread;
    pid_t pid;
    int fd;
    int i;

    if (SUITE_TSAN)
        SUITE_SKIP("ThreadSanitizer puts signal handlers off");
    atomic_store(&stop, false);
    ck_assert_int_eq(pthread_create(&thread, NULL, swallow, NULL), 0);
    for (i = 0; i < 50; i++) {
        ck_assert_int_eq(watcher_expect(&watched, &fd, &err), 0);
        pid = fork();
        if (pid == 0) {
            harness_sleep(CLOCK_MSEC / 2);
            _exit(0);
        }
        watcher_name(w, watched, pid);
        ck_assert(is_told(fd, 20000));
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
        ck_assert_int_eq(close(fd), 0);
    }
    atomic_store(&stop, true);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

START_TEST(sigchld_is_given_back)
{
    struct sigaction act;
    struct watcher *one;
    sigset_t mask;

    ck_assert_int_eq(watcher_open(&one, &err), 0);
    watcher_close(one);
    watcher_close(NULL);
    ck_assert_int_eq(sigaction(SIGCHLD, NULL, &act), 0);
    ck_assert(act.sa_handler == SIG_DFL);
    ck_assert_int_eq(pthread_sigmask(SIG_SETMASK, NULL, &mask), 0);
    ck_assert_int_eq(sigismember(&mask, SIGCHLD), 0);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("exec/watcher");
    TCase *tc = tcase_create("watcher");
    TCase *alone = tcase_create("alone");

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, children_that_end_together_are_told_one_by_one);
    tcase_add_test(tc, child_that_ended_before_it_was_named_is_told);
    tcase_add_test(tc, descriptor_may_be_closed_and_the_child_reaped_at_any_time);
    tcase_add_test(tc, dropped_one_leaves_nothing);
    tcase_add_test(tc, signal_that_another_thread_takes_is_not_lost);
    suite_add_tcase(s, tc);
    tcase_add_test(alone, sigchld_is_given_back);
    suite_add_tcase(s, alone);
    return s;
}
