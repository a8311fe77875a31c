/* bench/alloc/workloads/grow.c -- buffers that grow by 4 KiB to 1 MiB, one at a time or two in
 * turns.
 *
 * The plain way: realloc(3) to just what is needed whenever a piece arrives.
 * One buffer at the end of the heap grows where it is; two stand in each
 * other's way.  Who reserves takes the maximum.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "bench/alloc/clock.h"
#include "bench/alloc/workload.h"

enum {
    PIECE = 4 * 1024,
    BUFFERS_MAX = 2,
    WARM_UP = 4, /* rounds */
};

static const struct contender *subject;
static const struct workload *work;
static bool cpuid;
static uint64_t all_ticks, ticks, rounds, copied;
static long faults;
static unsigned char source[PIECE];

static void *
need(void *p)
{
    if (p == NULL)
        measure_die("a buffer finds no memory");
    return p;
}

/* All buffers from nothing to the end. */
static void
round_of(void)
{
    unsigned char *p[BUFFERS_MAX];

    for (size_t used = 0; used < work->block; used += PIECE) {
        for (size_t i = 0; i < work->live; i++) {
            if (used == 0)
                p[i] = need(subject->alloc(i, subject->in_place ? work->block : PIECE));
            else if (!subject->in_place)
                p[i] = need(subject->grow(i, p[i], used, used + PIECE, &copied));
            memcpy(p[i] + used, source, PIECE);
        }
    }
    for (size_t i = 0; i < work->live; i++) {
        subject->free(p[i], work->block);
        if (subject->reset != NULL)
            subject->reset(i);
    }
}

static void
run_lane(unsigned index)
{
    uint64_t start;

    (void)index;
    for (unsigned i = 0; i < WARM_UP; i++)
        round_of();
    copied = 0;
    faults = measure_faults();
    start = clock_begin(cpuid);
    do {
        round_of();
        rounds++;
        ticks = clock_end(cpuid) - start;
    } while (ticks < all_ticks);
    faults = measure_faults() - faults;
}

void
grow_run(const struct measure_setting *s, const struct workload *w)
{
    struct contender_config config = { .block = w->block,
        .bytes = 4 * BUFFERS_MAX * w->block,
        .chunk = CONTENDER_CHUNK,
        .scopes = w->live };

    subject = s->contender;
    work = w;
    cpuid = s->cpuid;
    all_ticks = (uint64_t)(s->seconds * measure_ticks_per_second());
    memset(source, 'x', sizeof source);
    if (!subject->open(&config))
        measure_die("no room");
    measure_run(subject, w->threads, run_lane);
    printf(" rate=%.1f faults=%.3f copied=%.0f",
        (double)(rounds * w->live) / (double)ticks * measure_ticks_per_second(),
        (double)faults / (double)(rounds * w->live), (double)copied / (double)(rounds * w->live));
    measure_close(subject);
}
