/* arena/books.h -- what an arena keeps of itself: private to arena.c, and to who tests it.
 *
 * It stands at the start of a mapping of its own, the tables of heap.c and commit.c
 * behind it.
 */
#ifndef ARENA_BOOKS_H
#define ARENA_BOOKS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena/commit.h"
#include "arena/harden.h"
#include "arena/heap.h"

struct arena {
    unsigned char *base; /* the first chunk */
    size_t chunk;        /* bytes, a power of two */
    unsigned shift;      /* its logarithm */
    size_t page;         /* bytes */
    size_t reserved;     /* bytes from base on, whole pages */
    size_t books;        /* bytes of this mapping */
    size_t retain;       /* chunks */
    size_t warm_max;     /* chunks */
    bool prefault;       /* all of it was touched */
    bool stepwise;       /* only what `commit` says may be written to */
    bool hardened;
    size_t guard; /* chunks without access behind each block, 0 or 1 */
    struct heap heap;
    struct commit commit;
    atomic_ulong damaged;
    atomic_ulong failed;
    atomic_ulong refused;
    /* arena_tend()'s own. */
    unsigned long seen;    /* allocations, at the last look */
    int64_t used_at;       /* ns, the last look that found them grown */
    int64_t above_at;      /* ns, the look since which more than warm_max is warm; or never */
    bool offered;          /* and for so long that the kernel was offered it */
    struct harden waiting; /* freed, and not to be taken yet; mostly untouched */
};

#endif
