/* arena/arena.h -- a heap of chunks in one reservation of address space.
 *
 * An arena reserves chunk_size * chunk_count bytes once and touches none of
 * them.  Blocks are runs of chunks: any size up to the whole arena, aligned to
 * the chunk (for chunks of a page and more, to the page), never moved, without
 * headers.  What is known of a block stands in a side table, so an overrun cannot
 * spoil the bookkeeping, and a free of what starts no block is refused; a second
 * free of one is not when the place is another block's by then, whose owner loses
 * it.  A page without access stands before the first chunk and after the last; no
 * core dump contains a chunk.
 *
 * Knows nothing of cmon.  Every call is safe from any thread, none from a
 * signal handler.  A child of fork or vfork MAY use blocks and MUST NOT call.
 */
#ifndef ARENA_ARENA_H
#define ARENA_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ARENA_CHUNK_MIN = 512,             /* bytes */
    ARENA_CHUNK_MAX = 4 * 1024 * 1024, /* bytes */
    ARENA_STEP = 64 * 1024,            /* bytes */
    ARENA_CHUNKS_MIN = 1,
    ARENA_CHUNKS_MAX = 1000 * 1000,
};

#define ARENA_PATIENCE INT64_C(2000000000) /* ns above warm_max before pages go */
#define ARENA_IDLE INT64_C(3000000000)     /* ns without an allocation before more go */
#define ARENA_NEVER INT64_MAX

struct arena;

struct arena_options {
    size_t chunk_size;  /* bytes, a power of two, ARENA_CHUNK_MIN to _MAX */
    size_t chunk_count; /* ARENA_CHUNKS_MIN to _MAX */
    size_t retain;      /* bytes of free chunks that stay warm whatever happens */
    bool prefault;      /* touch everything now and retain it: no page fault later */
    bool hardened;      /* see below */
    bool stepwise;      /* commit in steps, see arena_commit(), also where the system does
                           not count what is committed */
    size_t warm_max;    /* bytes of free chunks that stay warm under use; below retain: that */
};

/* A hardened arena finds mistakes of its users, at a price.  Behind each block
 * lies a chunk more without access, where chunks are pages or more (and steps,
 * if the arena is stepwise): who writes past the end dies.  A freed block, or the
 * tail that arena_shrink() cuts off, is filled with a pattern, as far as it is
 * committed and arena_free_written() says that it was written (by the others: all
 * of it), and waits in a queue of at most 16 MiB or an eighth of the arena,
 * whichever is less, and of 255 blocks, before it can be taken again; what waits
 * counts as used, and is not waited for when there is no room, or nobody has
 * allocated for ARENA_IDLE.  A block that was written to while it waited is counted
 * as damaged. */

struct arena_stats {
    size_t chunk_size;     /* bytes */
    size_t chunk_count;    /* as reserved, which may be less than asked for */
    size_t reserved;       /* bytes of address space for chunks, whole pages */
    size_t committed;      /* bytes of it that could be written to now */
    size_t used;           /* bytes in live blocks, whole chunks */
    size_t blocks;         /* live blocks */
    size_t high_water;     /* bytes, `used` was never more: what each part had at most, added */
    size_t largest_free;   /* bytes, the longest free run */
    size_t warm;           /* bytes of free chunks that may hold pages */
    size_t resident;       /* bytes of pages in memory, from mincore(2) */
    unsigned long failed;  /* allocations refused for want of room */
    unsigned long damaged; /* freed blocks that were written to, where it is hardened */
    unsigned long refused; /* frees and shrinks of what is no block */
};

/* Reserves an arena and stores it in *ret_arena.  Where the system refuses the
 * wish (RLIMIT_AS, overcommit) chunk_count is halved until it agrees; compare
 * arena_chunks() with the wish and tell the user.
 * Returns 0, -EINVAL (a field out of its range) or -ENOMEM (not one chunk). */
int arena_open(const struct arena_options *opt, struct arena **ret_arena)
    __attribute__((warn_unused_result, nonnull));

/* Unmaps everything; every block is gone.  NULL is allowed. */
void arena_close(struct arena *a);

