/* tests/exec/test_stray.c -- exec/stray.h, promise by promise; tests/torture/kill.sh ends real
 * ones. */
#include "config.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec/stray.h"
#include "exec/tree.h"
#include "tests/suite.h"

START_TEST(a_mark_says_who_we_are)
{
    char mark[STRAY_MARK_MAX];
    char want[64];
    struct tree_proc self;

    stray_mark(mark);
    ck_assert_int_eq(tree_look(getpid(), &self), 0);
    ck_assert_int_eq(strncmp(mark, "CMON_RUN=", 9), 0);
    (void)snprintf(want, sizeof(want), ".%d.%llu", (int)getpid(), self.born);
    ck_assert_str_eq(mark + strlen(mark) - strlen(want), want);
}
END_TEST

START_TEST(the_mark_stands_behind_the_environment)
{
    char mark[] = "CMON_RUN=1.2.3.4";
    char one[] = "A=1";
    char *envp[] = { one, NULL };
    char *room[STRAY_ENV_MAX];
    char *const *all = stray_env(mark, envp, room);

    ck_assert_ptr_eq(all[0], one);
    ck_assert_ptr_eq(all[1], mark);
    ck_assert_ptr_null(all[2]);
}
END_TEST

START_TEST(without_mark_or_room_the_environment_is_as_it_was)
{
    char none[] = "";
    char mark[] = "CMON_RUN=1.2.3.4";
    char one[] = "A=1";
    char *envp[STRAY_ENV_MAX + 1];
    char *room[STRAY_ENV_MAX];
    size_t i;

    for (i = 0; i < STRAY_ENV_MAX; i++)
        envp[i] = one;
    envp[STRAY_ENV_MAX] = NULL;
    ck_assert_ptr_eq(stray_env(mark, envp, room), envp);
    envp[STRAY_ENV_MAX - 1] = NULL;
    ck_assert_ptr_eq(stray_env(mark, envp, room), envp);
    envp[STRAY_ENV_MAX - 2] = NULL;
    ck_assert_ptr_eq(stray_env(mark, envp, room), room);
    ck_assert_ptr_eq(stray_env(none, envp, room), envp);
}
END_TEST

/* A process with this mark, whose parent ends: it becomes a child of the process
 * above us (check's, a subreaper), as an orphan becomes one of init. */
static pid_t
orphan(char *mark)
{
    char *argv[] = { "sleep", "60", NULL };
    char *envp[] = { mark, NULL };
    int pipefd[2];
    pid_t pid, child = 0;

    ck_assert_int_eq(pipe(pipefd), 0);
    pid = fork();
    if (pid == 0) {
        child = fork();
        if (child == 0) {
            (void)execve("/bin/sleep", argv, envp);
            _exit(1);
        }
        _exit(write(pipefd[1], &child, sizeof(child)) != sizeof(child));
    }
    ck_assert_int_eq(read(pipefd[0], &child, sizeof(child)), (ssize_t)sizeof(child));
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    (void)close(pipefd[0]);
    (void)close(pipefd[1]);
    (void)usleep(100 * 1000); /* until it is sleep */
    return child;
}

/* What stray_end() does in a child of ours, to whom we are an ancestor. */
static void
end_from_below(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        (void)stray_end();
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

static bool
ended(pid_t pid)
{
    return waitpid(pid, NULL, WNOHANG) == pid;
}

/* Ours, but of a birth that was not. */
static void
mark_of_the_dead(char mark[STRAY_MARK_MAX + 8])
{
    stray_mark(mark);
    *strrchr(mark, '.') = '\0';
    (void)strcat(mark, ".1");
}

START_TEST(the_orphan_of_a_dead_owner_is_ended)
{
    char mark[STRAY_MARK_MAX + 8];
    pid_t pid;

    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    mark_of_the_dead(mark);
    pid = orphan(mark);
    ck_assert(!ended(pid));
    end_from_below();
    (void)usleep(100 * 1000);
    ck_assert(ended(pid));
}
END_TEST

/* 0: its owner lives; 1: no mark; 2: another pid namespace; 3: not a mark. */
START_TEST(others_are_left_alone)
{
    char mark[STRAY_MARK_MAX + 8];
    pid_t pid;

    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    mark_of_the_dead(mark);
    if (_i == 0)
        stray_mark(mark);
    else if (_i == 1)
        mark[0] = 'X';
    else if (_i == 2)
        mark[9] = mark[9] == '9' ? '8' : (char)(mark[9] + 1);
    else
        (void)strcat(mark, "x");
    pid = orphan(mark);
    end_from_below();
    (void)usleep(100 * 1000);
    ck_assert(!ended(pid));
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("stray");
    TCase *tc = tcase_create("stray");

    tcase_add_test(tc, a_mark_says_who_we_are);
    tcase_add_test(tc, the_mark_stands_behind_the_environment);
    tcase_add_test(tc, without_mark_or_room_the_environment_is_as_it_was);
    tcase_add_test(tc, the_orphan_of_a_dead_owner_is_ended);
    tcase_add_loop_test(tc, others_are_left_alone, 0, 4);
    suite_add_tcase(s, tc);
    return s;
}
