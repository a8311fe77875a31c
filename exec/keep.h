/* exec/keep.h -- what is kept of a command's output: its first bytes, or its last.
 *
 * A keep puts bytes into memory of the caller, each once and where it stays:
 * for the last bytes that memory is a ring.  It may be shared by stdout and
 * stderr, whose bytes then stand in the order in which they came, with a mark
 * for each that says whose it is.
 */
#ifndef EXEC_KEEP_H
#define EXEC_KEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#include "base/span.h"

struct arena;

enum keep_stream {
    KEEP_OUT,  /* what stdout said */
    KEEP_ERR,  /* what stderr said */
    KEEP_BOTH, /* for keep_next(): whoever said it */
};

struct keep {
    size_t len;   /* bytes kept */
    bool dropped; /* at least one byte was not, or is not any more */

    /* Private. */
    unsigned char *p;     /* the caller's */
    unsigned char *marks; /* the caller's; bit i is set where stderr said byte i; or NULL */
    size_t max;           /* bytes that fit at p */
    size_t start;         /* where the first byte kept is */
    bool tail;            /* the last bytes are kept */
    size_t open;          /* bytes at p that may be written to */
    struct arena *arena;  /* who opens more of them */
};

/* Returns how many bytes the marks of `max` bytes take. */
size_t keep_marks(size_t max) __attribute__((const, warn_unused_result));

/* Begins to keep in the `max` bytes at `p`, with keep_marks(max) bytes at
 * `marks` or without (NULL).  `p` may be NULL when `max` is 0. */
void keep_over(struct keep *k, unsigned char *p, size_t max, unsigned char *marks, bool tail)
    __attribute__((nonnull(1)));

/* Says that all of the memory is part of blocks of `arena`, of which no more is
 * written to than was committed before (arena_commit(), in doubling steps).  Once
 * that is refused, what was committed is all there is room for.  Only before the
 * first byte. */
void keep_commit(struct keep *k, struct arena *arena) __attribute__((nonnull));

/* Stores where the next bytes go, for readv(2).  Returns the number of pieces,
 * 0 when nothing more is kept. */
int keep_room(struct keep *k, struct iovec ret_room[2])
    __attribute__((warn_unused_result, nonnull));

/* Takes `n` bytes that were put there, as said by KEEP_OUT or KEEP_ERR. */
void keep_take(struct keep *k, size_t n, enum keep_stream who) __attribute__((nonnull));

/* Notes that bytes came for which there was no room. */
void keep_drop(struct keep *k) __attribute__((nonnull));

/* Steps through what is kept of `who`: stores the next piece and moves *at,
 * which is 0 before the first.  Returns false when there is no more.  Without
 * marks everything is KEEP_OUT's. */
bool keep_next(const struct keep *k, enum keep_stream who, size_t *at, struct span *ret_piece)
    __attribute__((warn_unused_result, nonnull));

/* Whether all that is kept is one piece, and if so stores it. */
bool keep_whole(const struct keep *k, struct span *ret_all)
    __attribute__((warn_unused_result, nonnull));

#endif
