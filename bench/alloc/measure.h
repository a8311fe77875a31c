/* bench/alloc/measure.h -- what workloads share: time in ticks, threads, random numbers, what the
 * kernel counts. */
#ifndef BENCH_ALLOC_MEASURE_H
#define BENCH_ALLOC_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/alloc/contender.h"

enum {
    MEASURE_PAGE = 4096,
    MEASURE_THREADS_MAX = 16,
    MEASURE_FINE = 32, /* buckets for each doubling: 3 % apart */
    MEASURE_BUCKETS = 60 * MEASURE_FINE,
};

/* What a slice is told. */
struct measure_setting {
    const struct contender *contender;
    double seconds;    /* to measure for, about */
    bool cpuid;        /* how the counter is read, see clock.h */
    const char *trace; /* file to replay; NULL: none */
};

/* Times of single steps. */
struct measure_times {
    uint64_t n;
    double sum; /* ticks */
    uint32_t bucket[MEASURE_BUCKETS];
};

void measure_time(struct measure_times *t, uint64_t ticks) __attribute__((nonnull));
void measure_merge(struct measure_times *into, const struct measure_times *t)
    __attribute__((nonnull));

/* Prints " p50=... p99=... mean=... deviation=... times=QUANTILE/TICKS,...", all
 * in ticks, the counter's own floor included; the deviation is that of the
 * shortest 999 in 1000. */
void measure_print_times(const struct measure_times *t) __attribute__((nonnull));

/* Learns how fast the counter is and what reading it costs, in some 10 ms. */
void measure_init(bool cpuid);
double measure_ticks_per_second(void);
uint64_t measure_floor(void); /* the median of nothing between begin and end */
double measure_reading(void); /* ticks that both take, outside of what they time too */

/* The same numbers for everyone. */
struct measure_random {
    uint64_t state;
};

void measure_seed(struct measure_random *r, unsigned lane) __attribute__((nonnull));
uint64_t measure_next(struct measure_random *r) __attribute__((nonnull));

/* Less than `n`, which is less than 2^32; without a division. */
size_t measure_below(struct measure_random *r, size_t n) __attribute__((nonnull));

/* Between `low` and `high`, which are powers of two, every doubling as likely as
 * another. */
size_t measure_size(struct measure_random *r, size_t low, size_t high) __attribute__((nonnull));

/* Calls `fn` on `threads` threads of its own, none of them the first, each on a
 * core where there are enough, and waits for them. */
void measure_run(const struct contender *c, unsigned threads, void (*fn)(unsigned index))
    __attribute__((nonnull));

/* Closes it; dies if its books are wrong. */
void measure_close(const struct contender *c) __attribute__((nonnull));

/* Waits within `fn` until all threads have come here. */
void measure_meet(void);

/* A stretch of work that is timed as a whole, some 50 us.  Where there is a core
 * for each thread, one in which somebody else took the core is not counted. */
struct measure_batch {
    uint64_t work, ticks; /* done, of those that count */
    uint64_t elapsed;     /* ticks, of all */
    uint64_t lost;        /* batches that do not count */
    uint64_t began;
    long switches;
};

void measure_begin(struct measure_batch *b, bool cpuid) __attribute__((nonnull));
void measure_end(struct measure_batch *b, bool cpuid, uint64_t work, unsigned threads)
    __attribute__((nonnull));

/* Tells whether to go on until `ticks` have passed, and something counts. */
bool measure_goes_on(const struct measure_batch *b, uint64_t ticks) __attribute__((nonnull));

/* Page faults of this thread; resident bytes of the process, exactly. */
long measure_faults(void);
size_t measure_resident(void);

void measure_die(const char *what) __attribute__((noreturn, nonnull));

#endif
