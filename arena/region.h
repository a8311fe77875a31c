/* arena/region.h -- memory with one owner and one end.
 *
 * A region hands out pieces of one reservation by moving a mark.  Nothing is
 * freed singly: region_reset() ends every allocation together.  One request
 * owns one region; what is built in one and then only read is a mirror
 * (mirror.h).
 *
 * Knows nothing of cmon.  Not for two threads at once, not for signal
 * handlers.  An empty region (zeroed, or after region_done()) is safe in every
 * call and every allocation from it fails.
 */
#ifndef ARENA_REGION_H
#define ARENA_REGION_H

#include <stdbool.h>
#include <stddef.h>

struct region {
    /* Private. */
    unsigned char *base;
    size_t used; /* bytes */
    size_t max;  /* bytes */
    bool mapped; /* base is our own mapping */
};

/* Reserves `max` bytes, rounded up to a page, and touches none of them; they
 * stay out of core dumps.
 * Returns 0, -EINVAL (max is 0) or -ENOMEM; after a failure *r is empty. */
int region_init(struct region *r, size_t max) __attribute__((warn_unused_result, nonnull));

/* Makes a region over `max` bytes that the caller owns and keeps alive. */
void region_over(struct region *r, void *mem, size_t max) __attribute__((nonnull));

/* Unmaps a region of region_init(), forgets one of region_over(). */
void region_done(struct region *r) __attribute__((nonnull));

/* Returns `n` bytes (0 is allowed), uninitialised, aligned for any type, alive
 * until the next region_reset() or region_done(); NULL past the maximum, and
 * the region is then unchanged. */
void *region_alloc(struct region *r, size_t n) __attribute__((warn_unused_result, nonnull));

/* region_alloc() of count * size zeroed bytes; NULL when the product overflows. */
void *region_zalloc(struct region *r, size_t count, size_t size)
    __attribute__((warn_unused_result, nonnull));

/* Copies `n` bytes and adds a NUL.  NULL as region_alloc(). */
char *region_strndup(struct region *r, const char *s, size_t n)
    __attribute__((warn_unused_result, nonnull));

/* Copies a string.  NULL as region_alloc(). */
char *region_strdup(struct region *r, const char *s) __attribute__((warn_unused_result, nonnull));

/* Formats into the region as printf(3) does.  NULL as region_alloc(). */
char *region_printf(struct region *r, const char *fmt, ...)
    __attribute__((warn_unused_result, nonnull(1, 2), format(printf, 2, 3)));

/* Takes back the latest piece, `p`, but for its first `n` bytes, of which it
 * MUST have had as many. */
void region_shrink(struct region *r, const void *p, size_t n) __attribute__((nonnull));

/* Ends every allocation and keeps the memory warm for the next. */
void region_reset(struct region *r) __attribute__((nonnull));

/* Returns the bytes handed out, alignment included. */
size_t region_used(const struct region *r) __attribute__((nonnull));

#endif
