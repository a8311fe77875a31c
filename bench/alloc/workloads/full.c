/* bench/alloc/workloads/full.c -- what it costs to find room when 99 % is taken, by how much there
 * is.
 *
 * Every 64 chunks are filled with twelve blocks of five and four of one, which
 * is what CMon v2's words hold, so all are equally full.  Then blocks of one
 * are given back, at random, until one chunk in a hundred is free: no hole is
 * long enough for five.  A step gives a random block back and takes one of its
 * size: that is the search, and a walk through books that no longer fit into
 * the caches.  `last` leaves out the walk: it is always the last block of all,
 * whose place is found behind every hole that is too short.
 */
#include "config.h"

#include <stdio.h>

#include "bench/alloc/clock.h"
#include "bench/alloc/workload.h"

enum {
    CHUNK = 8 * 1024,
    WORD = 64, /* chunks */
    FIVES = 12,
    ONES = 4, /* blocks in a word */
    FREE = 100,
    WARM_UP = 1000, /* steps, or as long as a tenth of the time */
};

static const struct contender *subject;
static const struct workload *work;
static bool cpuid;
static uint64_t all_ticks;
static void **ones, **fives;
static size_t words;
static struct measure_times *times;

/* A block of whole chunks with two bytes to spare, so that a header changes nothing. */
static void *
take(size_t chunks)
{
    void *p = subject->alloc(0, chunks * CHUNK - 64);

    if (p == NULL)
        measure_die("it is fuller than it should be");
    return p;
}

static void
fill(void)
{
    for (size_t w = 0; w < words; w++) {
        for (size_t i = 0; i < FIVES; i++)
            fives[w * FIVES + i] = take(5);
        for (size_t i = 0; i < ONES; i++)
            ones[w * ONES + i] = take(1);
    }
}

/* Opens holes of one chunk, as evenly as chance has it. */
static size_t
open_holes(struct measure_random *r)
{
    size_t left = words * ONES;

    for (size_t holes = words * WORD / FREE; holes > 0; holes--) {
        void **p = &ones[measure_next(r) % left];

        subject->free(*p, 0);
        *p = ones[--left];
    }
    return left;
}

static void
run_lane(unsigned index)
{
    struct measure_random r;
    uint64_t start, end = 0;
    void **from;
    size_t count;

    measure_seed(&r, index);
    fill();
    count = open_holes(&r);
    from = ones;
    if (work->chunks == 5) {
        from = fives;
        count = words * FIVES;
    }
    start = clock_begin(cpuid);
    for (size_t steps = 0; steps < WARM_UP || end - start < all_ticks; steps++) {
        void **p = &from[work->last ? count - 1 : measure_below(&r, count)];
        void *old = *p; /* ours to find, not the contender's */
        uint64_t begin = clock_begin(cpuid);

        subject->free(old, 0);
        *p = take(work->chunks);
        end = clock_end(cpuid);
        measure_time(times, end - begin);
        if (steps == WARM_UP || (steps < WARM_UP && end - start > all_ticks / 10)) {
            *times = (struct measure_times){ 0 };
            steps = WARM_UP;
        }
    }
}

void
full_run(const struct measure_setting *s, const struct workload *w)
{
    struct contender_config config = { .block = 5 * CHUNK, .chunk = CHUNK };

    subject = s->contender;
    work = w;
    cpuid = s->cpuid;
    all_ticks = (uint64_t)(s->seconds * measure_ticks_per_second());
    words = w->live / WORD;
    config.bytes = words * WORD * CHUNK;
    ones = contender_map(words * ONES * sizeof *ones);
    fives = contender_map(words * FIVES * sizeof *fives);
    times = contender_map(sizeof *times);
    if (ones == NULL || fives == NULL || times == NULL || !subject->open(&config))
        measure_die("no room");
    measure_run(subject, w->threads, run_lane);
    measure_print_times(times);
    measure_close(subject);
}
