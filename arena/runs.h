/* arena/runs.h -- which chunks are free, which are blocks, where a run begins.
 *
 * Bitmaps, of the chunks that are taken and of those that begin a run of free or taken
 * ones: how long a run is, the distance to the next one tells.  Where that lies beyond
 * the word of the bitmaps in which the run begins, the word has the length.  That is half
 * a byte a chunk.  Where a free run fits (fits.h) takes as much of a large map, and up to
 * 8 bytes a chunk of one with 256; of these only what is used is ever touched.  A run that
 * is given back is joined to its free neighbours.  Zero bytes mean "nothing begins here",
 * so a fresh map costs no memory until it is used.
 *
 * Of the free runs that are long enough the shortest is taken, of equally short ones the
 * lowest; of those longer than FITS_SHORT the lowest, for it is not asked which of them is
 * the shortest.  The one that ends the map is taken from when there is no other: what was
 * never used stays so, and whole, as long as can be.  bench/alloc/README.md says what this
 * was chosen among.
 *
 * Knows nothing of memory or locks: indices in, indices out.  heap.c is its
 * user, and warm.c, which asks what is free.
 */
#ifndef ARENA_RUNS_H
#define ARENA_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena/fits.h"

enum {
    RUNS_WORD = 64, /* chunks in a word of a bitmap */
    RUNS_MAX = RUNS_WORD * FITS_WORDS_MAX,
};

#define RUNS_NONE SIZE_MAX

/* What a chunk is to its caller. */
enum runs_kind {
    RUNS_FREE,
    RUNS_BLOCK,   /* the first chunk of a block */
    RUNS_LEAVING, /* the first chunk of a block between runs_retire() and runs_give() */
    RUNS_INSIDE,  /* any other chunk of either */
};

/* What is known of RUNS_WORD chunks, one bit each, and what leads out of them. */
struct runs_word {
    uint64_t taken;    /* is not free */
    uint64_t begins;   /* is the first of a run */
    uint64_t leaving;  /* is the first of a leaving block */
    uint32_t onward;   /* chunks in the last run that begins here */
    uint32_t upstream; /* the first chunk of the free run that ends here and began before */
};

struct runs {
    /* Read only. */
    size_t count;  /* chunks */
    size_t used;   /* chunks that are not free */
    size_t blocks; /* of kind RUNS_BLOCK */
    size_t head;   /* chunks in the free run that begins the map; 0: none does */
    size_t tail;   /* in the one that ends it */
    /* Private. */
    size_t words;
    struct runs_word *word;
    struct fits fits;
};

/* Returns how many bytes a map of `count` chunks, 1 to RUNS_MAX, needs. */
size_t runs_bytes(size_t count);

/* Makes a map of free chunks over runs_bytes() zeroed bytes, aligned for any
 * type, which the caller keeps alive. */
void runs_init(struct runs *r, size_t count, void *zeroed) __attribute__((nonnull));

/* Makes a block of the first `n` chunks (1 or more) of the free run that fits, as said
 * above.  Returns the index of its first, or RUNS_NONE. */
size_t runs_take(struct runs *r, size_t n) __attribute__((warn_unused_result, nonnull));

/* Makes a block of the first `n` chunks, 1 to all, of the free run that begins at
 * `first`. */
void runs_take_at(struct runs *r, size_t first, size_t n) __attribute__((nonnull));

/* Shortens the block at `first` to `n` chunks, 1 to its length less 1.  What is
 * cut off becomes a leaving block of its own, which begins at `first` + `n`. */
void runs_cut(struct runs *r, size_t first, size_t n) __attribute__((nonnull));

/* Makes the block at `first` a leaving one: its chunks are nobody's, not free
 * yet. */
void runs_retire(struct runs *r, size_t first) __attribute__((nonnull));

/* Makes the chunks of the block at `first`, leaving or not, free.  Returns the length of
 * the free run that they are part of. */
size_t runs_give(struct runs *r, size_t first) __attribute__((nonnull));

/* Tells what chunk `i` is. */
enum runs_kind runs_kind(const struct runs *r, size_t i) __attribute__((nonnull));

/* Returns the chunks in the run, free or taken, that begins at `first`; 0 when none
 * does. */
size_t runs_length(const struct runs *r, size_t first) __attribute__((nonnull));

/* Returns the length of the longest free run, 0 when nothing is free. */
size_t runs_longest(const struct runs *r) __attribute__((nonnull));

/* Returns the bits of the `w`th RUNS_WORD chunks that are free; past the end of
 * the map none is. */
uint64_t runs_free_bits(const struct runs *r, size_t w) __attribute__((nonnull));

/* Returns the bits of word `w` that belong to the `n` chunks from `first` on; at
 * least one MUST. */
uint64_t runs_mask(size_t w, size_t first, size_t n) __attribute__((const));

/* Tells whether every table and counter says what the others say. */
bool runs_check(const struct runs *r) __attribute__((warn_unused_result, nonnull));

#endif
