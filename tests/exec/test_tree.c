/* tests/exec/test_tree.c -- exec/tree.h, promise by promise, on a tree of forks. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "exec/tree.h"
#include "tests/exec/harness.h"
#include "tests/suite.h"

enum {
    LIFE = 60 /* seconds that a process of ours lives at most */
};

/* Forks a child that forks `depth` more below it, each of the next one.
 * Returns the first one's pid once the last one is there. */
static pid_t
chain(int depth)
{
    int ready[2];
    pid_t first;
    char c;

    ck_assert_int_eq(pipe(ready), 0);
    first = fork();
    if (first == 0) {
        (void)alarm(LIFE);
        while (depth-- > 0 && fork() == 0)
            (void)alarm(LIFE);
        if (depth < 0)
            (void)!write(ready[1], "x", 1);
        for (;;)
            (void)pause();
    }
    ck_assert_int_eq(read(ready[0], &c, 1), 1);
    ck_assert(close(ready[0]) == 0 && close(ready[1]) == 0);
    return first;
}

static void
end(pid_t pid)
{
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(own_process_is_as_libc_says)
{
    struct tree_proc p;

    ck_assert_int_eq(tree_look(getpid(), &p), 0);
    ck_assert_int_eq(p.pid, getpid());
    ck_assert_int_eq(p.parent, getppid());
    ck_assert_int_eq(p.group, getpgrp());
    ck_assert_int_eq(p.session, getsid(0));
    ck_assert_int_ge(p.threads, 1);
    ck_assert_int_eq(p.state, 'R');
    ck_assert(!tree_ended(&p));
}
END_TEST

START_TEST(names_do_not_confuse)
{
    struct tree_proc p;

    ck_assert_int_eq(prctl(PR_SET_NAME, ") Z 1 1 1 ("), 0);
    ck_assert_int_eq(tree_look(getpid(), &p), 0);
    ck_assert_int_eq(p.parent, getppid());
    ck_assert_int_eq(p.state, 'R');
}
END_TEST

START_TEST(birth_and_now_are_of_one_clock)
{
    unsigned long long before = tree_now();
    pid_t pid = chain(0);
    unsigned long long after = tree_now();
    struct tree_proc p;

    ck_assert_int_eq(tree_look(pid, &p), 0);
    ck_assert_uint_ge(p.born, before);
    ck_assert_uint_le(p.born, after);
    end(pid);
}
END_TEST

START_TEST(zombie_has_ended_and_then_there_is_none)
{
    struct tree_proc p;
    siginfo_t gone;
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    ck_assert_int_eq(waitid(P_PID, (id_t)pid, &gone, WEXITED | WNOWAIT), 0);
    ck_assert_int_eq(tree_look(pid, &p), 0);
    ck_assert(tree_ended(&p));
    ck_assert_int_eq(tree_signal(&p, SIGKILL), 0); /* it has the number still */
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    ck_assert_int_eq(tree_look(pid, &p), -ESRCH);
}
END_TEST

START_TEST(children_are_listed_however_many)
{
    enum {
        MANY = 300
    };
    static pid_t pids[MANY];
    struct tree_pids list = { .pid = NULL };
    int fd = tree_open(getpid(), getpid());
    size_t i;

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(tree_children(fd, &list), 0);
    ck_assert_uint_eq(list.n, 0);
    for (i = 0; i < MANY; i++) {
        pids[i] = fork();
        if (pids[i] == 0)
            _exit(0);
    }
    ck_assert_int_eq(tree_children(fd, &list), 0);
    ck_assert_uint_eq(list.n, MANY);
    for (i = 0; i < MANY; i++) {
        ck_assert_int_eq(list.pid[i], pids[i]);
        ck_assert_int_eq(waitpid(pids[i], NULL, 0), pids[i]);
    }
    tree_free(&list);
    ck_assert_ptr_null(list.pid);
    ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(walk_finds_descendants_nearest_first)
{
    struct tree_proc found[16];
    pid_t first = chain(5);
    pid_t parent = first;
    size_t i;

    ck_assert_uint_eq(tree_walk(first, found, 16), 5);
    for (i = 0; i < 5; i++) {
        ck_assert_int_eq(found[i].parent, parent);
        parent = found[i].pid;
    }
    ck_assert_uint_eq(tree_walk(first, found, 3), 3);
    ck_assert_uint_eq(tree_walk(first, found, 0), 0);
    ck_assert_uint_eq(tree_walk(parent, found, 16), 0);

    for (i = tree_walk(first, found, 16); i > 0; i--)
        ck_assert_int_eq(tree_signal(&found[i - 1], SIGKILL), 0);
    end(first);
}
END_TEST

static pthread_barrier_t meet;

static void *
fork_here(void *ret_pid)
{
    *(pid_t *)ret_pid = chain(0);
    (void)pthread_barrier_wait(&meet);
    (void)pthread_barrier_wait(&meet); /* our children leave us when we end */
    return NULL;
}

START_TEST(walk_finds_children_of_every_thread)
{
    struct tree_proc found[16];
    pthread_t thread;
    pid_t pid = 0;

    ck_assert_int_eq(pthread_barrier_init(&meet, NULL, 2), 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, fork_here, &pid), 0);
    (void)pthread_barrier_wait(&meet);
    ck_assert_uint_eq(tree_walk(getpid(), found, 16), 1);
    ck_assert_int_eq(found[0].pid, pid);
    (void)pthread_barrier_wait(&meet);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    end(pid);
}
END_TEST

START_TEST(signal_reaches_that_process_and_no_later_one)
{
    pid_t pid = chain(0);
    struct tree_proc p;

    ck_assert_int_eq(tree_look(pid, &p), 0);
    p.born--; /* as if the number had been another's */
    ck_assert_int_eq(tree_signal(&p, SIGKILL), -ESRCH);
    harness_sleep(20 * CLOCK_MSEC);
    ck_assert(harness_alive(pid));
    p.born++;
    ck_assert_int_eq(tree_signal(&p, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    ck_assert_int_eq(tree_signal(&p, SIGKILL), -ESRCH);
}
END_TEST

START_TEST(nobodys_children_cannot_be_opened)
{
    pid_t pid = chain(0);

    end(pid);
    ck_assert_int_eq(tree_open(pid, pid), -ENOENT);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("exec/tree");
    TCase *tc = tcase_create("tree");

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, own_process_is_as_libc_says);
    tcase_add_test(tc, names_do_not_confuse);
    tcase_add_test(tc, birth_and_now_are_of_one_clock);
    tcase_add_test(tc, zombie_has_ended_and_then_there_is_none);
    tcase_add_test(tc, children_are_listed_however_many);
    tcase_add_test(tc, walk_finds_descendants_nearest_first);
    tcase_add_test(tc, walk_finds_children_of_every_thread);
    tcase_add_test(tc, signal_reaches_that_process_and_no_later_one);
    tcase_add_test(tc, nobodys_children_cannot_be_opened);
    suite_add_tcase(s, tc);
    return s;
}
