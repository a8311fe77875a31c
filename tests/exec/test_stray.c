/* tests/exec/test_stray.c -- exec/stray.h, promise by promise; tests/torture/kill.sh ends real
 * ones. */
#include "config.h"

#include <errno.h>
#include <limits.h>
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
    struct stray_mark mark;
    struct tree_proc self;
    char text[STRAY_TEXT_MAX];
    char want[64];

    ck_assert_int_eq(stray_self(&mark), 0);
    ck_assert_uint_eq(mark.run, 0);
    mark.run = 7;
    mark.detached = _i == 1;
    stray_write(&mark, text);
    ck_assert_int_eq(tree_look(getpid(), &self), 0);
    ck_assert_int_eq(strncmp(text, "CMON_RUN=", 9), 0);
    (void)snprintf(
        want, sizeof(want), ".%d.%llu.7%s", (int)getpid(), self.born, _i == 1 ? "d" : "");
    ck_assert_str_eq(text + strlen(text) - strlen(want), want);
}
END_TEST

START_TEST(the_longest_mark_has_room)
{
    struct stray_mark most = { ~0ULL, ~0ULL, INT_MIN, ~0ULL, ~0ULL, true };
    char text[STRAY_TEXT_MAX];

    stray_write(&most, text);
    ck_assert_int_eq(text[strlen(text) - 1], 'd');
}
END_TEST

START_TEST(the_mark_stands_behind_the_environment)
{
    char mark[] = "CMON_RUN=1.2.3.4.5";
    char one[] = "A=1";
    char *envp[] = { one, NULL };
    char *room[STRAY_ENV_MAX];
    char *const *all = stray_env(mark, envp, room);

    ck_assert_ptr_eq(all[0], one);
    ck_assert_ptr_eq(all[1], mark);
    ck_assert_ptr_null(all[2]);
}
END_TEST

START_TEST(without_room_the_environment_is_as_it_was)
{
    char mark[] = "CMON_RUN=1.2.3.4.5";
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

/* Texts of marks, for orphans of ours. */
static char text[STRAY_TEXT_MAX + 8];

/* Ours, but of a birth that was not; of four numbers, as an earlier version had it,
 * or of five. */
static void
mark_of_the_dead(bool five)
{
    struct stray_mark mark;

    ck_assert_int_eq(stray_self(&mark), 0);
    mark.born = 1;
    mark.run = 9;
    stray_write(&mark, text);
    if (!five)
        *strrchr(text, '.') = '\0';
}

START_TEST(the_orphan_of_a_dead_owner_is_ended)
{
    pid_t pid;

    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    mark_of_the_dead(_i == 1);
    pid = orphan(text);
    ck_assert(!ended(pid));
    end_from_below();
    (void)usleep(100 * 1000);
    ck_assert(ended(pid));
}
END_TEST

static void
mark_of_the_living(void)
{
    struct stray_mark mark;

    ck_assert_int_eq(stray_self(&mark), 0);
    mark.run = 9;
    stray_write(&mark, text);
}

/* 0: its owner lives; 1: no mark; 2: another pid namespace; 3 and 4: not a mark;
 * 5: what a detached command has left. */
START_TEST(others_are_left_alone)
{
    pid_t pid;

    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    mark_of_the_dead(_i != 4);
    if (_i == 0)
        mark_of_the_living();
    else if (_i == 1)
        text[0] = 'X';
    else if (_i == 2)
        text[9] = text[9] == '9' ? '8' : (char)(text[9] + 1);
    else
        (void)strcat(text, _i == 5 ? "d" : "x");
    pid = orphan(text);
    end_from_below();
    (void)usleep(100 * 1000);
    ck_assert(!ended(pid));
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

START_TEST(a_mark_is_read_as_it_was_written)
{
    struct stray_mark want;
    struct stray_mark got;
    pid_t pid;

    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    ck_assert_int_eq(stray_self(&want), 0);
    want.run = 12345;
    want.detached = _i == 1;
    stray_write(&want, text);
    pid = orphan(text);
    ck_assert_int_eq(stray_read(pid, &got), 0);
    ck_assert(stray_same(&got, &want));
    ck_assert_uint_eq(got.run, want.run);
    ck_assert_int_eq(got.detached, want.detached);
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    /* The dead have none. */
    ck_assert_int_eq(waitid(P_PID, (id_t)pid, &(siginfo_t){ .si_pid = 0 }, WEXITED | WNOWAIT), 0);
    ck_assert_int_lt(stray_read(pid, &got), 0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

START_TEST(none_is_told_from_not_yet)
{
    static char other[] = "X=1";
    struct stray_mark got;
    pid_t pid;

    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    pid = orphan(_i == 0 ? other : NULL);
    ck_assert_int_eq(stray_read(pid, &got), _i == 0 ? -ENOENT : -EAGAIN);
    ck_assert_int_eq(tree_is_bare(pid), _i != 0);
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("stray");
    TCase *tc = tcase_create("stray");

    tcase_add_loop_test(tc, a_mark_says_who_we_are, 0, 2);
    tcase_add_test(tc, the_longest_mark_has_room);
    tcase_add_loop_test(tc, a_mark_is_read_as_it_was_written, 0, 2);
    tcase_add_loop_test(tc, none_is_told_from_not_yet, 0, 2);
    tcase_add_test(tc, the_mark_stands_behind_the_environment);
    tcase_add_test(tc, without_room_the_environment_is_as_it_was);
    tcase_add_loop_test(tc, the_orphan_of_a_dead_owner_is_ended, 0, 2);
    tcase_add_loop_test(tc, others_are_left_alone, 0, 6);
    suite_add_tcase(s, tc);
    return s;
}
