/* bench/alloc.c -- the arena beside the C library's malloc, in turns.
 *
 * Requests come and go: each step picks a place at random, ends the request
 * that is there, or begins one where there is none, so on average half of the
 * places are taken.  A request is one block or two, each written to in every
 * page or not at all.  All work is done by threads other than the first, as
 * it is in the product, so malloc takes its locks.
 *
 * Both run in short slices that follow each other, a ratio is made from two
 * slices of one round, and the median over the rounds counts.
 */
#include "config.h"

#include <gnu/libc-version.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "arena/arena.h"
#include "base/clock.h"

enum {
    KIB = 1024,
    CHUNK = 64 * KIB,
    PAGE = 4 * KIB,
    THREADS_MAX = 2,
    ROUNDS_MAX = 32,
    SAMPLES_MAX = 1 << 16, /* steps whose time is kept, for each thread */
    BATCH = 64,            /* steps between two looks at the clock */
    WARM_UP = 16,          /* steps for each place */
};

struct allocator {
    const char *name;
    void *(*take)(size_t n);
    void (*give)(void *p);
};

struct workload {
    const char *name;
    size_t first, second; /* bytes of a request's blocks; 0: it has one */
    size_t places;        /* over all threads */
    unsigned threads;
    bool touch;
    double rate_goal; /* at least this many times malloc's; 0: none */
    double tail_goal; /* at most this part of malloc's P99; 0: none */
};

/* The goals that the project holds against glibc. */
static const struct workload workloads[] = {
    { "request, written", 256 * KIB, 64 * KIB, 192, 1, true, 1.6, 0.70 },
    { "request, written", 256 * KIB, 64 * KIB, 192, 2, true, 1.6, 0 },
    { "request, unwritten", 256 * KIB, 64 * KIB, 192, 1, false, 0, 0 },
    { "request, unwritten", 256 * KIB, 64 * KIB, 192, 2, false, 0, 0 },
    { "256 KiB, written", 256 * KIB, 0, 384, 1, true, 1.3, 0 },
    { "256 KiB, unwritten", 256 * KIB, 0, 384, 1, false, 2.6, 0 },
    { "12800 x 256 KiB, unwr.", 256 * KIB, 0, 25600, 1, false, 9, 0 },
};

enum {
    WORKLOADS = sizeof workloads / sizeof workloads[0],
};

struct request {
    unsigned char *first, *second;
};

/* One thread's share of a slice. */
struct lane {
    pthread_t thread;
    const struct allocator *allocator;
    const struct workload *work;
    unsigned index;
    struct request *requests;
    size_t places;
    uint64_t random;
    size_t ended; /* requests, while it was timed */
    int64_t took; /* ns */
    long faults;  /* page faults meanwhile */
    size_t sampled;
    uint32_t samples[SAMPLES_MAX]; /* ns, one a step */
};

/* What a slice came to. */
struct result {
    double ns;     /* for each request that ended */
    double tail;   /* ns, P99 of a step */
    double faults; /* for each request that ended */
};

#define QUICK_MAX (20 * CLOCK_SEC) /* no round begins later */

static struct arena *arena;
static struct lane lanes[THREADS_MAX];
static pthread_barrier_t together;
static int64_t slice; /* ns */

static void __attribute__((noreturn)) die(const char *what)
{
    (void)fprintf(stderr, "alloc: %s\n", what);
    exit(EXIT_FAILURE);
}

static void *
arena_take(size_t n)
{
    return arena_alloc(arena, n);
}

static void
arena_give(void *p)
{
    if (arena_free(arena, p) < 0)
        die("the arena refused a free");
}

static const struct allocator allocators[] = {
    { "glibc", malloc, free },
    { "arena", arena_take, arena_give },
};

enum {
    ALLOCATORS = sizeof allocators / sizeof allocators[0],
};

static uint64_t
next_random(struct lane *l)
{
    l->random ^= l->random << 13;
    l->random ^= l->random >> 7;
    l->random ^= l->random << 17;
    return l->random;
}

