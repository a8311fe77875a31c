/* tests/exec/test_way.c -- exec/way.h, promise by promise. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec/spawn.h"
#include "exec/way.h"
#include "tests/exec/filter.h"
#include "tests/exec/harness.h"
#include "tests/suite.h"

static char *const no_env[] = { NULL };

/* What is forbidden, and the best way then. */
static const struct {
    const char *names[3];
    int n;
    enum way way;
} left[] = {
    { { NULL }, 0, WAY_CLONE3 },
    { { "clone3" }, 1, WAY_CLONE },
    { { "clone3", "clone-pidfd" }, 2, WAY_VFORK },
    { { "clone3", "clone-pidfd", "pidfd" }, 3, WAY_VFORK_SIGCHLD },
    /* Only to be probed: glibc starts no threads where clone3(2) says EPERM. */
    { { "clone3!EPERM" }, 1, WAY_CLONE },
    { { "clone3!EPERM", "clone-pidfd!EPERM" }, 2, WAY_VFORK },
    { { "clone3!EPERM", "clone-pidfd!EPERM", "pidfd!EPERM" }, 3, WAY_VFORK_SIGCHLD },
};

enum {
    LEFT = sizeof(left) / sizeof(left[0]),
    RUNNABLE = 4,
};

/* The way that `without` has left to all of this test, or the best one. */
static enum way
outer_way(void)
{
    const char *name = getenv("CMON_WAY");
    enum way way = WAY_CLONE3;

    while (name != NULL && way < WAY_MAX && strcmp(way_name(way), name) != 0)
        way++;
    ck_assert_int_lt((int)way, WAY_MAX);
    return way;
}

/* Returns the way that is left, or WAY_MAX where filters are not allowed. */
static enum way
forbid(int i)
{
    char *names[3];
    int k;

    for (k = 0; k < left[i].n; k++)
        names[k] = (char *)(uintptr_t)left[i].names[k];
    if (left[i].n > 0 && filter_forbid(names, left[i].n) < 0)
        return WAY_MAX;
    return left[i].way > outer_way() ? left[i].way : outer_way();
}

START_TEST(probe_finds_the_best_way_that_is_not_refused)
{
    enum way way = forbid(_i);

    if (way == WAY_MAX)
        SUITE_SKIP("seccomp filters are not allowed here");
    ck_assert_str_eq(way_name(way_probe()), way_name(way));
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
}
END_TEST

START_TEST(every_way_runs_and_says_why_it_could_not)
{
    enum way way = forbid(_i);

    if (way == WAY_MAX)
        SUITE_SKIP("seccomp filters are not allowed here");
    harness_open();
    ck_assert_str_eq(engine_way(h.engine), way_name(way));
    harness_probe("exit", "7", NULL);
    ck_assert_int_eq(harness_run()->code, 7);
    ck_assert_int_eq(run_result(&h.run)->cause, RUN_EXITED);
    harness_probe("fds", NULL);
    ck_assert_int_eq(harness_run()->code, 0);
    ck_assert_str_eq(harness_said(), "0\n1\n2\n");
    harness_probe("signals", NULL);
    ck_assert_int_eq(harness_run()->code, 0);
    ck_assert_str_eq(harness_said(), "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");

    h.spec.workdir = "/no/such";
    ck_assert_int_eq(run_start(&h.run, h.engine, &h.spec, &h.err), -ENOENT);
    ck_assert_str_eq(h.err.text, "chdir /no/such: No such file or directory");
    h.spec.workdir = NULL;
    h.spec.path = "/no/x";
    ck_assert_int_eq(run_start(&h.run, h.engine, &h.spec, &h.err), -ENOENT);
    ck_assert_str_eq(h.err.text, "exec /no/x: No such file or directory");
    ck_assert_int_eq(harness_children(), 0);
    harness_close();
}
END_TEST

/* Which of this thread's signals are blocked, in hexadecimal. */
static void
read_mask(char mask[17])
{
    FILE *f = fopen("/proc/thread-self/status", "r");
    char line[256];
    int n = 0;

    ck_assert_ptr_nonnull(f);
    while (n != 1 && fgets(line, sizeof(line), f) != NULL)
        n = sscanf(line, "SigBlk: %16s", mask);
    (void)fclose(f);
    ck_assert_int_eq(n, 1);
}

static int
leave(void *arg)
{
    (void)arg;
    _exit(0);
}

