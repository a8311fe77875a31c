/* tests/exec/test_fence.c -- exec/fence.h, exec/cgroup_pool.h: a run's cgroup, its limits, its end.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec/cgroup_knob.h"
#include "exec/cgroup_pool.h"
#include "exec/way.h"
#include "tests/exec/harness.h"
#include "tests/suite.h"

static struct cgroup_place place; /* of this machine */
static struct cgroup_limits limits;
static pid_t pids[8];

static void
open_fenced(void)
{
    cgroup_place_find(&place);
    harness_open();
    h.spec.cgroup = CGROUP_AUTO;
    limits = (struct cgroup_limits){ .memory = 0 };
    h.spec.cgroup_limits = &limits;
}

#define NEED(part)                                                        \
    do {                                                                  \
        if (place.where[part] < 0)                                        \
            SUITE_SKIP("no cgroup that we may make has this controller"); \
    } while (0)

/* How many cgroups process `of` owns; those of this test are in no hierarchy
 * but the one that knows the processes, or all of them. */
static int
owned_by(pid_t of)
{
    char mine[32];
    int n = 0;
    size_t i;

    (void)snprintf(mine, sizeof(mine), "cmon-%d.", (int)of);
    for (i = 0; i < CGROUP_HIER_MAX; i++) {
        DIR *d = place.dir[i][0] != '\0' ? opendir(place.dir[i]) : NULL;
        const struct dirent *entry;

        while (d != NULL && (entry = readdir(d)) != NULL)
            n += strncmp(entry->d_name, mine, strlen(mine)) == 0;
        if (d != NULL)
            ck_assert_int_eq(closedir(d), 0);
    }
    return n;
}

START_TEST(daemon_of_one_of_two_runs_ends_with_its_own)
{
    struct run other;
    struct run_spec spec = h.spec;
    char *const pause_argv[] = { h.probe, (char[]){ "pause" }, NULL };
    unsigned char out[64];
    int64_t began;

    NEED(CGROUP_TREE);
    spec.path = h.probe;
    spec.argv = pause_argv;
    spec.out = out;
    spec.out_max = sizeof(out);
    ck_assert_int_eq(run_start(&other, h.engine, &spec, &h.err), 0);
    harness_sleep(50 * CLOCK_MSEC); /* births are told apart by hundredths of a second */

    harness_probe("leave", _i == 0 ? "daemon" : "session", NULL);
    began = clock_now();
    ck_assert_uint_eq(harness_run()->leftover, 1);
    ck_assert_int_lt(clock_now() - began, 10 * CLOCK_SEC);
    ck_assert_uint_eq(harness_pids(pids, 1), 1);
    ck_assert(!harness_alive(pids[0]));

    ck_assert_int_eq(run_step(&other, 0), RUN_PARKED); /* it has not been hit */
    run_cancel(&other, true);
    run_drive(&other, -1);
    ck_assert_int_eq(run_result(&other)->cause, RUN_CANCELLED);
}
END_TEST

START_TEST(cgroups_are_used_again_and_removed_at_the_end)
{
    int i;

    NEED(CGROUP_TREE);
    ck_assert_int_eq(owned_by(getpid()), 0);
    for (i = 0; i < 5; i++) {
        /* Twice clean, then killed in, then clean in a new one. */
        harness_probe(i == 2 ? "leave" : "args", "child", NULL);
        ck_assert_int_eq(harness_run()->code, 0);
        ck_assert_int_eq(run_result(&h.run)->cause, RUN_EXITED);
        ck_assert_uint_eq(run_result(&h.run)->leftover, i == 2);
        ck_assert_int_eq(owned_by(getpid()), 1);
    }
    engine_close(h.engine);
    ck_assert_int_eq(owned_by(getpid()), 0);
    ck_assert_int_eq(engine_open(&h.engine, &h.err), 0);
}
END_TEST

/* The name of the cgroup that a command found itself in. */
static void
name_of(char name[64])
{
    const char *at;

    harness_command("/bin/cat", "/proc/self/cgroup", NULL);
    ck_assert_int_eq(harness_run()->code, 0);
    at = strstr(harness_said(), "/run-");
    ck_assert_ptr_nonnull(at);
    ck_assert_int_eq(sscanf(at, "/%63[^\n]", name), 1);
}

