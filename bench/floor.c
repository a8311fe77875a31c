/* bench/floor.c -- the bare cost of running a command: pipe, vfork, exec, read, wait.
 *
 * What no server can undercut: `-c N` worker processes run the program over
 * and over, one at a time each, with nothing around it.  Processes and not
 * threads, because threads would queue for one address space (vfork(2), mmap
 * of the stack) and make the floor softer than the machine is; as many as
 * there are requests at once, because a server may run that many too.
 *
 * The program gets /dev/null, one pipe for stdout and stderr, and this
 * process's environment.  One that fails, fails the measurement.  Prints one
 * line of NAME=VALUE words; percentiles are over every run of every worker.
 */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench/bare.h"

enum {
    WORKERS_MAX = 1024,
    SAMPLES_MAX = 1 << 18, /* for one worker, then it ends */
};

/* What one worker found out, in memory that it shares with us. */
struct tally {
    int64_t end; /* ns, when its last run was over */
    uint32_t n;
    uint32_t took[SAMPLES_MAX]; /* ns, touched as they come */
};

struct plan {
    unsigned workers;
    uint32_t count;  /* runs of each worker */
    int64_t seconds; /* ns, no run begins later */
    char **argv;
};

/* A worker's life: waits for the gate to close, then works. */
static void
work(const struct plan *plan, struct tally *t, int gate)
{
    int64_t start, end;
    char c;

    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || read(gate, &c, 1) != 0)
        _exit(1);
    start = clock_now();
    end = start + plan->seconds;
    while (t->n < plan->count && start < end) {
        int64_t now;

        if (!bare_run(plan->argv))
            _exit(1);
        now = clock_now();
        t->took[t->n++] = now - start < UINT32_MAX ? (uint32_t)(now - start) : UINT32_MAX;
        start = now;
    }
    t->end = start;
    _exit(0);
}

/* Lets all workers go at once and waits for the last.  Returns whether all
 * were well, and the time from the first start to the last end. */
static bool
run_workers(const struct plan *plan, struct tally *tallies, int64_t *ret_took)
{
    int64_t start, last = 0;
    unsigned born = 0, well = 0;
    int gate[2], status;

    if (pipe2(gate, O_CLOEXEC) < 0)
        return false;
    for (; born < plan->workers; born++) {
        pid_t pid = fork();

        if (pid == 0) {
            (void)close(gate[1]);
            work(plan, &tallies[born], gate[0]);
        }
        if (pid < 0)
            break;
    }
    start = clock_now();
    (void)close(gate[1]); /* the start signal: end of file for everybody */
    (void)close(gate[0]);
    while (wait(&status) > 0)
        well += status == 0;
    for (unsigned i = 0; i < born; i++)
        last = tallies[i].end > last ? tallies[i].end : last;
    *ret_took = last - start;
    return well == plan->workers;
}

static int
compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* Prints the line that this program is for. */
static bool
print_result(const struct plan *plan, const struct tally *tallies, int64_t took)
{
    size_t n = 0, at = 0;
    uint32_t *all;

    for (unsigned i = 0; i < plan->workers; i++)
        n += tallies[i].n;
    all = calloc(n, sizeof(*all));
    if (all == NULL)
        return false;
    for (unsigned i = 0; i < plan->workers; i++) {
        memcpy(all + at, tallies[i].took, tallies[i].n * sizeof(*all));
        at += tallies[i].n;
    }
    qsort(all, n, sizeof(*all), compare);
    printf("rate=%.1f p50_us=%.1f p99_us=%.1f n=%zu seconds=%.3f\n",
        (double)n * (double)CLOCK_SEC / (double)took, all[n / 2] / 1e3, all[n * 99 / 100] / 1e3, n,
        (double)took / (double)CLOCK_SEC);
    free(all);
    return fflush(stdout) == 0;
}

static void
parse(int argc, char **argv, struct plan *plan)
{
    double seconds = 1;
    int opt;

    *plan = (struct plan){ .workers = 1, .count = SAMPLES_MAX };
    while ((opt = getopt(argc, argv, "+c:n:t:")) != -1) {
        if (opt == 'c')
            plan->workers = (unsigned)strtoul(optarg, NULL, 10);
        else if (opt == 'n') {
            plan->count = (uint32_t)strtoul(optarg, NULL, 10);
            seconds = 3600;
        } else if (opt == 't')
            seconds = strtod(optarg, NULL);
        else
            seconds = -1;
    }
    plan->argv = argv + optind;
    plan->seconds = (int64_t)(seconds * (double)CLOCK_SEC);
    if (plan->argv[0] == NULL || plan->workers < 1 || plan->workers > WORKERS_MAX ||
        plan->count < 1 || plan->count > SAMPLES_MAX || !(seconds > 0 && seconds <= 3600)) {
        fputs("usage: floor [-c workers] [-t seconds | -n runs-of-each] /path/to/program [args]\n",
            stderr);
        exit(2);
    }
}

int
main(int argc, char **argv)
{
    struct tally *tallies;
    struct plan plan;
    int64_t took;
    int null;

    parse(argc, argv, &plan);
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    tallies = mmap(NULL, plan.workers * sizeof(*tallies), PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || tallies == MAP_FAILED) {
        perror("floor");
        return 1;
    }
    if (!run_workers(&plan, tallies, &took)) {
        fprintf(stderr, "floor: %s: a run failed\n", plan.argv[0]);
        return 1;
    }
    return print_result(&plan, tallies, took) ? 0 : 1;
}
