/* bench/alloc/workload.c -- the workloads; contracts are in workload.h. */
#include "config.h"

#include <string.h>

#include "bench/alloc/workload.h"

#define KIB (size_t)1024
#define MIB (1024 * KIB)

/* Chunks, 99 % of them taken, and blocks of so many. */
#define FULL(each, count)                                                            \
    {                                                                                \
        .name = "full" #each "-" #count, .run = full_run, .threads = 1, .own = true, \
        .live = count, .chunks = each                                                \
    }

#define SEARCH(count)                                                                        \
    {                                                                                        \
        .name = "search-" #count, .run = full_run, .threads = 1, .own = true, .live = count, \
        .chunks = 5, .last = true                                                            \
    }

static const struct workload workloads[] = {
    { .name = "request-1", .run = request_run, .threads = 1, .touch = true, .scoped = true },
    { .name = "request-2", .run = request_run, .threads = 2, .touch = true, .scoped = true },
    { .name = "request-16", .run = request_run, .threads = 16, .touch = true, .scoped = true },
    { .name = "written-1", .run = request_run, .threads = 1, .scoped = true },
    { .name = "written-2", .run = request_run, .threads = 2, .scoped = true },
    { .name = "written-16", .run = request_run, .threads = 16, .scoped = true },
    { .name = "replay", .run = replay_run, .threads = 1 },
    { .name = "pool",
        .run = pool_run,
        .equal = true,
        .threads = 1,
        .block = 256 * KIB,
        .live = 192 },
    { .name = "pool-2",
        .run = pool_run,
        .equal = true,
        .threads = 2,
        .block = 256 * KIB,
        .live = 192 },
    { .name = "pool-16",
        .run = pool_run,
        .equal = true,
        .threads = 16,
        .block = 256 * KIB,
        .live = 192 },
    { .name = "pool-12800",
        .run = pool_run,
        .equal = true,
        .threads = 1,
        .block = 256 * KIB,
        .live = 12800 },
    { .name = "touched",
        .run = pool_run,
        .equal = true,
        .threads = 1,
        .block = 256 * KIB,
        .live = 192,
        .touch = true },
    { .name = "trimmed",
        .run = pool_run,
        .equal = true,
        .threads = 1,
        .block = 256 * KIB,
        .live = 192,
        .touch = true,
        .trim = true },
    { .name = "touched-12800",
        .run = pool_run,
        .equal = true,
        .threads = 1,
        .block = 256 * KIB,
        .live = 12800,
        .touch = true },
    { .name = "touched-4m",
        .run = pool_run,
        .equal = true,
        .threads = 1,
        .block = 4 * MIB,
        .live = 12,
        .touch = true },
    { .name = "fragment", .run = fragment_run, .threads = 1 },
    { .name = "grow-1", .run = grow_run, .threads = 1, .block = MIB, .live = 1, .scoped = true },
    { .name = "grow-2", .run = grow_run, .threads = 1, .block = MIB, .live = 2, .scoped = true },
    FULL(1, 1000),
    FULL(1, 10000),
    FULL(1, 100000),
    FULL(1, 1000000),
    FULL(5, 1000),
    SEARCH(1000),
    FULL(5, 10000),
    SEARCH(10000),
    FULL(5, 100000),
    SEARCH(100000),
    FULL(5, 1000000),
    SEARCH(1000000),
};

const struct workload *
workload_at(size_t i)
{
    return i < sizeof workloads / sizeof workloads[0] ? &workloads[i] : NULL;
}

const struct workload *
workload_find(const char *name)
{
    for (size_t i = 0; workload_at(i) != NULL; i++) {
        if (strcmp(workload_at(i)->name, name) == 0)
            return workload_at(i);
    }
    return NULL;
}
