/* arena/heap.h -- the chunks of an arena, in parts that do not wait for each other.
 *
 * Each part has a lock, a map of its runs and one of its warm chunks.  A thread
 * takes from the part it took from before, and from those behind it when that one
 * is full, the first behind the last; whenever it has found locks held too often,
 * it begins behind the part that it waited for, and comes back to the first one
 * some time later.  Which run of a part it is, runs.h says.  Where none is long enough,
 * but one crosses from the part into those behind it, who has not waited, as one alone,
 * takes that one; it is dealt with under all locks, so one that waits, or had to move,
 * looks into the other parts first.  A run is found wherever it lies.
 *
 * Up to HEAP_PART_MIN chunks are one part: there everybody waits for everybody.
 *
 * Indices in, indices out.  Every call is safe from any thread.  arena.c is its
 * only user.
 */
#ifndef ARENA_HEAP_H
#define ARENA_HEAP_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "arena/runs.h"
#include "arena/warm.h"

enum {
    HEAP_PARTS = 4,
    HEAP_PART_MIN = 128, /* chunks: at least a page or a step of commit.h */
    HEAP_LINE = 128,     /* bytes that two CPUs had better not share */
};

/* Private. */
struct heap_part {
    pthread_mutex_t lock;
    struct runs runs;
    struct warm warm;
    size_t high;         /* chunks, the most that were ever in use */
    size_t top;          /* chunks from the first on that were ever handed out */
    unsigned long taken; /* allocations */
    bool crossed;        /* its last block goes on in the next part */
    bool continues;      /* its first block is the rest of one that crosses */
    /* For who has not the lock. */
    atomic_size_t head, tail; /* chunks in the free run that begins the part, that ends it */
    atomic_size_t longest;    /* chunks: no free run of it is longer; true when a search has
                                 failed, and too much again after what was taken since */
} __attribute__((aligned(HEAP_LINE)));

struct heap {
    /* Read only. */
    size_t count; /* chunks */
    /* Private. */
    unsigned shift; /* logarithm of the chunks of a part */
    unsigned nparts;
    struct heap_part *parts;
};

struct heap_stats {
    size_t used; /* chunks */
    size_t blocks;
    size_t high;    /* chunks, of each part the most that was ever used */
    size_t longest; /* chunks, of the longest free run */
    size_t warm;    /* free chunks that are warm */
    unsigned long taken;
};

/* Private: locks all parts, in their order, and unlocks them. */
void heap_enter_all(struct heap *h) __attribute__((nonnull));
void heap_leave_all(struct heap *h) __attribute__((nonnull));

/* Gives the pages of `n` free chunks from `first` on back. */
typedef void heap_give_fn(void *ctx, size_t first, size_t n);

/* Returns how many bytes the tables for `count` chunks need. */
size_t heap_bytes(size_t count);

/* Makes a heap of free chunks over heap_bytes() zeroed bytes, aligned to
 * HEAP_LINE, which the caller keeps alive.  Pages go back in units of `unit`
 * chunks, a power of two of at most HEAP_PART_MIN. */
void heap_init(struct heap *h, size_t count, size_t unit, void *zeroed) __attribute__((nonnull));

/* Ends it; nobody may be in it. */
void heap_done(struct heap *h) __attribute__((nonnull));

/* Makes a block of `n` chunks (1 or more).  Returns its first, or RUNS_NONE when
 * no free run is that long. */
size_t heap_take(struct heap *h, size_t n) __attribute__((warn_unused_result, nonnull));

/* Returns the chunks of the block that begins at `first`; -EALREADY when it is
 * free or leaving, -EINVAL when no block begins there. */
ptrdiff_t heap_length(struct heap *h, size_t first) __attribute__((nonnull));

/* Makes the block at `first` a free run, of which the first `written` chunks
 * count as warm.  Returns 0 or as heap_length(). */
int heap_free(struct heap *h, size_t first, size_t written) __attribute__((nonnull));

/* The same in two steps: a leaving block is nobody's, and not free yet. */
int heap_retire(struct heap *h, size_t first) __attribute__((nonnull));
void heap_give(struct heap *h, size_t first, size_t written) __attribute__((nonnull));

/* Shortens the block at `first` to `n` chunks; the rest, which was written to, is free,
 * or with `leaving` a block that leaves.  Returns how many chunks that are, or as
 * heap_length(); -ERANGE when the block is shorter than `n`. */
ptrdiff_t heap_cut(struct heap *h, size_t first, size_t n, bool leaving) __attribute__((nonnull));

/* Notes that `n` chunks from `first` on, 0 allowed, may hold pages. */
void heap_warm(struct heap *h, size_t first, size_t n) __attribute__((nonnull));

/* Has the pages of free warm chunks given back, `n` chunks at least if there are
 * so many, those with the highest addresses first, at most `piece` at a time
 * while others wait.  With `forget` they are not warm any more. */
void heap_cool(struct heap *h, size_t n, size_t piece, bool forget, heap_give_fn *give, void *ctx)
    __attribute__((nonnull(1, 5)));

/* Takes a consistent picture. */
void heap_look(struct heap *h, struct heap_stats *ret_stats) __attribute__((nonnull));

/* Stores where part `i` begins and how many of its first chunks were ever handed
 * out.  Returns false behind the last part. */
bool heap_reach(struct heap *h, unsigned i, size_t *ret_first, size_t *ret_n)
    __attribute__((nonnull));

/* Returns the chunks of the leaving block that begins at `first`, any number; 0 when
 * none does. */
size_t heap_leaving(struct heap *h, size_t first) __attribute__((nonnull));

/* Returns the number of leaving blocks, of a heap that heap_check() found sound. */
size_t heap_count_leaving(struct heap *h) __attribute__((nonnull));

/* Tells whether all tables agree. */
bool heap_check(struct heap *h) __attribute__((warn_unused_result, nonnull));

#endif
