/* bench/alloc/measure.c -- contracts are in measure.h. */
#include "config.h"

#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench/alloc/clock.h"
#include "bench/alloc/measure.h"

enum {
    CALIBRATE = 8 * 1000 * 1000, /* ns */
    FLOOR_SAMPLES = 10000,
    FLOOR_BATCH = 64,
    FLOOR_MSEC = 10, /* CPUID may take microseconds */
};

static double per_second;
static uint64_t floor_ticks;
static double reading;
static long cores;
static pthread_barrier_t together;

struct lane {
    pthread_t thread;
    unsigned index;
    const struct contender *contender;
    void (*fn)(unsigned index);
};

void
measure_die(const char *what)
{
    (void)fprintf(stderr, "slice: %s\n", what);
    exit(EXIT_FAILURE);
}

/* Below MEASURE_FINE ticks every bucket is one tick, above a doubling has as many. */
static unsigned
bucket_of(uint64_t ticks)
{
    unsigned log;

    if (ticks < MEASURE_FINE)
        return (unsigned)ticks;
    log = 63 - (unsigned)__builtin_clzll(ticks);
    return (log - 4) * MEASURE_FINE + (unsigned)(ticks >> (log - 5)) - MEASURE_FINE;
}

/* The middle of a bucket. */
static double
value_of(unsigned bucket)
{
    unsigned log;

    if (bucket < MEASURE_FINE)
        return bucket;
    log = bucket / MEASURE_FINE + 4;
    return ldexp(MEASURE_FINE + bucket % MEASURE_FINE + 0.5, (int)log - 5);
}

void
measure_time(struct measure_times *t, uint64_t ticks)
{
    t->n++;
    t->sum += (double)ticks;
    t->bucket[bucket_of(ticks)]++;
}

void
measure_merge(struct measure_times *into, const struct measure_times *t)
{
    into->n += t->n;
    into->sum += t->sum;
    for (unsigned i = 0; i < MEASURE_BUCKETS; i++)
        into->bucket[i] += t->bucket[i];
}

static double
quantile(const struct measure_times *t, double q)
{
    double before = 0;

    for (unsigned i = 0; i < MEASURE_BUCKETS; i++) {
        before += t->bucket[i];
        if (before > q * (double)t->n)
            return value_of(i);
    }
    return 0;
}

/* Of the shortest 999 in 1000: what lies above them is somebody else's work. */
static double
deviation(const struct measure_times *t)
{
    double n = 0, sum = 0, squares = 0, most = 0.999 * (double)t->n;

    for (unsigned i = 0; i < MEASURE_BUCKETS && n < most; i++) {
        double here = t->bucket[i] < most - n ? t->bucket[i] : most - n;

        n += here;
        sum += here * value_of(i);
        squares += here * value_of(i) * value_of(i);
    }
    if (n > 0)
        squares = squares / n - sum / n * (sum / n);
    return squares > 0 ? sqrt(squares) : 0;
}

void
measure_print_times(const struct measure_times *t)
{
    static const double points[] = { 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999 };

    printf(" p50=%.0f p99=%.0f mean=%.1f deviation=%.1f times=", quantile(t, 0.50),
        quantile(t, 0.99), t->n > 0 ? t->sum / (double)t->n : 0, deviation(t));
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
        printf("%s%g/%.0f", i > 0 ? "," : "", points[i], quantile(t, points[i]));
}

void
measure_init(bool cpuid)
{
    static struct measure_times t;
    int64_t start = clock_now(), now;
    cpu_set_t all;
    uint64_t first = clock_begin(cpuid), last;
    unsigned samples;

    cores = sched_getaffinity(0, sizeof all, &all) < 0 ? 1 : CPU_COUNT(&all);
    do {
        now = clock_now();
        last = clock_end(cpuid);
    } while (now - start < CALIBRATE);
    per_second = (double)(last - first) * (double)CLOCK_SEC / (double)(now - start);
    start = clock_now();
    first = clock_begin(false);
    for (samples = 0; samples < FLOOR_SAMPLES && now - start < FLOOR_MSEC * CLOCK_MSEC; samples++) {
        uint64_t begin = clock_begin(cpuid);

        measure_time(&t, clock_end(cpuid) - begin);
        if (samples % FLOOR_BATCH == 0)
            now = clock_now();
    }
    reading = (double)(clock_end(false) - first) / samples;
    floor_ticks = (uint64_t)quantile(&t, 0.5);
}

