/* arena/runs.h -- which chunks are free, and where the lowest run of `n` begins.
 *
 * A bitmap with a tree of summaries above it: every 64-chunk word, every eight
 * words, every eight of those and so on know the free run at their start, at
 * their end, and the longest between, so a search looks at a few nodes of each
 * level however full the map is and whatever the run's length.  Zero bytes
 * mean "all free": a fresh map costs no memory until it is used.
 *
 * Knows nothing of memory or locks: indices in, indices out.  arena.c is its
 * only user.
 */
#ifndef ARENA_RUNS_H
#define ARENA_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RUNS_LEVELS = 5,
    RUNS_MAX = 1 << 21, /* chunks: 64 a word, fan-out 8, at most 8 nodes at the top */
};

#define RUNS_NONE SIZE_MAX

struct runs_node;

struct runs {
    /* Private. */
    uint64_t *words;                      /* a set bit is a taken chunk */
    struct runs_node *level[RUNS_LEVELS]; /* [0] has a node for each word */
    size_t nodes[RUNS_LEVELS];            /* in each level */
    size_t count;                         /* chunks */
    unsigned levels;
};

/* Returns how many bytes a map of `count` chunks, 1 to RUNS_MAX, needs. */
size_t runs_bytes(size_t count);

/* Makes a map of free chunks over runs_bytes() zeroed bytes, aligned for any
 * type, which the caller keeps alive.  Touches none of them. */
void runs_init(struct runs *r, size_t count, void *zeroed) __attribute__((nonnull));

/* Returns the lowest index at which `n` chunks (1 or more) in a row are free,
 * or RUNS_NONE. */
size_t runs_find(const struct runs *r, size_t n) __attribute__((warn_unused_result, nonnull));

/* Marks `n` chunks from `first` on, all of which MUST be free, as taken. */
void runs_take(struct runs *r, size_t first, size_t n) __attribute__((nonnull));

/* Marks `n` chunks from `first` on, all of which MUST be taken, as free. */
void runs_give(struct runs *r, size_t first, size_t n) __attribute__((nonnull));

/* Tells whether chunk `i` is taken. */
bool runs_taken(const struct runs *r, size_t i) __attribute__((nonnull));

/* Returns the length of the longest free run. */
size_t runs_longest(const struct runs *r) __attribute__((nonnull));

/* Tells whether every summary says what the bitmap says. */
bool runs_check(const struct runs *r) __attribute__((warn_unused_result, nonnull));

#endif
