/* arena/fits.h -- where a free run fits: the words of a map, by what begins in them.
 *
 * For each length up to FITS_SHORT chunks a set of the words in which a free run of
 * just that length begins, and over all words a tree that knows the longest one that
 * begins below each of its nodes, of those that are longer still: of these no word has
 * more than one.  A set is a bitmap with summaries: a bit for each 64 bits of the one
 * below.  So the tightest fit, and of equal ones the lowest, is found in a few steps
 * however full the map is; of long runs, the lowest that fits.
 *
 * Segregated fit (Masmano and others, TLSF, 2004) with sets in order of address where
 * that one has lists through the free blocks, which are cold or have no pages.
 *
 * Zero bytes mean "nothing is free".  Knows words and lengths; which chunk of a word it
 * is, its only user runs.c finds.
 */
#ifndef ARENA_FITS_H
#define ARENA_FITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FITS_SHORT = 256, /* chunks; no fewer than a word has */
    FITS_SET_LEVELS = 3,
    FITS_TREE_LEVELS = 6,
    FITS_WORDS_MAX = 1 << 15, /* 8 children a node */
};

#define FITS_NONE SIZE_MAX

struct fits {
    /* Private. */
    size_t words;
    size_t lengths;                  /* sets there are: of one chunk, of two, ... */
    uint64_t some[FITS_SHORT / 64];  /* a bit for each set that has a word */
    uint64_t *sets;                  /* one behind the other */
    size_t set_size;                 /* of each */
    size_t summary[FITS_SET_LEVELS]; /* where in a set each level begins */
    unsigned set_levels;
    uint32_t *longest[FITS_TREE_LEVELS]; /* chunks; [0] has a node for each word */
    size_t nodes[FITS_TREE_LEVELS];      /* in each level */
    unsigned tree_levels;                /* 0 where no run can be long */
};

/* Returns how many bytes are needed for `words`, 1 to FITS_WORDS_MAX, of a map of
 * `chunks`. */
size_t fits_bytes(size_t words, size_t chunks);

/* Begins over fits_bytes() zeroed bytes, aligned for any type, which the caller keeps
 * alive. */
void fits_init(struct fits *f, size_t words, size_t chunks, void *zeroed) __attribute__((nonnull));

/* Notes that a free run of `n` chunks begins in word `w`, which takes the place of another
 * long one there. */
void fits_note(struct fits *f, size_t w, size_t n) __attribute__((nonnull));

/* Notes that none of `n` chunks begins there, or no more. */
void fits_forget(struct fits *f, size_t w, size_t n) __attribute__((nonnull));

/* Finds a word in which a free run of `n` chunks or more begins, as said above.  Returns
 * it and stores how long the run is; or FITS_NONE. */
size_t fits_find(const struct fits *f, size_t n, size_t *ret_length) __attribute__((nonnull));

/* Returns the length of the longest free run, 0 when nothing is free. */
size_t fits_longest(const struct fits *f) __attribute__((nonnull));

/* Tells whether one of `n` chunks begins in word `w`. */
bool fits_has(const struct fits *f, size_t w, size_t n) __attribute__((nonnull));

/* Tells whether summaries and tree say what the lowest levels say, and `count` is how
 * many pairs of a word and a length those have. */
bool fits_check(const struct fits *f, size_t count) __attribute__((warn_unused_result, nonnull));

#endif
