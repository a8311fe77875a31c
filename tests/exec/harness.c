/* tests/exec/harness.c -- contracts are in harness.h. */
#include "config.h"

#include <check.h>
#include <dirent.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "exec/tree.h"
#include "tests/exec/harness.h"

struct harness h;

static char *const environment[] = { "PATH=/usr/bin:/bin", "ONE=1", NULL };

void
harness_find_probe(void)
{
    ssize_t n = readlink("/proc/self/exe", h.probe, sizeof(h.probe) - sizeof("probe"));

    ck_assert_int_gt((int)n, 0);
    h.probe[n] = '\0';
    strcpy(strrchr(h.probe, '/') + 1, "probe");
    ck_assert_msg(access(h.probe, X_OK) == 0, "%s is missing", h.probe);
}

void
harness_open(void)
{
    harness_find_probe();
    h.fds = harness_fds();
    ck_assert_int_eq(harness_children(), 0);
    h.out = mmap(NULL, HARNESS_OUT, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(h.out, MAP_FAILED);
    ck_assert_msg(engine_open(&h.engine, &h.err) == 0, "%s", h.err.text);
    h.idle = harness_fds();
    h.spec = (struct run_spec){
        .envp = environment,
        .out = h.out,
        .out_max = HARNESS_OUT - 1,
        .timeout = 30 * CLOCK_SEC,
        .grace = 5 * CLOCK_SEC,
        .cgroup = CGROUP_NEVER, /* exec/run.h has to do without, too */
    };
}

void
harness_close(void)
{
    int64_t end = clock_now() + 5 * CLOCK_SEC;

    while (engine_reap(h.engine) && clock_now() < end)
        harness_sleep(CLOCK_MSEC);
    ck_assert_int_eq(harness_children(), 0);
    engine_close(h.engine);
    ck_assert_int_eq(munmap(h.out, HARNESS_OUT), 0);
    ck_assert_int_eq(harness_fds(), h.fds);
}

static void
take_words(size_t n, const char *word, va_list ap)
{
    for (; word != NULL; word = va_arg(ap, const char *)) {
        ck_assert_uint_lt(n, HARNESS_ARGS - 1);
        h.argv[n++] = (char *)(uintptr_t)word;
    }
    h.argv[n] = NULL;
    h.spec.argv = h.argv;
}

void
harness_probe(const char *verb, ...)
{
    va_list ap;

    h.spec.path = h.probe;
    h.argv[0] = h.probe;
    va_start(ap, verb);
    take_words(1, verb, ap);
    va_end(ap);
}

void
harness_command(const char *path, ...)
{
    va_list ap;

    h.spec.path = path;
    va_start(ap, path);
    take_words(0, path, ap);
    va_end(ap);
}

void
harness_start(void)
{
    memset(h.out, 0, 4096); /* so that what is said so far is a string */
    ck_assert_msg(run_start(&h.run, h.engine, &h.spec, &h.err) == 0, "%s", h.err.text);
}

const struct run_result *
harness_run(void)
{
    harness_start();
    run_drive(&h.run, -1);
    h.out[run_result(&h.run)->out_len] = '\0';
    return run_result(&h.run);
}

const char *
harness_said(void)
{
    return (const char *)h.out;
}

size_t
harness_pids(pid_t *pids, size_t max)
{
    const char *s = harness_said();
    size_t n = 0;
    char *end;
    long pid;

    while (n < max && (pid = strtol(s, &end, 10)) > 0) {
        pids[n++] = (pid_t)pid;
        s = end;
    }
    return n;
}

void
harness_read_pids(pid_t *pids, size_t lines)
{
    int64_t end = clock_now() + 10 * CLOCK_SEC;
    size_t n;

    do {
        ck_assert_int_eq(run_step(&h.run, 0), RUN_PARKED);
        ck_assert_int_lt(clock_now(), end);
        harness_sleep(CLOCK_MSEC);
        n = harness_pids(pids, lines);
        /* A number counts once its line is complete. */
    } while (n < lines || strchr(harness_said(), '\0')[-1] != '\n');
}

bool
harness_alive(pid_t pid)
{
    struct tree_proc p;

    return tree_look(pid, &p) == 0 && !tree_ended(&p);
}

bool
harness_gone(pid_t pid)
{
    int64_t end = clock_now() + 5 * CLOCK_SEC;

    while (harness_alive(pid)) {
        if (clock_now() > end)
            return false;
        harness_sleep(CLOCK_MSEC);
    }
    return true;
}

static int
count_names(const char *dir)
{
    DIR *d = opendir(dir);
    const struct dirent *entry;
    int n = 0;

    ck_assert_ptr_nonnull(d);
    while ((entry = readdir(d)) != NULL)
        n += entry->d_name[0] != '.';
    ck_assert_int_eq(closedir(d), 0);
    return n;
}

int
harness_fds(void)
{
    return count_names("/proc/self/fd") - 1; /* not the directory itself */
}

bool
harness_idle(void)
{
    int64_t end = clock_now() + 5 * CLOCK_SEC;

    while (harness_fds() != h.idle) {
        if (clock_now() > end)
            return false;
        harness_sleep(CLOCK_MSEC);
    }
    return true;
}

int
harness_children(void)
{
    DIR *d = opendir("/proc/self/task");
    struct tree_pids list = { .pid = NULL };
    const struct dirent *entry;
    int n;

    ck_assert_ptr_nonnull(d);
    while ((entry = readdir(d)) != NULL) {
        FD_AUTO int fd = -1;

        if (entry->d_name[0] == '.')
            continue;
        fd = tree_open(getpid(), (pid_t)strtol(entry->d_name, NULL, 10));
        if (fd >= 0)
            ck_assert_int_eq(tree_children(fd, &list), 0);
    }
    ck_assert_int_eq(closedir(d), 0);
    n = (int)list.n;
    tree_free(&list);
    return n;
}

void
harness_sleep(int64_t ns)
{
    struct timespec t = { .tv_sec = ns / CLOCK_SEC, .tv_nsec = ns % CLOCK_SEC };

    (void)nanosleep(&t, NULL);
}
