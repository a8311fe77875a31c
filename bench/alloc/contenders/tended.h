/* bench/alloc/contenders/tended.h -- the arena's heap, opened and tended as the server does it. */
#ifndef BENCH_ALLOC_CONTENDERS_TENDED_H
#define BENCH_ALLOC_CONTENDERS_TENDED_H

#include <stdbool.h>
#include <stddef.h>

#include "arena/arena.h"
#include "bench/alloc/contender.h"

/* Opens a heap of all chunks that are asked for, which retains everything unless
 * it is to give back.  Returns NULL if there is no room for them. */
struct arena *tended_open(const struct contender_config *config)
    __attribute__((warn_unused_result, nonnull));

/* What the server's main thread does once nobody has asked for some seconds. */
void tended_trim(struct arena *heap) __attribute__((nonnull));

/* Tells whether its books agree, and whether it has refused nothing. */
bool tended_check(struct arena *heap) __attribute__((nonnull));

/* Prints the version of cmon. */
void tended_version(char *buf, size_t size) __attribute__((nonnull));

#endif
