/* bench/alloc/contenders/pages.h -- runs of pages in one reservation, the free ones in a treap:
 * what Go calls mheap.
 *
 * Best fit, of equal ones the lowest.  A span that comes back is joined to its
 * free neighbours.  Every call is safe from any thread.
 */
#ifndef BENCH_ALLOC_CONTENDERS_PAGES_H
#define BENCH_ALLOC_CONTENDERS_PAGES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PAGES_SIZE = 8 * 1024, /* bytes, as in Go */
};

struct pages_span {
    /* The user's.  Zero after pages_take(). */
    unsigned class;
    unsigned fresh;        /* blocks never given out */
    unsigned out;          /* blocks that are out, the remote ones included */
    bool listed;           /* on its central list */
    void *local, *remote;  /* free blocks, each with the next in its first word */
    _Atomic(void *) owner; /* the cache that holds it, or NULL */
    struct pages_span *next, *prev;
    /* Private. */
    size_t first, count; /* pages */
    bool free;
    uint32_t priority;
    struct pages_span *left, *right;
};

/* Reserves `bytes`.  Returns false without address space. */
bool pages_open(size_t bytes) __attribute__((warn_unused_result));
void pages_close(void);

/* Returns a span of `count` pages, or NULL. */
struct pages_span *pages_take(size_t count) __attribute__((warn_unused_result));
void pages_give(struct pages_span *s) __attribute__((nonnull));

/* Returns the span that an address lies in. */
struct pages_span *pages_find(const void *p) __attribute__((nonnull));

unsigned char *pages_start(const struct pages_span *s) __attribute__((nonnull));
size_t pages_bytes(const struct pages_span *s) __attribute__((nonnull));

/* Gives the memory of free spans back to the system. */
void pages_trim(void);

/* Tells whether treap and map agree. */
bool pages_check(void);

#endif