/* In a process of its own, because sanitizers block signals at the end. */
static void
start_unprotected(enum way way)
{
    char *names[] = { (char[]){ "mask" } };
    char before[17], after[17];
    pid_t pid = 0;
    int pidfd = -1;

    read_mask(before);
    if (filter_forbid(names, 1) < 0)
        _exit(1);
    if (way_start(way, way_shares(way), leave, NULL, -1, &pid, &pidfd) != -EINVAL)
        _exit(2);
    read_mask(after);
    if (strcmp(after, before) != 0)
        _exit(3);
    _exit(waitpid(-1, NULL, 0) < 0 && errno == ECHILD ? 0 : 4);
}

START_TEST(no_way_starts_what_it_cannot_keep_signals_from)
{
    enum way way = forbid(_i);
    pid_t pid;
    int status;

    if (way == WAY_MAX)
        SUITE_SKIP("seccomp filters are not allowed here");
    pid = fork();
    if (pid == 0)
        start_unprotected(way);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(status == 0, "wait status %#x", (unsigned)status);
}
END_TEST

START_TEST(every_way_tells_of_the_end_by_a_descriptor)
{
    struct pollfd p = { .events = POLLIN };
    bool ours = forbid(_i) != WAY_MAX;

    if (!ours)
        SUITE_SKIP("seccomp filters are not allowed here");
    if (SUITE_TSAN && _i == WAY_VFORK_SIGCHLD)
        SUITE_SKIP("ThreadSanitizer puts signal handlers off");
    harness_open();
    harness_probe("pause", NULL);
    harness_start();
    p.fd = run_exit_fd(&h.run);
    ck_assert_int_ge(p.fd, 3);
    ck_assert_int_eq(fcntl(p.fd, F_GETFD), FD_CLOEXEC);
    ck_assert_int_eq(poll(&p, 1, 50), 0);
    ck_assert_int_eq(kill(h.run.member.pid, SIGINT), 0);
    while (poll(&p, 1, 20000) < 0) /* a signal may come in between */
        ck_assert_int_eq(errno, EINTR);
    ck_assert_int_eq(p.revents, POLLIN);
    ck_assert_int_eq(run_step(&h.run, RUN_WAKE_EXIT), RUN_OVER);
    ck_assert(run_result(&h.run)->signaled);
    ck_assert_int_eq(run_result(&h.run)->code, SIGINT);
    harness_close();
}
END_TEST

START_TEST(every_way_ends_the_whole_tree)
{
    pid_t pids[4];
    size_t i;

    if (forbid(_i) == WAY_MAX)
        SUITE_SKIP("seccomp filters are not allowed here");
    harness_open();
    h.spec.timeout = 300 * CLOCK_MSEC;
    h.spec.grace = 100 * CLOCK_MSEC;
    harness_probe("keep", "child", "deaf", "session", "daemon", NULL);
    harness_start();
    harness_read_pids(pids, 4);
    run_drive(&h.run, -1);
    ck_assert_int_eq(run_result(&h.run)->cause, RUN_TIMED_OUT);
    for (i = 0; i < 4; i++)
        ck_assert(harness_gone(pids[i]));
    harness_close();
}
END_TEST

static void
notice(int sig)
{
    (void)sig;
}

START_TEST(every_way_leaves_our_memory_stack_and_handlers_alone)
{
    volatile unsigned char mine[4096];
    struct spawn_origin origin;
    char *argv[] = { "/bin/true", NULL };
    struct spawn_spec spec = {
        .path = "/bin/true", .argv = argv, .envp = no_env, .fd = { 0, 1, 2 }, .origin = &origin
    };
    struct sigaction act;
    int pidfd;
    pid_t pid;
    size_t i;

    (void)signal(SIGUSR1, notice);
    spawn_survey(&origin);
    if ((enum way)_i > origin.way) /* a better one is forbidden */
        origin.way = (enum way)_i;
    for (i = 0; i < sizeof(mine); i++)
        mine[i] = (unsigned char)i;
    ck_assert_msg(spawn_start(&spec, &pid, &pidfd, &h.err) == 0, "%s", h.err.text);
    way_reap(pid);
    for (i = 0; i < sizeof(mine); i++)
        ck_assert_uint_eq(mine[i], (unsigned char)i);
    ck_assert_int_eq(sigaction(SIGUSR1, NULL, &act), 0);
    ck_assert(act.sa_handler == notice);
    ck_assert_int_eq(pidfd >= 0, origin.way != WAY_VFORK_SIGCHLD);
    ck_assert(pidfd < 0 || close(pidfd) == 0);
}
END_TEST

/* A cgroup of our own, removed by its destructor; "" where we may make none. */
static char group[256];

