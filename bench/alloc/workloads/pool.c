/* bench/alloc/workloads/pool.c -- CMon's own: blocks of one size, as many as fit, one at random
 * given back and taken again.
 *
 * A handful at once, because a block that is given back and taken in the same
 * breath is what every allocator is good at and no server has.
 *
 * Five runs after one that warms up.  Each run is first timed as a whole, for
 * the rate, then call by call, for the latencies.  What was touched is touched
 * at another offset in each page: at the same one, all would share a set of the
 * first-level cache unless a header had moved the blocks apart.
 */
#include "config.h"

#include <math.h>
#include <stdio.h>

#include "bench/alloc/clock.h"
#include "bench/alloc/workload.h"

enum {
    RUNS = 5,
    HANDFUL = 8, /* blocks given back before as many are taken */
    TOUCHES = 128,
    BATCH = 1536, /* blocks between two looks at the counter */
    BATCH_TOUCHED = 24,
    WARM_UP = 4,    /* times that each block is taken */
    TRIM_STEPS = 4, /* the same, of a run that begins with nothing */
    MANY = 1000,    /* blocks that take seconds to touch: of these once is enough */
};

struct lane {
    struct measure_random random;
    void **blocks;
    size_t live, handful;
    uint64_t steps, ticks; /* of what was timed as a whole */
    uint64_t run_steps[RUNS], run_ticks[RUNS];
    uint64_t lost; /* batches */
    long faults;
    size_t resident; /* bytes of the process, all blocks taken */
    struct measure_times times;
};

static const struct contender *subject;
static const struct workload *work;
static bool cpuid;
static uint64_t run_ticks; /* how long a run is timed for */
static struct lane *lanes;

static void
touch(struct measure_random *r, unsigned char *p)
{
    for (unsigned i = 0; i < TOUCHES; i++) {
        uint64_t x = measure_next(r);
        size_t page = (size_t)((x >> 32) * (work->block / MEASURE_PAGE) >> 32);

        ((volatile unsigned char *)p)[page * MEASURE_PAGE + x % MEASURE_PAGE] = (unsigned char)i;
    }
}

static void
take(struct lane *l, void **at)
{
    *at = subject->alloc(0, work->block);
    if (*at == NULL)
        measure_die("the pool does not fit");
    if (work->touch)
        touch(&l->random, *at);
}

/* Brings a handful of blocks, chosen at random, to the end. */
static void
choose(struct lane *l)
{
    for (size_t end = l->live; end > l->live - l->handful; end--) {
        size_t i = measure_below(&l->random, end);
        void *p = l->blocks[i];

        l->blocks[i] = l->blocks[end - 1];
        l->blocks[end - 1] = p;
    }
}

static void
give(void *p)
{
    subject->free(p, work->touch ? work->block : 0);
}

/* Gives a handful back and takes as many. */
static void
step(struct lane *l)
{
    choose(l);
    for (size_t i = l->live - l->handful; i < l->live; i++)
        give(l->blocks[i]);
    for (size_t i = l->live - l->handful; i < l->live; i++)
        take(l, &l->blocks[i]);
}

static void
fill(struct lane *l)
{
    for (size_t i = 0; i < l->live; i++)
        take(l, &l->blocks[i]);
}

static void
empty(struct lane *l)
{
    for (size_t i = 0; i < l->live; i++)
        give(l->blocks[i]);
}

/* A run that begins without memory has a fixed length: what filling it costs
 * is part of it. */
static void
run_trimmed(struct lane *l, unsigned run)
{
    uint64_t begin;

    empty(l);
    if (subject->trim != NULL)
        subject->trim();
    begin = clock_begin(cpuid);
    fill(l);
    for (size_t i = 0; i < l->live * TRIM_STEPS; i += l->handful)
        step(l);
    l->run_ticks[run] = clock_end(cpuid) - begin;
    l->run_steps[run] = l->live * (TRIM_STEPS + 1);
}

static void
run_warm(struct lane *l, unsigned run)
{
    struct measure_batch b = { 0 };
    unsigned batch = work->touch ? BATCH_TOUCHED : BATCH;

    do {
        measure_begin(&b, cpuid);
        for (size_t i = 0; i < batch; i += l->handful)
            step(l);
        measure_end(&b, cpuid, batch, work->threads);
    } while (measure_goes_on(&b, run_ticks));
    l->run_ticks[run] = b.ticks;
    l->run_steps[run] = b.work;
    l->lost += b.lost;
}

