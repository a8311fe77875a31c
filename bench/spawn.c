/* bench/spawn.c -- what a large process pays to start a small one: exec/spawn beside fork(2).
 *
 * Two processes, one of which has touched 500 MB, start a program in turns of a
 * few milliseconds.  A time is that of the call that starts it: spawn_start(),
 * or fork(2) until the child has reached exec(2), which closes a pipe.
 */
#include "config.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "exec/spawn.h"

enum {
    ROUNDS = 15,
    TURN = 21,     /* starts of one turn, the median of which counts */
    FORK_TURN = 3, /* the same, for fork(2), which takes its time */
    PAGE = 4096,
};

typedef int64_t (*start_fn)(char *const *argv);

/* Returns ns, or -1. */
static int64_t
start_by_spawn(char *const *argv)
{
    static struct spawn_origin origin;
    static char *const envp[] = { NULL };
    struct spawn_spec spec = { .path = argv[0], .argv = argv, .envp = envp, .origin = &origin };
    struct err err;
    int64_t begin, took;
    pid_t pid;
    int pidfd;

    if (origin.signals == 0)
        spawn_survey(&origin);
    spec.fd[1] = spec.fd[2] = 2;
    begin = clock_now();
    if (spawn_start(&spec, &pid, &pidfd, &err) < 0)
        return -1;
    took = clock_now() - begin;
    (void)close(pidfd);
    return waitpid(pid, NULL, 0) == pid ? took : -1;
}

static int64_t
start_by_fork(char *const *argv)
{
    int pipefd[2];
    int64_t begin, took;
    pid_t pid;
    char c;

    begin = clock_now();
    if (pipe2(pipefd, O_CLOEXEC) < 0)
        return -1;
    pid = fork();
    if (pid == 0) {
        execv(argv[0], argv);
        _exit(127);
    }
    (void)close(pipefd[1]);
    (void)!read(pipefd[0], &c, 1);
    took = clock_now() - begin;
    (void)close(pipefd[0]);
    return pid > 0 && waitpid(pid, NULL, 0) == pid ? took : -1;
}

static int
compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double
median(double *values, size_t n)
{
    qsort(values, n, sizeof(*values), compare);
    return values[n / 2];
}

/* A worker: touches `bytes`, then answers every byte with the median, in us,
 * of one turn; 's' is spawn, 'f' is fork, 'w' only warms up. */
static void
work(size_t bytes, char *const *argv, int orders, int results)
{
    unsigned char *memory =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char order;

    if (memory == MAP_FAILED || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        _exit(1);
    for (size_t at = 0; at < bytes; at += PAGE)
        memory[at] = 1;
    while (read(orders, &order, 1) == 1) {
        start_fn start = order == 'f' ? start_by_fork : start_by_spawn;
        size_t turn = order == 'f' ? FORK_TURN : TURN;
        double took[TURN], middle;

        for (size_t i = 0; i < turn; i++) {
            int64_t ns = start(argv);

            if (ns < 0)
                _exit(1);
            took[i] = (double)ns / 1e3;
        }
        middle = median(took, turn);
        if (write(results, &middle, sizeof(middle)) != sizeof(middle))
            _exit(1);
    }
    _exit(0);
}

struct worker {
    int orders, results;
};

static bool
start_worker(struct worker *w, size_t bytes, char *const *argv)
{
    int orders[2], results[2];
    pid_t pid;

    if (pipe2(orders, O_CLOEXEC) < 0 || pipe2(results, O_CLOEXEC) < 0)
        return false;
    pid = fork();
    if (pid == 0)
        work(bytes, argv, orders[0], results[1]);
    (void)close(orders[0]);
    (void)close(results[1]);
    *w = (struct worker){ orders[1], results[0] };
    return pid > 0;
}

static bool
ask(const struct worker *w, char order, double *ret)
{
    return write(w->orders, &order, 1) == 1 &&
           read(w->results, ret, sizeof(*ret)) == (ssize_t)sizeof(*ret);
}

/* Prints one line for one way to start. */
static bool
compare_sizes(const struct worker *small, const struct worker *large, char order, const char *name)
{
    double s[ROUNDS], l[ROUNDS], ratio[ROUNDS];

    for (size_t i = 0; i < ROUNDS; i++) {
        double after;

        if (!ask(small, order, &s[i]) || !ask(large, order, &l[i]) || !ask(small, order, &after))
            return false;
        ratio[i] = l[i] / ((s[i] + after) / 2);
    }
    printf("%s small_us=%.1f large_us=%.1f ratio=%.3f\n", name, median(s, ROUNDS),
        median(l, ROUNDS), median(ratio, ROUNDS));
    return true;
}

int
main(int argc, char **argv)
{
    struct worker small, large;
    double warm;

    if (argc != 2) {
        fputs("usage: spawn /path/to/program\n", stderr);
        return 2;
    }
    if (!start_worker(&small, PAGE, argv + 1) ||
        !start_worker(&large, (size_t)500 << 20, argv + 1) || !ask(&small, 'w', &warm) ||
        !ask(&large, 'w', &warm) || !compare_sizes(&small, &large, 's', "spawn") ||
        !compare_sizes(&small, &large, 'f', "fork")) {
        fputs("spawn: a start failed\n", stderr);
        return 1;
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
