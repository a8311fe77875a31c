/* bench/alloc/contender.h -- what a workload may ask of whoever is measured.
 *
 * One file in contenders/ each.  A contender does what its users would do: one
 * that reserves takes a growing buffer at its maximum and lets it be written
 * where it lies; malloc's users begin small and double by realloc(3).  Calls
 * fail by NULL and never exit; whoever is written here keeps its books apart
 * from malloc's.
 */
#ifndef BENCH_ALLOC_CONTENDER_H
#define BENCH_ALLOC_CONTENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CONTENDER_SCOPES_MAX = 2048,
    CONTENDER_SMALL = 16 * 1024, /* bytes of small things that a scope may have */
    CONTENDER_CHUNK = 64 * 1024, /* bytes, as cmon.conf and CMon have it */
};

/* What a workload will want. */
struct contender_config {
    size_t block;   /* bytes, the largest block */
    size_t bytes;   /* of all blocks at once, each rounded up to the chunk */
    size_t chunk;   /* bytes, a power of two */
    size_t scopes;  /* at once; 0: none */
    bool give_back; /* pages go back to the system as they do in the product;
                       else what was touched stays */
};

struct contender {
    const char *name;
    const char *what; /* it is, in a few words */
    bool single;      /* frees single blocks; else a scope ends all at once */
    bool recycles;    /* frees blocks singly if all have one size and there are no scopes */
    bool in_place;    /* a growing buffer is taken at its maximum */
    bool own;         /* memory of its own: how full it is can be set up */

    /* Prints its version. */
    void (*version)(char *buf, size_t size);
    /* Takes its address space.  Returns false if there is none. */
    bool (*open)(const struct contender_config *config);
    void (*close)(void);
    /* A thread that is about to call, and one that has. */
    void (*thread_begin)(unsigned index);
    void (*thread_end)(void);
    /* Blocks; scope is ignored by whoever is `single`.  `written`: how many
     * bytes of the block were, from its beginning on. */
    void *(*alloc)(size_t scope, size_t n);
    void (*free)(void *p, size_t written);
    /* Makes a block of `used` bytes one of `n`; adds to *copied what it had to
     * copy. */
    void *(*grow)(size_t scope, void *p, size_t used, size_t n, uint64_t *copied);
    /* Small things that end with their scope; without these, alloc and free. */
    void *(*small)(size_t scope, size_t n);
    void (*reset)(size_t scope);
    /* Gives back what it can, as malloc_trim(3). */
    void (*trim)(void);
    /* Verifies its books. */
    bool (*check)(void);
};

/* Finds one by its name; NULL when there is none. */
const struct contender *contender_find(const char *name) __attribute__((nonnull));

/* All of them, by index; NULL behind the last. */
const struct contender *contender_at(size_t i);

/* Returns `n` bytes of zeroes from the system, page by page, NULL if there are
 * none; and gives them back. */
void *contender_map(size_t n);
void contender_unmap(void *p, size_t n);

/* For whoever has no better way to grow: take, copy, free. */
void *contender_move(const struct contender *c, size_t scope, void *p, size_t used, size_t n,
    uint64_t *copied) __attribute__((nonnull));

/* What each file gives. */
extern const struct contender contender_arena, contender_bins, contender_region, contender_glibc,
    contender_jemalloc, contender_tcmalloc, contender_mimalloc, contender_cmon2, contender_firstfit,
    contender_span, contender_bump;

#endif