START_TEST(one_with_a_limit_of_processes_serves_runs_that_have_the_same)
{
    char first[64], name[64], other[64];
    size_t i;

    NEED(CGROUP_PIDS);
    limits.pids = 20;
    name_of(first);
    name_of(name);
    ck_assert_str_eq(name, first);
    limits.pids = 21;
    name_of(other);
    ck_assert_str_ne(other, first);
    limits.pids = 0;
    name_of(name);
    ck_assert_str_ne(name, first);
    ck_assert_str_ne(name, other);
    for (i = 0; i < 100; i++) { /* nobody's limit keeps others out for ever */
        limits.pids = 30 + (int64_t)i;
        name_of(other);
        name_of(name);
        ck_assert_str_eq(name, other);
    }
    limits.pids = 20;
    name_of(name);
    ck_assert_str_ne(name, first); /* it was in the way */
    limits.memory = 64 * 1024 * 1024;
    name_of(name);
    name_of(other);
    ck_assert_str_ne(name, other); /* memory is counted on */
}
END_TEST

START_TEST(never_makes_none)
{
    h.spec.cgroup = CGROUP_NEVER;
    harness_probe("args", "x", NULL);
    ck_assert_int_eq(harness_run()->code, 0);
    ck_assert_int_eq(owned_by(getpid()), 0);
}
END_TEST

/* A program that dies by SIGKILL in the middle of a run, in a process of its
 * own; what its commands started writes its pid to `said`. */
static pid_t
crash(int said, bool detach)
{
    pid_t child = fork();

    if (child == 0) {
        struct engine *e;
        struct run run;
        struct run_spec spec = h.spec;
        char script[64];
        char *const argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, script, NULL };

        (void)snprintf(
            script, sizeof(script), "echo $$ >/proc/%d/fd/%d; exec sleep 50", (int)getppid(), said);
        spec.path = "/bin/sh";
        spec.argv = argv;
        spec.detach = detach;
        if (engine_open(&e, &h.err) < 0 || run_start(&run, e, &spec, &h.err) < 0)
            _exit(1);
        harness_sleep(20 * CLOCK_SEC);
        _exit(2);
    }
    return child;
}

static pid_t
read_pid(int fd)
{
    char text[32] = "";

    ck_assert_int_gt((int)read(fd, text, sizeof(text) - 1), 0);
    return (pid_t)atoi(text);
}

START_TEST(next_start_ends_what_a_killed_one_left_and_spares_detached)
{
    int said[2];
    pid_t dead, orphan;
    int status;

    NEED(CGROUP_TREE);
    ck_assert_int_eq(pipe(said), 0);
    dead = crash(said[1], _i == 1);
    orphan = read_pid(said[0]);
    ck_assert(harness_alive(orphan));

    /* While its owner lives, nobody touches it. */
    engine_close(h.engine);
    ck_assert_int_eq(engine_open(&h.engine, &h.err), 0);
    ck_assert(harness_alive(orphan));

    ck_assert_int_eq(kill(dead, SIGKILL), 0);
    ck_assert_int_eq(waitpid(dead, &status, 0), dead);
    ck_assert(harness_alive(orphan));
    engine_close(h.engine);
    ck_assert_int_eq(engine_open(&h.engine, &h.err), 0);
    if (_i == 1) {
        ck_assert(harness_alive(orphan));
        ck_assert_int_eq(owned_by(dead), 1);
        ck_assert_int_eq(kill(orphan, SIGKILL), 0);
        ck_assert_int_eq(waitpid(orphan, NULL, 0), orphan); /* its reaper: we are older */
        engine_close(h.engine);
        ck_assert_int_eq(engine_open(&h.engine, &h.err), 0);
    } else {
        ck_assert(harness_gone(orphan));
        ck_assert_int_eq(waitpid(orphan, NULL, 0), orphan);
    }
    ck_assert_int_eq(owned_by(dead), 0);
    ck_assert_int_eq(close(said[0]), 0);
    ck_assert_int_eq(close(said[1]), 0);
}
END_TEST