/* A byte in every page, each at another offset: at the same one they would
 * share one set of the cache and flatter whoever aligns least. */
static void
write_to(unsigned char *p, size_t n, uint64_t random)
{
    for (size_t at = 0; at < n; at += PAGE) {
        random = random * 6364136223846793005U + 1442695040888963407U;
        ((volatile unsigned char *)p)[at + (random >> 52)] = (unsigned char)random;
    }
}

static unsigned char *
begin_block(struct lane *l, size_t n)
{
    unsigned char *p = l->allocator->take(n);

    if (p == NULL)
        die("out of memory");
    if (l->work->touch)
        write_to(p, n, l->random);
    return p;
}

/* Tells whether a request ended. */
static bool
step(struct lane *l)
{
    struct request *r = &l->requests[next_random(l) % l->places];

    if (r->first == NULL) {
        r->first = begin_block(l, l->work->first);
        if (l->work->second > 0)
            r->second = begin_block(l, l->work->second);
        return false;
    }
    if (r->second != NULL)
        l->allocator->give(r->second);
    l->allocator->give(r->first);
    *r = (struct request){ 0 };
    return true;
}

static long
faults_of_thread(void)
{
    struct rusage u;

    if (getrusage(RUSAGE_THREAD, &u) < 0)
        die("getrusage");
    return u.ru_minflt;
}

static void
time_rate(struct lane *l)
{
    long faults = faults_of_thread();
    int64_t start = clock_now();

    l->ended = 0;
    do {
        for (unsigned i = 0; i < BATCH; i++)
            l->ended += step(l);
        l->took = clock_now() - start;
    } while (l->took < slice);
    l->faults = faults_of_thread() - faults;
}

static void
time_steps(struct lane *l)
{
    int64_t before = clock_now();
    int64_t end = before + slice / 2;

    for (l->sampled = 0; l->sampled < SAMPLES_MAX && before < end; l->sampled++) {
        int64_t after;

        (void)step(l);
        after = clock_now();
        l->samples[l->sampled] = (uint32_t)(after - before);
        before = after;
    }
}

/* Keeps a lane on a core of its own where there are enough. */
static void
pin(unsigned index)
{
    cpu_set_t all, one;

    if (sched_getaffinity(0, sizeof all, &all) < 0 || CPU_COUNT(&all) <= (int)index)
        return;
    CPU_ZERO(&one);
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &all) && index-- == 0)
            CPU_SET(cpu, &one);
    }
    (void)sched_setaffinity(0, sizeof one, &one); /* unpinned is noisier, no more */
}

static void *
run_lane(void *arg)
{
    struct lane *l = arg;

    pin(l->index);
    for (size_t i = 0; i < l->places * WARM_UP; i++)
        (void)step(l);
    (void)pthread_barrier_wait(&together);
    time_rate(l);
    (void)pthread_barrier_wait(&together);
    time_steps(l);
    for (size_t i = 0; i < l->places; i++) {
        l->allocator->give(l->requests[i].first);
        l->allocator->give(l->requests[i].second);
    }
    return NULL;
}

