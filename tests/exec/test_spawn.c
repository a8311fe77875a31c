/* tests/exec/test_spawn.c -- exec/spawn.h, promise by promise. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "exec/spawn.h"
#include "tests/exec/harness.h"
#include "tests/suite.h"

static char *const no_env[] = { NULL };
static char said[4096]; /* by the child */

/* Closes a pidfd, where there is one. */
static int
drop(int pidfd)
{
    return pidfd < 0 ? 0 : close(pidfd);
}

/* Starts "probe VERB ..." with these descriptors, and waits for it. */
static int
spawn_probe(const char *verb, const char *word, const int fd[3])
{
    char *argv[] = { h.probe, (char *)(uintptr_t)verb, (char *)(uintptr_t)word, NULL };
    struct spawn_spec spec = {
        .path = h.probe, .argv = argv, .envp = no_env, .fd = { fd[0], fd[1], fd[2] }
    };
    siginfo_t gone;
    pid_t pid;
    int pidfd;
    int r = spawn_start(&spec, &pid, &pidfd, &h.err);

    if (r < 0)
        return r;
    ck_assert_int_eq(waitid(P_PID, (id_t)pid, &gone, WEXITED), 0);
    ck_assert_int_eq(gone.si_pid, pid);
    ck_assert_int_eq(drop(pidfd), 0);
    return gone.si_code == CLD_EXITED ? gone.si_status : -1;
}

/* Reads the pipe to its end into said[]. */
static void
listen_to(int fd)
{
    size_t n = 0;
    ssize_t got;

    while ((got = read(fd, said + n, sizeof(said) - 1 - n)) > 0)
        n += (size_t)got;
    said[n] = '\0';
}

/* Which of our descriptors is to be the child's 0, 1 and 2, when ours on 0 to
 * 2 are: /dev/zero, the pipe, the pipe. */
static const struct {
    int fd[3];
} places[] = {
    { { 0, 1, 2 } }, /* where they are already */
    { { 0, 2, 1 } }, /* crossed */
    { { 0, 1, 1 } }, /* one for two */
    { { 0, 2, 2 } },
    { { 10, 11, 11 } }, /* from above */
    { { 10, 0, 11 } },  /* /dev/zero as the output: what is said is lost */
    { { 1, 11, 0 } },   /* all out of place */
    { { 2, 11, 11 } },
    { { 11, 1, 0 } },
};

START_TEST(descriptors_land_where_they_should)
{
    const int *fd = places[_i].fd;
    int pipes = 0; /* bit i: the child's i should be the pipe */
    int zero;
    int p[2];
    int i;

    zero = open("/dev/zero", O_RDWR | O_CLOEXEC);
    ck_assert_int_eq(pipe2(p, O_CLOEXEC), 0);
    ck_assert_int_eq(dup3(zero, 10, O_CLOEXEC), 10);
    ck_assert_int_eq(dup3(p[1], 11, O_CLOEXEC), 11);
    ck_assert_int_eq(dup3(zero, 0, O_CLOEXEC), 0);
    ck_assert_int_eq(dup3(p[1], 1, O_CLOEXEC), 1);
    ck_assert_int_eq(dup3(p[1], 2, O_CLOEXEC), 2);
    for (i = 0; i < 3; i++)
        pipes |= (fd[i] == 1 || fd[i] == 2 || fd[i] == 11) << i;

    ck_assert_int_eq(spawn_probe("pipes", NULL, fd), pipes);
    ck_assert_int_eq(spawn_probe("fds", NULL, fd), 0);
    for (i = 0; i < 3; i++) /* ours are as they were */
        ck_assert_int_eq(fcntl(fd[i], F_GETFD), FD_CLOEXEC);
    ck_assert(close(1) == 0 && close(2) == 0 && close(11) == 0 && close(p[1]) == 0);
    listen_to(p[0]);
    ck_assert_str_eq(said, (pipes & 2) != 0 ? "0\n1\n2\n" : "");
}
END_TEST