static void
make_group(void)
{
    static const char *const roots[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
    char procs[300];
    size_t i;

    for (i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
        (void)snprintf(group, sizeof(group), "%s/cmon-test-%d", roots[i], (int)getpid());
        (void)snprintf(procs, sizeof(procs), "%s/cgroup.kill", group);
        if (mkdir(group, 0755) < 0)
            continue;
        if (access(procs, F_OK) == 0)
            return;
        (void)rmdir(group);
    }
    group[0] = '\0';
}

static void
remove_group(void)
{
    if (group[0] != '\0')
        ck_assert_int_eq(rmdir(group), 0);
}

/* Opens the group, or its cgroup.procs. */
static int
open_group(const char *name, int flags)
{
    char path[300];
    int fd;

    (void)snprintf(path, sizeof(path), "%s/%s", group, name);
    fd = open(path, flags | O_CLOEXEC);
    ck_assert_int_gt(fd, 2);
    return fd;
}

START_TEST(a_child_is_in_its_cgroup_before_it_is_the_program)
{
    struct spawn_origin origin;
    char *argv[] = { "/bin/cat", "/proc/self/cgroup", NULL };
    struct spawn_spec spec = {
        .path = "/bin/cat", .argv = argv, .envp = no_env, .origin = &origin
    };
    char said[4096] = "";
    int pidfd;
    pid_t pid;
    int p[2];

    if (group[0] == '\0')
        SUITE_SKIP("no cgroup can be made here");
    spawn_survey(&origin);
    if ((enum way)_i > origin.way) /* a better one is forbidden */
        origin.way = (enum way)_i;
    ck_assert_int_eq(pipe2(p, O_CLOEXEC), 0);
    spec.fd[1] = spec.fd[2] = p[1];
    spec.cgroup = open_group("", O_RDONLY | O_DIRECTORY);
    spec.cgroup_procs = open_group("cgroup.procs", O_WRONLY);
    ck_assert_msg(spawn_start(&spec, &pid, &pidfd, &h.err) == 0, "%s", h.err.text);
    way_reap(pid);
    ck_assert_int_gt((int)read(p[0], said, sizeof(said) - 1), 0);
    ck_assert_msg(strstr(said, strrchr(group, '/')) != NULL, "it is in %s", said);
    ck_assert(close(spec.cgroup) == 0 && close(spec.cgroup_procs) == 0);
    ck_assert(pidfd < 0 || close(pidfd) == 0);
}
END_TEST

START_TEST(a_cgroup_that_cannot_be_joined_is_told)
{
    struct spawn_origin origin;
    char *argv[] = { "/bin/true", NULL };
    struct spawn_spec spec = {
        .path = "/bin/true", .argv = argv, .envp = no_env, .fd = { 0, 1, 2 }, .origin = &origin
    };
    int pidfd;
    pid_t pid;

    spawn_survey(&origin);
    if ((enum way)_i > origin.way) /* a better one is forbidden */
        origin.way = (enum way)_i;
    spec.cgroup = spec.cgroup_procs = open("/dev/null", O_RDONLY | O_CLOEXEC);
    ck_assert_int_gt(spec.cgroup, 2);
    ck_assert_int_eq(spawn_start(&spec, &pid, &pidfd, &h.err), -EBADF);
    ck_assert_str_eq(h.err.text, "cgroup: Bad file descriptor");
    ck_assert_int_eq(harness_children(), 0);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("exec/way");
    TCase *tc = tcase_create("way");
    TCase *cgroups = tcase_create("cgroups");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, probe_finds_the_best_way_that_is_not_refused, 0, LEFT);
    tcase_add_loop_test(tc, every_way_runs_and_says_why_it_could_not, 0, RUNNABLE);
    tcase_add_loop_test(tc, no_way_starts_what_it_cannot_keep_signals_from, 0, RUNNABLE);
    tcase_add_loop_test(tc, every_way_tells_of_the_end_by_a_descriptor, 0, RUNNABLE);
    tcase_add_loop_test(tc, every_way_ends_the_whole_tree, 0, RUNNABLE);
    tcase_add_loop_test(tc, every_way_leaves_our_memory_stack_and_handlers_alone, 0, WAY_MAX);
    suite_add_tcase(s, tc);
    tcase_add_checked_fixture(cgroups, make_group, remove_group);
    tcase_set_timeout(cgroups, 60);
    tcase_add_loop_test(cgroups, a_child_is_in_its_cgroup_before_it_is_the_program, 0, WAY_MAX);
    tcase_add_loop_test(cgroups, a_cgroup_that_cannot_be_joined_is_told, 0, WAY_MAX);
    suite_add_tcase(s, cgroups);
    return s;
}
