/* bench/alloc/contenders/carve.h -- chunks cut into small blocks of one size: the central list
 * behind the bins.
 *
 * A chunk goes back to the heap when all of its blocks are back.  Every call is
 * safe from any thread.
 */
#ifndef BENCH_ALLOC_CONTENDERS_CARVE_H
#define BENCH_ALLOC_CONTENDERS_CARVE_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* `base` is the first of the heap's chunks.  Returns false without memory. */
bool carve_open(struct arena *heap, unsigned char *base, size_t chunk, size_t chunks)
    __attribute__((warn_unused_result, nonnull));
void carve_close(void);

/* Stores up to `n` blocks of a class (classes.h) and returns how many; 0 when
 * the heap has no chunk left. */
unsigned carve_take(unsigned class, void **ret_blocks, unsigned n) __attribute__((nonnull));

/* Takes `n` blocks of a class back. */
void carve_give(unsigned class, void **blocks, unsigned n) __attribute__((nonnull));

#endif