START_TEST(closed_descriptor_is_told)
{
    static const int bad[][3] = { { 99, 1, 2 }, { 0, 1, 99 }, { 1, 0, 99 } };

    (void)close(99);
    ck_assert_int_eq(spawn_probe("fds", NULL, bad[_i]), -EBADF);
    ck_assert_str_eq(h.err.text, "dup: Bad file descriptor");
}
END_TEST

START_TEST(failure_leaves_no_process_and_no_result)
{
    char *argv[] = { "x", NULL };
    struct spawn_spec spec = { .path = "/no/x", .argv = argv, .envp = no_env, .fd = { 0, 1, 2 } };
    pid_t pid = -7;
    int pidfd = -7;

    ck_assert_int_eq(spawn_start(&spec, &pid, &pidfd, &h.err), -ENOENT);
    ck_assert_int_eq(pid, -7);
    ck_assert_int_eq(pidfd, -7);
    ck_assert_int_eq(harness_children(), 0);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
}
END_TEST

static bool handled;

static void
note(int sig)
{
    (void)sig;
    handled = true;
}

START_TEST(own_mask_and_handlers_are_untouched)
{
    sigset_t before;
    sigset_t after;
    struct sigaction act;
    int sig;

    (void)signal(SIGUSR1, note);
    (void)signal(SIGUSR2, SIG_IGN);
    (void)sigemptyset(&before);
    (void)sigaddset(&before, SIGHUP);
    (void)sigaddset(&before, SIGRTMIN + 3);
    ck_assert_int_eq(sigprocmask(SIG_SETMASK, &before, NULL), 0);
    ck_assert_int_eq(spawn_probe("exit", "9", (const int[3]){ 0, 1, 2 }), 9);
    ck_assert_int_eq(sigprocmask(SIG_SETMASK, NULL, &after), 0);
    for (sig = 1; sig < SIGRTMAX; sig++)
        ck_assert_int_eq(sigismember(&before, sig), sigismember(&after, sig));
    ck_assert_int_eq(raise(SIGUSR1), 0);
    ck_assert(handled);
    ck_assert_int_eq(sigaction(SIGUSR2, NULL, &act), 0);
    ck_assert(act.sa_handler == SIG_IGN);
}
END_TEST

START_TEST(own_limits_session_and_directory_are_untouched)
{
    struct spawn_origin origin;
    char *argv[] = { h.probe, "exit", "0", NULL };
    struct spawn_spec spec = { .path = h.probe,
        .argv = argv,
        .envp = no_env,
        .workdir = "/usr",
        .fd = { 0, 1, 2 },
        .origin = &origin };
    struct rlimit before;
    struct rlimit after;
    pid_t session = getsid(0);
    char *cwd = getcwd(NULL, 0);
    char *cwd_after;
    pid_t pid;
    int pidfd;

    spawn_survey(&origin);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    origin.limited = true;
    origin.nofile = (struct rlimit){ .rlim_cur = 64, .rlim_max = before.rlim_max };
    ck_assert_int_eq(spawn_start(&spec, &pid, &pidfd, &h.err), 0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    ck_assert_int_eq(drop(pidfd), 0);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &after), 0);
    ck_assert_uint_eq(before.rlim_cur, after.rlim_cur);
    ck_assert_int_eq(getsid(0), session);
    cwd_after = getcwd(NULL, 0);
    ck_assert_str_eq(cwd, cwd_after);
    free(cwd);
    free(cwd_after);
}
END_TEST

START_TEST(survey_finds_what_is_not_at_its_default)
{
    struct spawn_origin origin;
    uint64_t both = UINT64_C(1) << (SIGUSR1 - 1) | UINT64_C(1) << (SIGPIPE - 1);

    (void)signal(SIGUSR1, note);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGUSR2, SIG_DFL);
    spawn_survey(&origin);
    ck_assert_uint_eq(origin.signals & both, both);
    ck_assert_uint_eq(origin.signals & UINT64_C(1) << (SIGUSR2 - 1), 0);
    ck_assert(!origin.limited);
}
END_TEST

