/* arena/warm.h -- which chunks may hold pages, and which of those are free.
 *
 * A bitmap beside that of runs.h: one bit for each chunk that somebody may have
 * written to since its pages were last given back.  Pages go back in units, a
 * unit being a whole number of chunks that fills whole pages.
 *
 * Knows nothing of memory or locks: indices in, indices out.  heap.c is its
 * only user.
 */
#ifndef ARENA_WARM_H
#define ARENA_WARM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct runs;

struct warm {
    /* Private. */
    const struct runs *runs; /* the caller's: what is free */
    uint64_t *touched;       /* one bit a chunk */
    size_t unit;             /* chunks, a power of two */
};

/* Returns how many bytes the bitmap of `count` chunks needs. */
size_t warm_bytes(size_t count);

/* Makes a bitmap without a warm chunk, over warm_bytes() zeroed bytes, aligned
 * for uint64_t, which the caller keeps alive, as it does `runs`.  `unit` is a
 * power of two. */
void warm_init(struct warm *w, const struct runs *runs, size_t unit, void *zeroed)
    __attribute__((nonnull));

/* Notes that the `n` chunks (1 or more) from `first` on may hold pages. */
void warm_note(struct warm *w, size_t first, size_t n) __attribute__((nonnull));

/* Notes that they (1 or more) hold none.  Returns how many of them were warm. */
size_t warm_clear(struct warm *w, size_t first, size_t n) __attribute__((nonnull));

/* Returns the number of chunks that are warm and free. */
size_t warm_free(const struct warm *w) __attribute__((nonnull));

/* Finds the highest units in a row, below the chunk `below`, that are free as a
 * whole and warm; at most `most` chunks of them, but one unit at least.
 * `below` is a first chunk found before, or the number of chunks.  Returns how
 * many chunks they are, 0 when there are none, and stores the first. */
size_t warm_find(const struct warm *w, size_t below, size_t most, size_t *ret_first)
    __attribute__((warn_unused_result, nonnull));

/* Tells whether no chunk past the end is warm, which nothing else contradicts. */
bool warm_check(const struct warm *w) __attribute__((warn_unused_result, nonnull));

#endif