/* Returns a block of at least `n` bytes (whole chunks; 0 counts as 1), its
 * content undefined, alive until arena_free(); NULL when no run of free chunks
 * is long enough, or the system does not let its first ARENA_STEP bytes be
 * written to.  The tightest run first, of equal ones the lowest, as it is of those
 * of more than 256 chunks; last that which ends the arena, or one of its parts,
 * because it is the one that was never used, and warm pages are used again.
 * Threads that keep waiting for each other part, into up to four parts of the
 * arena.
 * If arena_is_stepwise(), what lies behind these is for arena_commit(). */
void *arena_alloc(struct arena *a, size_t n) __attribute__((warn_unused_result, nonnull));

/* Whether a block may be written to only as far as it was committed: so it is
 * where the system counts what could be written to (vm.overcommit_memory=2,
 * RLIMIT_DATA), as it was when the arena was opened. */
bool arena_is_stepwise(const struct arena *a) __attribute__((nonnull));

/* Makes `n` bytes at `at`, which lie in one live block of the caller's, ones to
 * write to.  Whoever does not know how many they will be doubles what they have,
 * ARENA_STEP at first.  Returns 0, at once when the arena is not stepwise, or
 * -ENOMEM when the system refuses even after all that is warm and free was given
 * back; -EFAULT for an address outside the arena. */
int arena_commit(struct arena *a, const void *at, size_t n)
    __attribute__((warn_unused_result, nonnull));

/* Gives the tail of a block back and keeps its first `n` bytes (whole chunks,
 * at least one), content included.  Returns 0 or what arena_free() returns,
 * for NULL -EFAULT; -EINVAL also when the block is shorter than `n`; -errno of
 * mprotect(2) where a hardened arena cannot move the access to the end of the block
 * (there are too many mappings; at worst the block has no guard any more).  A refused
 * call changes nothing but the statistics, in which the last two do not count as
 * refused. */
int arena_shrink(struct arena *a, void *block, size_t n) __attribute__((nonnull(1)));

/* Frees a block, and gives no page back: the next block lies where it lay, and a
 * fresh page costs a microsecond.  arena_tend() does.  NULL is allowed and does
 * nothing.  Returns 0; -EFAULT for an address outside the arena; -EALREADY for
 * the start of a chunk that is free (a double free); -EINVAL for any other one
 * that starts no block.  A refused free changes nothing but the statistics. */
int arena_free(struct arena *a, void *block) __attribute__((nonnull(1)));

/* arena_free() of a block of which only the first `written` bytes were used: what
 * lies behind them is not counted as warm. */
int arena_free_written(struct arena *a, void *block, size_t written) __attribute__((nonnull(1)));

/* Returns the size of a block in bytes, whole chunks; 0 when `block` is none. */
size_t arena_block_size(struct arena *a, const void *block) __attribute__((nonnull(1)));

/* Returns the number of chunks that were really reserved. */
size_t arena_chunks(const struct arena *a) __attribute__((nonnull));

/* Gives pages of free chunks back, those at the highest addresses first: when
 * more than warm_max bytes have been warm for ARENA_PATIENCE, at each look, down to
 * that: the kernel takes a page when it needs it (MADV_FREE), and when it is so for
 * as long again, they are gone (MADV_DONTNEED), which they are the first time with
 * what was committed for them if arena_is_stepwise(); when nobody has allocated for
 * ARENA_IDLE, down to `retain`, at once.  What is warm is counted in whole chunks.
 * `now` is a clock that only goes forward, in ns.  Returns when to call again, or
 * ARENA_NEVER when there is nothing to do before the next allocation.  Calls
 * between are harmless.  For one thread at a time; others go on allocating. */
int64_t arena_tend(struct arena *a, int64_t now) __attribute__((nonnull));

/* Takes a consistent picture; `resident` is counted just after it, in a walk
 * over what was ever handed out. */
void arena_stats(struct arena *a, struct arena_stats *ret_stats) __attribute__((nonnull));

/* Return arena_stats.damaged and .refused, without looking at anything else. */
unsigned long arena_damaged(const struct arena *a) __attribute__((nonnull));
unsigned long arena_refused(const struct arena *a) __attribute__((nonnull));

/* Verifies that all tables agree with each other and with what was counted: the
 * runs of each part, what crosses parts, what is warm, what is committed, which
 * freed blocks wait.  Returns 0 or -EUCLEAN. */
int arena_check(struct arena *a) __attribute__((warn_unused_result, nonnull));

#endif