START_TEST(pidfd_closes_on_exec)
{
    char *argv[] = { h.probe, "exit", "0", NULL };
    struct spawn_spec spec = { .path = h.probe, .argv = argv, .envp = no_env, .fd = { 0, 1, 2 } };
    pid_t pid;
    int pidfd;

    ck_assert_int_eq(spawn_start(&spec, &pid, &pidfd, &h.err), 0);
    ck_assert(pidfd < 0 || fcntl(pidfd, F_GETFD) == FD_CLOEXEC);
    ck_assert_int_eq(drop(pidfd), 0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

/* Makes a system call fail from now on, as an old kernel or a filter does. */
static bool
forbid(int call, int num)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)num),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog prog = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) == 0;
}

START_TEST(descriptors_stay_closed_without_close_range)
{
    static const int nums[] = { ENOSYS, EINVAL, EPERM };
    int high[200];
    int p[2];
    int i;

    if (!forbid(SYS_close_range, nums[_i]))
        SUITE_SKIP("seccomp filters are not allowed here");
    ck_assert_int_eq(close_range(3, 4, 0), -1);
    ck_assert_int_eq(pipe(p), 0); /* without CLOEXEC, as all that follow */
    for (i = 0; i < 200; i++)
        high[i] = fcntl(0, F_DUPFD, 100 + 3 * i);
    ck_assert_int_eq(spawn_probe("fds", NULL, (const int[3]){ 0, p[1], 2 }), 0);
    ck_assert_int_eq(close(p[1]), 0);
    listen_to(p[0]);
    ck_assert_int_eq(close(p[0]), 0);
    for (i = 0; i < 200; i++)
        ck_assert_int_eq(close(high[i]), 0);
    ck_assert_str_eq(said, "0\n1\n2\n");
}
END_TEST

static void *
spawn_many(void *unused)
{
    int i;

    (void)unused;
    for (i = 0; i < 50; i++) {
        char *argv[] = { "/bin/true", NULL };
        struct spawn_spec spec = { .path = i % 2 == 0 ? "/bin/true" : "/no/such",
            .argv = argv,
            .envp = no_env,
            .fd = { 0, 1, 2 } };
        struct err err;
        pid_t pid;
        int pidfd;
        int status;
        int r = spawn_start(&spec, &pid, &pidfd, &err);

        if (i % 2 == 1 && r != -ENOENT)
            abort();
        if (i % 2 == 1)
            continue;
        if (r < 0 || waitpid(pid, &status, 0) != pid || status != 0 || drop(pidfd) < 0)
            abort();
    }
    return NULL;
}

START_TEST(threads_spawn_at_the_same_time)
{
    pthread_t thread[4];
    size_t i;

    for (i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, spawn_many, NULL), 0);
    for (i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_join(thread[i], NULL), 0);
    ck_assert_int_eq(harness_children(), 0);
}
END_TEST