double
measure_ticks_per_second(void)
{
    return per_second;
}

uint64_t
measure_floor(void)
{
    return floor_ticks;
}

double
measure_reading(void)
{
    return reading;
}

void
measure_seed(struct measure_random *r, unsigned lane)
{
    r->state = 88172645463325252U + lane * 2654435761U;
}

uint64_t
measure_next(struct measure_random *r)
{
    r->state ^= r->state << 13;
    r->state ^= r->state >> 7;
    r->state ^= r->state << 17;
    return r->state;
}

size_t
measure_below(struct measure_random *r, size_t n)
{
    return (size_t)(((measure_next(r) >> 32) * n) >> 32);
}

size_t
measure_size(struct measure_random *r, size_t low, size_t high)
{
    unsigned doublings = (unsigned)__builtin_ctzll(high / low);
    size_t from = low << measure_below(r, doublings);

    return from + measure_below(r, from);
}

/* Keeps a thread on a core of its own where there are enough. */
static void
pin(unsigned index)
{
    cpu_set_t all, one;

    if (sched_getaffinity(0, sizeof all, &all) < 0 || CPU_COUNT(&all) <= (int)index)
        return;
    index = (unsigned)CPU_COUNT(&all) - 1 - index; /* the last first: interrupts go to the first */
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
    if (l->contender->thread_begin != NULL)
        l->contender->thread_begin(l->index);
    l->fn(l->index);
    if (l->contender->thread_end != NULL)
        l->contender->thread_end();
    return NULL;
}

void
measure_run(const struct contender *c, unsigned threads, void (*fn)(unsigned index))
{
    static struct lane lanes[MEASURE_THREADS_MAX];

    if (pthread_barrier_init(&together, NULL, threads) != 0)
        measure_die("pthread_barrier_init");
    for (unsigned i = 0; i < threads; i++) {
        lanes[i] = (struct lane){ .index = i, .contender = c, .fn = fn };
        if (pthread_create(&lanes[i].thread, NULL, run_lane, &lanes[i]) != 0)
            measure_die("pthread_create");
    }
    for (unsigned i = 0; i < threads; i++)
        (void)pthread_join(lanes[i].thread, NULL); /* it is there and nobody else's */
    (void)pthread_barrier_destroy(&together);
}

void
measure_close(const struct contender *c)
{
    if (c->check != NULL && !c->check())
        measure_die("the books are wrong");
    c->close();
}

void
measure_meet(void)
{
    (void)pthread_barrier_wait(&together); /* fails only where it was never made */
}

static struct rusage
usage_of_thread(void)
{
    struct rusage u;

    if (getrusage(RUSAGE_THREAD, &u) < 0)
        measure_die("getrusage");
    return u;
}

void
measure_begin(struct measure_batch *b, bool cpuid)
{
    b->switches = usage_of_thread().ru_nivcsw;
    b->began = clock_begin(cpuid);
}

void
measure_end(struct measure_batch *b, bool cpuid, uint64_t work, unsigned threads)
{
    uint64_t ticks = clock_end(cpuid) - b->began;
    bool disturbed = (long)threads <= cores && usage_of_thread().ru_nivcsw != b->switches;

    b->elapsed += ticks;
    if (disturbed) {
        b->lost++;
        return;
    }
    b->work += work;
    b->ticks += ticks;
}

bool
measure_goes_on(const struct measure_batch *b, uint64_t ticks)
{
    return b->elapsed < ticks || b->work == 0;
}

long
measure_faults(void)
{
    return usage_of_thread().ru_minflt;
}

/* statm is a sum that each core keeps a share of; smaps_rollup walks the pages. */
size_t
measure_resident(void)
{
    char text[2048];
    const char *at;
    int fd = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

    if (fd >= 0)
        (void)close(fd);
    if (n <= 0)
        measure_die("smaps_rollup");
    text[n] = '\0';
    at = strstr(text, "Rss:");
    return at == NULL ? 0 : (size_t)strtoull(at + 4, NULL, 10) * 1024;
}
