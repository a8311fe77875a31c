/* bench/alloc/contenders/mheap.h -- runs of pages in one reservation, the free ones in a treap:
 * what Go calls mheap.
 *
 * Best fit, of equal ones the lowest.  A span that comes back is joined to its
 * free neighbours.  Every call is safe from any thread.
 */
#ifndef BENCH_ALLOC_CONTENDERS_MHEAP_H
#define BENCH_ALLOC_CONTENDERS_MHEAP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MHEAP_SIZE = 8 * 1024, /* bytes, as in Go */
};

struct mheap_span {
    /* The user's.  Zero after mheap_take(). */
    unsigned class;
    unsigned fresh;        /* blocks never given out */
    unsigned out;          /* blocks that are out, the remote ones included */
    bool listed;           /* on its central list */
    void *local, *remote;  /* free blocks, each with the next in its first word */
    _Atomic(void *) owner; /* the cache that holds it, or NULL */
    struct mheap_span *next, *prev;
    /* Private. */
    size_t first, count; /* pages */
    bool free;
    uint32_t priority;
    struct mheap_span *left, *right;
};

/* Reserves `bytes`.  Returns false without address space. */
bool mheap_open(size_t bytes) __attribute__((warn_unused_result));
void mheap_close(void);

/* Returns a span of `count` pages, or NULL. */
struct mheap_span *mheap_take(size_t count) __attribute__((warn_unused_result));
void mheap_give(struct mheap_span *s) __attribute__((nonnull));

/* Returns the span that an address lies in. */
struct mheap_span *mheap_find(const void *p) __attribute__((nonnull));

unsigned char *mheap_start(const struct mheap_span *s) __attribute__((nonnull));
size_t mheap_bytes(const struct mheap_span *s) __attribute__((nonnull));

/* Gives the memory of free spans back to the system. */
void mheap_trim(void);

/* Tells whether treap and map agree. */
bool mheap_check(void);

#endif