START_TEST(long_argument_lists_need_no_stack_of_ours)
{
    enum {
        WORDS = 20000
    };
    static char *argv[WORDS + 3];
    struct spawn_spec spec = {
        .path = "/bin/true", .argv = argv, .envp = no_env, .fd = { 0, 1, 2 }
    };
    pid_t pid;
    int pidfd;
    int status;
    int i;

    for (i = 0; i < WORDS; i++)
        argv[i] = "word";
    ck_assert_int_eq(spawn_start(&spec, &pid, &pidfd, &h.err), 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(drop(pidfd), 0);
}
END_TEST

START_TEST(too_long_an_argument_list_is_told)
{
    char *word = malloc(4 * 1024 * 1024);
    char *argv[] = { "/bin/true", word, NULL };
    struct spawn_spec spec = {
        .path = "/bin/true", .argv = argv, .envp = no_env, .fd = { 0, 1, 2 }
    };
    pid_t pid;
    int pidfd;

    ck_assert_ptr_nonnull(word);
    memset(word, 'x', 4 * 1024 * 1024 - 1);
    word[4 * 1024 * 1024 - 1] = '\0';
    ck_assert_int_eq(spawn_start(&spec, &pid, &pidfd, &h.err), -E2BIG);
    ck_assert_str_eq(h.err.text, "exec /bin/true: Argument list too long");
    free(word);
}
END_TEST

/* The way of kernels and filters that have only pidfd_open(2). */
static bool
find_vfork(struct spawn_origin *origin)
{
    spawn_survey(origin);
    origin->shares = way_shares(WAY_VFORK);
    if (origin->way == WAY_VFORK_SIGCHLD || !origin->shares)
        return false;
    origin->way = WAY_VFORK;
    return true;
}

START_TEST(child_by_vfork_leaves_a_pidfd_and_nothing_else)
{
    char *argv[] = { "true", NULL };
    struct spawn_origin origin;
    struct spawn_spec spec = { .argv = argv, .envp = no_env, .fd = { 0, 1, 2 }, .origin = &origin };
    int before = harness_fds();
    int i, pidfd;
    pid_t pid;

    if (!find_vfork(&origin))
        SUITE_SKIP("no pidfds, or descriptors cannot be shared here");
    for (i = 0; i < 10; i++) {
        siginfo_t gone;

        spec.path = i % 2 == 0 ? "/bin/true" : "/no/such";
        if (i % 2 == 1) {
            ck_assert_int_eq(spawn_start(&spec, &pid, &pidfd, &h.err), -ENOENT);
            continue;
        }
        ck_assert_int_eq(spawn_start(&spec, &pid, &pidfd, &h.err), 0);
        ck_assert_int_eq(fcntl(pidfd, F_GETFD), FD_CLOEXEC);
        ck_assert_int_eq(waitid(P_PIDFD, (id_t)pidfd, &gone, WEXITED), 0);
        ck_assert_int_eq(gone.si_pid, pid);
        ck_assert_int_eq(close(pidfd), 0);
    }
    ck_assert_int_eq(harness_fds(), before);
}
END_TEST

START_TEST(child_that_can_have_no_pidfd_does_not_get_to_its_program)
{
    char *argv[] = { "x", NULL };
    struct spawn_origin origin;
    /* Were it to get there, it would say so. */
    struct spawn_spec spec = {
        .path = "/no/such", .argv = argv, .envp = no_env, .fd = { 0, 1, 2 }, .origin = &origin
    };
    int pidfd;
    pid_t pid;

    if (!find_vfork(&origin))
        SUITE_SKIP("no pidfds, or descriptors cannot be shared here");
    if (!forbid(SYS_pidfd_open, EMFILE))
        SUITE_SKIP("seccomp filters are not allowed here");
    ck_assert_int_eq(spawn_start(&spec, &pid, &pidfd, &h.err), -EMFILE);
    ck_assert_msg(strncmp(h.err.text, "clone", 5) == 0, "%s", h.err.text);
    ck_assert_int_eq(waitid(P_ALL, 0, &(siginfo_t){ .si_pid = 0 }, WEXITED), -1);
    ck_assert_int_eq(errno, ECHILD);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("exec/spawn");
    TCase *tc = tcase_create("spawn");

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, harness_find_probe, NULL);
    tcase_add_loop_test(
        tc, descriptors_land_where_they_should, 0, sizeof(places) / sizeof(places[0]));
    tcase_add_loop_test(tc, closed_descriptor_is_told, 0, 3);
    tcase_add_test(tc, failure_leaves_no_process_and_no_result);
    tcase_add_test(tc, own_mask_and_handlers_are_untouched);
    tcase_add_test(tc, own_limits_session_and_directory_are_untouched);
    tcase_add_test(tc, survey_finds_what_is_not_at_its_default);
    tcase_add_test(tc, pidfd_closes_on_exec);
    tcase_add_loop_test(tc, descriptors_stay_closed_without_close_range, 0, 3);
    tcase_add_test(tc, child_by_vfork_leaves_a_pidfd_and_nothing_else);
    tcase_add_test(tc, child_that_can_have_no_pidfd_does_not_get_to_its_program);
    tcase_add_test(tc, threads_spawn_at_the_same_time);
    tcase_add_test(tc, long_argument_lists_need_no_stack_of_ours);
    tcase_add_test(tc, too_long_an_argument_list_is_told);
    suite_add_tcase(s, tc);
    return s;
}
