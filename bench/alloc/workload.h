/* bench/alloc/workload.h -- what is done to a contender; one file in workloads/ for each kind.
 *
 * A workload opens the contender, runs, closes it and prints its figures as
 * " NAME=VALUE" on the line that slice.c has begun.  It dies rather than
 * measure something else than was asked for.  Its own books are pages of the
 * system, not malloc's.
 */
#ifndef BENCH_ALLOC_WORKLOAD_H
#define BENCH_ALLOC_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/alloc/measure.h"

struct workload {
    const char *name;
    void (*run)(const struct measure_setting *s, const struct workload *w);
    bool scoped; /* blocks end with their scope: for who frees nothing singly too */
    bool equal;  /* all blocks have one size */
    bool own;    /* only for who can be set up to be full */
    unsigned threads;
    size_t block;  /* bytes; of grow and of the pools */
    size_t live;   /* blocks at once; of full: chunks */
    bool touch;    /* pool: 128 random bytes; request: no more than a byte of each page */
    bool trim;     /* pool: between runs */
    size_t chunks; /* full: of a block */
    bool last;     /* full: always the last block, none at random */
};

/* Finds one by its name; NULL when there is none. */
const struct workload *workload_find(const char *name) __attribute__((nonnull));
const struct workload *workload_at(size_t i);

void pool_run(const struct measure_setting *s, const struct workload *w) __attribute__((nonnull));
void request_run(const struct measure_setting *s, const struct workload *w)
    __attribute__((nonnull));
void fragment_run(const struct measure_setting *s, const struct workload *w)
    __attribute__((nonnull));
void full_run(const struct measure_setting *s, const struct workload *w) __attribute__((nonnull));
void grow_run(const struct measure_setting *s, const struct workload *w) __attribute__((nonnull));
void replay_run(const struct measure_setting *s, const struct workload *w) __attribute__((nonnull));

#endif