/* A time is that of one call; what is touched belongs to taking. */
static void
time_steps(struct lane *l)
{
    uint64_t start = clock_begin(cpuid), end = start;

    do {
        choose(l);
        for (size_t i = l->live - l->handful; i < l->live; i++) {
            uint64_t begin = clock_begin(cpuid);

            give(l->blocks[i]);
            measure_time(&l->times, clock_end(cpuid) - begin);
        }
        for (size_t i = l->live - l->handful; i < l->live; i++) {
            uint64_t begin = clock_begin(cpuid);

            take(l, &l->blocks[i]);
            end = clock_end(cpuid);
            measure_time(&l->times, end - begin);
        }
    } while (end - start < run_ticks / 2);
}

static void
run_lane(unsigned index)
{
    struct lane *l = &lanes[index];
    size_t warm_up;
    long faults;

    measure_seed(&l->random, index);
    l->live = work->live / work->threads;
    l->handful = l->live < 2 * HANDFUL ? l->live / 2 : HANDFUL;
    warm_up = work->touch && l->live > MANY ? l->live : l->live * WARM_UP;
    l->blocks = contender_map(l->live * sizeof *l->blocks);
    if (l->blocks == NULL)
        measure_die("out of memory");
    fill(l);
    for (size_t i = 0; i < warm_up; i += l->handful)
        step(l);
    measure_meet();
    faults = measure_faults();
    for (unsigned run = 0; run < RUNS; run++) {
        if (work->trim)
            run_trimmed(l, run);
        else
            run_warm(l, run);
        l->steps += l->run_steps[run];
        l->ticks += l->run_ticks[run];
        if (run == RUNS - 1)
            l->faults = measure_faults() - faults;
        measure_meet(); /* nobody is timed alone */
        time_steps(l);
        measure_meet();
    }
    l->resident = index == 0 ? measure_resident() : 0;
    measure_meet();
    empty(l);
    contender_unmap(l->blocks, l->live * sizeof *l->blocks);
}

/* How far the runs lie apart, in parts of their mean. */
static double
spread(void)
{
    double sum = 0, squares = 0;

    for (unsigned run = 0; run < RUNS; run++) {
        double rate = (double)lanes[0].run_steps[run] / (double)lanes[0].run_ticks[run];

        sum += rate;
        squares += rate * rate;
    }
    sum /= RUNS;
    squares = squares / RUNS - sum * sum;
    return squares > 0 ? sqrt(squares) / sum : 0;
}

/* Where CMon v2 has room for as many blocks, everybody has. */
static size_t
room(size_t chunk)
{
    size_t each = work->block / chunk + 1;
    size_t words = (work->live + 64 / each - 1) / (64 / each);

    return words * 64 * chunk;
}

void
pool_run(const struct measure_setting *s, const struct workload *w)
{
    struct contender_config config = { .block = w->block,
        .chunk = w->block < 4 * 1024 * 1024 ? CONTENDER_CHUNK : 2 * CONTENDER_CHUNK,
        .give_back = w->trim };
    double rate = 0, faults = 0;

    subject = s->contender;
    work = w;
    cpuid = s->cpuid;
    run_ticks = (uint64_t)(s->seconds / RUNS / 1.5 * measure_ticks_per_second());
    config.bytes = room(config.chunk);
    lanes = contender_map(w->threads * sizeof *lanes);
    if (lanes == NULL || !subject->open(&config))
        measure_die("no room");
    measure_run(subject, w->threads, run_lane);
    for (unsigned i = 0; i < w->threads; i++) {
        rate += (double)lanes[i].steps / (double)lanes[i].ticks * measure_ticks_per_second();
        faults += (double)lanes[i].faults / (double)lanes[i].steps / w->threads;
        if (i > 0)
            measure_merge(&lanes[0].times, &lanes[i].times);
    }
    printf(" rate=%.1f spread=%.3f faults=%.3f resident_kb=%zu", rate, spread(), faults,
        lanes[0].resident / 1024);
    measure_print_times(&lanes[0].times);
    measure_close(subject);
    contender_unmap(lanes, w->threads * sizeof *lanes);
}
