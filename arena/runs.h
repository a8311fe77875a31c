/* arena/runs.h -- which chunks are free, which are blocks, where a run begins.
 *
 * A bitmap of taken chunks; a side table with the length of each run of free
 * or taken chunks; and over the words of the bitmap a tree that knows the
 * longest free run that begins below each of its nodes.  The lowest free run
 * of a length is found in a few steps for each of at most five levels, however
 * full the map; a run that is given back is joined to its free neighbours.
 * Zero bytes mean "nothing begins here", so a fresh map costs no memory until
 * it is used: 4.2 bytes a chunk when all of it was.
 *
 * Knows nothing of memory or locks: indices in, indices out.  heap.c is its
 * user, and warm.c, which asks what is free.
 */
#ifndef ARENA_RUNS_H
#define ARENA_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RUNS_WORD = 64, /* chunks in a word of a bitmap */
    RUNS_LEVELS = 5,
    RUNS_MAX = 1 << 21, /* chunks: 64 a word, 8 children a node, 8 nodes at the top */
};

#define RUNS_NONE SIZE_MAX

/* What a chunk is to its caller. */
enum runs_kind {
    RUNS_FREE,
    RUNS_BLOCK,   /* the first chunk of a block */
    RUNS_LEAVING, /* the first chunk of a block between runs_retire() and runs_give() */
    RUNS_INSIDE,  /* any other chunk of either */
};

struct runs {
    /* Read only. */
    size_t count;  /* chunks */
    size_t used;   /* chunks that are not free */
    size_t blocks; /* of kind RUNS_BLOCK */
    size_t tail;   /* chunks in the free run that ends the map; 0: none does */
    /* Private. */
    uint64_t *taken;             /* one bit a chunk */
    uint32_t *length;            /* chunks; for a block at its first chunk, for a
                                    free run at its first and at its last */
    uint32_t *best[RUNS_LEVELS]; /* chunks in the longest free run that begins
                                    below a node; [0] has a node for each word */
    size_t nodes[RUNS_LEVELS];   /* in each level */
    unsigned levels;
};

/* Returns how many bytes a map of `count` chunks, 1 to RUNS_MAX, needs. */
size_t runs_bytes(size_t count);

/* Makes a map of free chunks over runs_bytes() zeroed bytes, aligned for any
 * type, which the caller keeps alive. */
void runs_init(struct runs *r, size_t count, void *zeroed) __attribute__((nonnull));

/* Makes a block of the lowest `n` chunks (1 or more) in a row that are free.
 * Returns the index of its first, or RUNS_NONE. */
size_t runs_take(struct runs *r, size_t n) __attribute__((warn_unused_result, nonnull));

/* Makes a block of the first `n` chunks, 1 to all, of the free run that begins at
 * `first`. */
void runs_take_at(struct runs *r, size_t first, size_t n) __attribute__((nonnull));

/* Returns the chunks in the free run that begins the map; 0 when none does. */
size_t runs_head(const struct runs *r) __attribute__((nonnull));

/* Shortens the block at `first` to `n` chunks, 1 to its length less 1.  What is
 * cut off becomes a leaving block of its own, which begins at `first` + `n`. */
void runs_cut(struct runs *r, size_t first, size_t n) __attribute__((nonnull));

/* Makes the block at `first` a leaving one: its chunks are nobody's, not free
 * yet. */
void runs_retire(struct runs *r, size_t first) __attribute__((nonnull));

/* Makes the chunks of the block at `first`, leaving or not, free. */
void runs_give(struct runs *r, size_t first) __attribute__((nonnull));

/* Tells what chunk `i` is. */
enum runs_kind runs_kind(const struct runs *r, size_t i) __attribute__((nonnull));

/* Returns the chunks in the block, leaving or not, that begins at `first`. */
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