START_TEST(detached_processes_outlive_the_engine)
{
    NEED(CGROUP_TREE);
    harness_probe("leave", "daemon", NULL);
    h.spec.detach = true;
    ck_assert_int_eq(harness_run()->code, 0);
    ck_assert_uint_eq(harness_pids(pids, 1), 1);
    engine_close(h.engine);
    ck_assert(harness_alive(pids[0]));
    ck_assert_int_eq(owned_by(getpid()), 1);
    ck_assert_int_eq(engine_open(&h.engine, &h.err), 0);
    ck_assert(harness_alive(pids[0]));
    ck_assert_int_eq(kill(pids[0], SIGKILL), 0);
    ck_assert_int_eq(waitpid(pids[0], NULL, 0), pids[0]); /* we are its reaper */
    engine_close(h.engine);
    ck_assert_int_eq(engine_open(&h.engine, &h.err), 0);
    ck_assert_int_eq(owned_by(getpid()), 0);
}
END_TEST

START_TEST(memory_is_limited_and_the_kill_is_told)
{
    static const char hungry[] = "x=$(head -c 100000000 /dev/zero | tr '\\0' x); echo ${#x}";

    NEED(CGROUP_MEMORY);
    limits.memory = 16 * 1024 * 1024;
    harness_command("/bin/sh", "-c", hungry, NULL);
    (void)harness_run();
    ck_assert(run_result(&h.run)->oom);
    ck_assert_ptr_null(strstr(harness_said(), "100000000"));

    /* And what fits is not killed, nor told of the one before. */
    harness_probe("args", "fits", NULL);
    ck_assert_int_eq(harness_run()->code, 0);
    ck_assert(!run_result(&h.run)->oom);
    ck_assert_str_eq(harness_said(), "fits\n");
}
END_TEST

START_TEST(memory_without_a_cgroup_is_the_address_space_of_each_process)
{
    limits.memory = 64 * 1024 * 1024;
    h.spec.cgroup = CGROUP_NEVER;
    harness_command("/bin/sh", "-c", "ulimit -v", NULL);
    ck_assert_int_eq(harness_run()->code, 0);
    ck_assert_str_eq(harness_said(), "65536\n");
}
END_TEST

START_TEST(cpu_is_throttled)
{
    static const char busy[] = "TIMEFORMAT='%U %S'; time timeout 2 sh -c 'while :; do :; done'";
    const struct run_result *x;
    double user = -1, system = -1;

    NEED(CGROUP_CPU);
    limits.cpu = 100; /* a tenth of one */
    harness_command("/bin/bash", "-c", busy, NULL);
    x = harness_run();
    ck_assert_int_eq(x->cause, RUN_EXITED);
    ck_assert_int_eq(sscanf(harness_said(), "%lf %lf", &user, &system), 2);
    ck_assert_msg(user + system < 1.0, "%f + %f s of CPU in 2 s", user, system);
}
END_TEST

START_TEST(kernel_counts_the_times_it_was_made_to_wait)
{
    /* Its own cgroup, as it finds it itself: version 2, or cpu of version 1. */
    static const char look[] =
        "timeout 1 sh -c 'while :; do :; done';"
        "for d in /sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup)"
        " /sys/fs/cgroup/cpu$(sed -n 's/^[0-9]*:cpu\\(,cpuacct\\)*://p' /proc/self/cgroup); do"
        " cat $d/cpu.stat 2>/dev/null; done";
    static const char word[] = "nr_throttled ";
    const char *at;
    int times = 0;

    NEED(CGROUP_CPU);
    limits.cpu = 200;
    harness_command("/bin/sh", "-c", look, NULL);
    ck_assert_int_eq(harness_run()->cause, RUN_EXITED);
    at = strstr(harness_said(), word);
    if (at == NULL)
        SUITE_SKIP("cgroups are not below /sys/fs/cgroup");
    for (; at != NULL; at = strstr(at + 1, word))
        times += atoi(at + strlen(word));
    ck_assert_int_gt(times, 0);
}
END_TEST

START_TEST(fork_bomb_stays_within_its_pids)
{
    /* Bounded whatever happens: 200 forks, each of which sleeps. */
    static const char bomb[] =
        "i=0; while [ $i -lt 200 ]; do sleep 30 & i=$((i + 1)); done 2>/dev/null; echo survived";
    const struct run_result *x;

    NEED(CGROUP_PIDS);
    limits.pids = 20;
    harness_command("/bin/sh", "-c", bomb, NULL);
    x = harness_run();
    ck_assert_uint_le(x->leftover, 20);
    ck_assert_uint_ge(x->leftover, 10);
    ck_assert_int_eq(harness_children(), 0);
}
END_TEST