static int
compare_samples(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static double
percentile_99(unsigned threads)
{
    static uint32_t all[THREADS_MAX * SAMPLES_MAX];
    size_t n = 0;

    for (unsigned i = 0; i < threads; i++) {
        memcpy(all + n, lanes[i].samples, lanes[i].sampled * sizeof all[0]);
        n += lanes[i].sampled;
    }
    qsort(all, n, sizeof all[0], compare_samples);
    return all[n - 1 - n / 100];
}

/* An arena that holds every place's blocks, warm once it was used. */
static void
open_arena(size_t bytes)
{
    struct arena_options opt = {
        .chunk_size = CHUNK, .chunk_count = bytes / CHUNK, .retain = SIZE_MAX
    };

    if (arena_open(&opt, &arena) < 0 || arena_chunks(arena) < opt.chunk_count)
        die("no room for the arena");
}

static struct result
measure(const struct workload *w, const struct allocator *allocator)
{
    struct request *requests = calloc(w->places, sizeof *requests);
    struct result r = { 0 };
    double rate = 0;

    if (requests == NULL || pthread_barrier_init(&together, NULL, w->threads) != 0)
        die("out of memory");
    open_arena(w->places * (w->first + w->second));
    for (unsigned i = 0; i < w->threads; i++) {
        struct lane *l = &lanes[i];

        l->allocator = allocator;
        l->work = w;
        l->index = i;
        l->places = w->places / w->threads;
        l->requests = requests + i * l->places;
        l->random = 88172645463325252U + i;
        if (pthread_create(&l->thread, NULL, run_lane, l) != 0)
            die("pthread_create");
    }
    for (unsigned i = 0; i < w->threads; i++) {
        (void)pthread_join(lanes[i].thread, NULL);
        rate += (double)lanes[i].ended / (double)lanes[i].took;
        r.faults += (double)lanes[i].faults / (double)lanes[i].ended / w->threads;
    }
    r.ns = 1 / rate;
    r.tail = percentile_99(w->threads);
    arena_close(arena);
    (void)pthread_barrier_destroy(&together);
    free(requests);
    return r;
}

static int
compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Sorts what the rounds gave; the median is in the middle. */
static double
median(double *values, size_t n)
{
    qsort(values, n, sizeof values[0], compare_doubles);
    return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static struct result results[WORKLOADS][ALLOCATORS][ROUNDS_MAX];

enum figure {
    NS,
    TAIL,
    FAULTS
};

static double
figure_of(const struct result *r, enum figure figure)
{
    return figure == NS ? r->ns : figure == TAIL ? r->tail : r->faults;
}

static double
middle(size_t w, size_t a, enum figure figure, size_t rounds)
{
    double values[ROUNDS_MAX];

    for (size_t i = 0; i < rounds; i++)
        values[i] = figure_of(&results[w][a][i], figure);
    return median(values, rounds);
}

/* malloc's figure over the arena's, round by round, sorted. */
static double
ratio(size_t w, enum figure figure, size_t rounds, double values[ROUNDS_MAX])
{
    for (size_t i = 0; i < rounds; i++)
        values[i] = figure_of(&results[w][0][i], figure) / figure_of(&results[w][1][i], figure);
    return median(values, rounds);
}

static void
print_machine(void)
{
    char line[256], cpu[256] = "unknown CPU";
    FILE *f = fopen("/proc/cpuinfo", "r");
    double load[3];
    struct utsname u;

    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        if (sscanf(line, "model name : %255[^\n]", cpu) == 1)
            break;
    }
    if (f != NULL)
        (void)fclose(f);
    if (uname(&u) < 0)
        die("uname");
    if (getloadavg(load, 3) != 3)
        die("getloadavg");
    printf("machine:   %s, %ld cores, %s %s\n", cpu, sysconf(_SC_NPROCESSORS_ONLN), u.sysname,
        u.release);
#ifdef __clang__
    printf("compiler:  %s\n", __VERSION__);
#else
    printf("compiler:  gcc %s\n", __VERSION__);
#endif
    printf("libc:      glibc %s\n", gnu_get_libc_version());
    printf("load:      average %.2f %.2f %.2f before\n", load[0], load[1], load[2]);
}

static void
print_table(size_t rounds)
{
    printf("%-23s %-7s  %-30s  %-30s  %s\n", "", "", "glibc", "arena", "rate of the arena");
    printf("%-23s %-7s  %9s %9s %10s  %9s %9s %10s  %5s  %s\n", "work", "threads", "ns", "p99 ns",
        "faults", "ns", "p99 ns", "faults", "ratio", "from-to");
    for (size_t w = 0; w < WORKLOADS; w++) {
        double values[ROUNDS_MAX];
        double rate = ratio(w, NS, rounds, values);

        printf("%-23s %-7u", workloads[w].name, workloads[w].threads);
        for (size_t a = 0; a < ALLOCATORS; a++)
            printf("  %9.0f %9.0f %10.2f", middle(w, a, NS, rounds), middle(w, a, TAIL, rounds),
                middle(w, a, FAULTS, rounds));
        printf("  %5.2f  %.2f-%.2f\n", rate, values[0], values[rounds - 1]);
    }
    printf("\nns and faults: for each request that ended; p99: of a step, clock included\n\n");
}

/* What one chunk costs when 1 in 100 is free: one given back, one taken. */
static double
cost_when_full(size_t chunks)
{
    struct lane *l = &lanes[0];
    size_t pairs = 200000;
    unsigned char **blocks = calloc(chunks, sizeof *blocks);
    int64_t start;

    if (blocks == NULL)
        die("out of memory");
    open_arena(chunks * CHUNK);
    for (size_t i = 0; i < chunks; i++)
        blocks[i] = arena_take(1);
    for (size_t i = 0; i < chunks; i += 100) {
        arena_give(blocks[i]);
        blocks[i] = NULL;
    }
    start = clock_now();
    for (size_t i = 0; i < pairs; i++) {
        size_t k = next_random(l) % chunks;

        arena_give(blocks[k]);
        blocks[k] = arena_take(1);
    }
    start = clock_now() - start;
    arena_close(arena);
    free(blocks);
    return (double)start / (double)pairs;
}

static void
print_cost_by_size(void)
{
    printf("arena 99 %% full, ns to free one chunk at random and take one:");
    for (size_t chunks = 1000; chunks <= ARENA_CHUNKS_MAX; chunks *= 10)
        printf("  %zu chunks %.0f", chunks, cost_when_full(chunks));
    printf("\n\n");
}

static bool
print_goal(const char *name, unsigned threads, const char *what, double is, bool most, double goal)
{
    bool met = most ? is <= goal : is >= goal;

    printf("goal: %s, %u thread%s: %s of the arena to glibc's %.2f, wanted %s %.2f: %s\n", name,
        threads, threads == 1 ? "" : "s", what, is, most ? "<=" : ">=", goal,
        met ? "met" : "not met");
    return met;
}

static void
print_goals(size_t rounds)
{
    unsigned met = 0, all = 0;
    double values[ROUNDS_MAX];

    for (size_t w = 0; w < WORKLOADS; w++) {
        const struct workload *work = &workloads[w];

        if (work->rate_goal > 0) {
            all++;
            met += print_goal(work->name, work->threads, "rate", ratio(w, NS, rounds, values),
                false, work->rate_goal);
        }
        if (work->tail_goal > 0) {
            all++;
            met += print_goal(work->name, work->threads, "p99", 1 / ratio(w, TAIL, rounds, values),
                true, work->tail_goal);
        }
    }
    printf("goals: %u of %u met\n", met, all);
}

/* Every second round goes the other way, so that nobody always comes first. */
static void
measure_round(size_t round)
{
    for (size_t w = 0; w < WORKLOADS; w++) {
        for (size_t i = 0; i < ALLOCATORS; i++) {
            size_t a = (round + i) % ALLOCATORS;

            results[w][a][round] = measure(&workloads[w], &allocators[a]);
        }
    }
}

int
main(int argc, char **argv)
{
    bool quick = argc == 2 && strcmp(argv[1], "--quick") == 0;
    size_t rounds = quick ? 21 : 31;
    size_t round = 0;
    int64_t start = clock_now();

    if (argc > 1 && !quick) {
        (void)fprintf(stderr, "usage: alloc [--quick]\n");
        return 2;
    }
    slice = (quick ? 25 : 200) * CLOCK_MSEC;
    print_machine();
    while (round < rounds && (!quick || clock_now() - start < QUICK_MAX))
        measure_round(round++);
    printf("measured:  %zu rounds of %.0f ms slices in turns, arena of %d KiB chunks\n\n", round,
        (double)slice / (double)CLOCK_MSEC, CHUNK / KIB);
    print_table(round);
    print_cost_by_size();
    print_goals(round);
    return 0;
}