static void *
run_some(void *engine)
{
    unsigned char out[64];
    char *const argv[] = { h.probe, (char[]){ "leave" }, (char[]){ "daemon" }, NULL };
    struct run_spec spec = h.spec;
    struct run run;
    struct err err;
    size_t i;

    spec.path = h.probe;
    spec.argv = argv;
    spec.out = out;
    spec.out_max = sizeof(out);
    for (i = 0; i < 20; i++) {
        if (run_start(&run, engine, &spec, &err) < 0)
            return "does not start";
        run_drive(&run, -1);
        if (run_result(&run)->leftover != 1)
            return "has not killed its daemon";
    }
    return NULL;
}

START_TEST(runs_of_many_threads_end_their_own)
{
    pthread_t threads[4];
    size_t i;

    NEED(CGROUP_TREE);
    for (i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, run_some, h.engine), 0);
    for (i = 0; i < 4; i++) {
        void *wrong;

        ck_assert_int_eq(pthread_join(threads[i], &wrong), 0);
        ck_assert_msg(wrong == NULL, "%s", (const char *)wrong);
    }
}
END_TEST

START_TEST(want_of_a_descriptor_is_no_word_on_where_children_can_be_born)
{
    struct cgroup_pool *pool = engine_cgroups(h.engine);
    struct rlimit before, none;
    struct cgroup *cg;

    NEED(CGROUP_TREE);
    ck_assert_int_eq(cgroup_pool_take(pool, &limits, false, &cg, &h.err), 0);
    if (cg->dir < 0 || way_bears(cg->dir) <= 0) {
        cgroup_pool_give(pool, cg, false, true);
        SUITE_SKIP("no child can be born in a cgroup here");
    }
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){ .rlim_cur = 3, .rlim_max = before.rlim_max };
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    ck_assert_int_eq(way_bears(cg->dir), -EMFILE);
    ck_assert(!cgroup_pool_bears(pool, cg));
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    ck_assert(cgroup_pool_bears(pool, cg));
    cgroup_pool_give(pool, cg, false, true);
}
END_TEST

START_TEST(knob_that_takes_only_a_part_is_an_error)
{
    char name[] = "test_fence.XXXXXX";
    struct rlimit before, small;
    int fd = mkstemp(name);
    int set, r;

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(close(fd), 0);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){ .rlim_cur = 2, .rlim_max = before.rlim_max };
    /* Nothing is asserted meanwhile: that writes, too. */
    set = setrlimit(RLIMIT_FSIZE, &small);
    errno = 0;
    r = cgroup_knob_write(AT_FDCWD, ".", name, &h.err, "%d", 12345);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    ck_assert_int_eq(set, 0);
    ck_assert_int_eq(r, -EIO);
    ck_assert_int_eq(cgroup_knob_write(AT_FDCWD, ".", name, &h.err, "%d", 12345), 0);
    ck_assert_int_eq(unlink(name), 0);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("exec/fence");
    TCase *tc = tcase_create("fence");

    tcase_add_checked_fixture(tc, open_fenced, harness_close);
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, daemon_of_one_of_two_runs_ends_with_its_own, 0, 2);
    tcase_add_test(tc, cgroups_are_used_again_and_removed_at_the_end);
    tcase_add_test(tc, one_with_a_limit_of_processes_serves_runs_that_have_the_same);
    tcase_add_test(tc, never_makes_none);
    tcase_add_loop_test(tc, next_start_ends_what_a_killed_one_left_and_spares_detached, 0, 2);
    tcase_add_test(tc, detached_processes_outlive_the_engine);
    tcase_add_test(tc, runs_of_many_threads_end_their_own);
    tcase_add_test(tc, want_of_a_descriptor_is_no_word_on_where_children_can_be_born);
    tcase_add_test(tc, knob_that_takes_only_a_part_is_an_error);
    suite_add_tcase(s, tc);

    tc = tcase_create("limits");
    tcase_add_checked_fixture(tc, open_fenced, harness_close);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, memory_is_limited_and_the_kill_is_told);
    tcase_add_test(tc, memory_without_a_cgroup_is_the_address_space_of_each_process);
    tcase_add_test(tc, cpu_is_throttled);
    tcase_add_test(tc, kernel_counts_the_times_it_was_made_to_wait);
    tcase_add_test(tc, fork_bomb_stays_within_its_pids);
    suite_add_tcase(s, tc);
    return s;
}
