/* arena/mirror.h -- memory that is written once and then only read.
 *
 * A mirror is built in one piece, sealed, shared by any number of readers, and
 * retired when the last of them leaves.  It lies in a memory file that has two
 * views:
 *
 *     ro  where it is built and read.  Sealing puts a read-only mapping over
 *         the writable one at the same address, so that whatever points into
 *         it, from inside or outside, is read-only from then on: no pointer is
 *         left to be translated, or forgotten.
 *     rw  the only way back.  Nobody can read or write through it but the
 *         retirement, which opens it to cleanse what was there.
 *
 * The order is the kernel's: the file is mapped writable, sealed with
 * F_SEAL_FUTURE_WRITE, and only then mapped for readers.  The seal lets what is
 * writable already be, forbids new writable mappings and mprotect(2) of
 * read-only ones; but a read-only view made before it could be made writable.
 * No descriptor is left.  Neither view is in a core dump; a forked child has
 * the ro view alone.
 *
 * Where there is no memory file or no such seal (Linux before 5.1, a filter, no
 * descriptor, RLIMIT_FSIZE below the maximum) it is memory that mprotect(2) has
 * made read-only, with one view: a stray write ends in SIGSEGV all the same,
 * but whoever calls mprotect(2) can undo it.
 *
 * A memory file does not count against RLIMIT_DATA; against RLIMIT_AS counts
 * the maximum while it is built, then twice what is used, in pages.
 *
 * Knows nothing of cmon.  Building is for one thread; a sealed mirror is for
 * all.  A forked child MAY read and MUST NOT let go.
 *
 * See memfd_create(2), fcntl(2) "File sealing", mmap(2), mprotect(2), madvise(2).
 */
#ifndef ARENA_MIRROR_H
#define ARENA_MIRROR_H

#include <stdbool.h>
#include <stddef.h>

#include "arena/region.h"

struct mirror;

/* Makes an empty mirror of at most `max` bytes, rounded up to a page, with one
 * reader: the caller.  Touches none of them.
 * Returns 0, -EINVAL (max is 0) or -ENOMEM. */
int mirror_open(size_t max, struct mirror **ret_mirror)
    __attribute__((warn_unused_result, nonnull));

/* Returns the region to build in, the mirror's.  What it hands out stays where
 * it is for as long as the mirror lives.  Empty once the mirror is sealed. */
struct region *mirror_region(struct mirror *m)
    __attribute__((warn_unused_result, nonnull, returns_nonnull));

/* Ends the building: gives back what was not used and makes the rest read-only
 * for good.  Only then others may become readers.
 * Returns 0; -EINVAL when it was sealed before; or -errno, and the mirror, which
 * MUST NOT be read any more, is good for nothing but mirror_unref(). */
int mirror_seal(struct mirror *m) __attribute__((warn_unused_result, nonnull));

/* Whether the kernel holds the seal.  False before mirror_seal(), and where
 * mprotect(2) has to do. */
bool mirror_is_held(const struct mirror *m) __attribute__((warn_unused_result, nonnull));

/* Where the `n` bytes at an address of the rw view are in the ro view.  NULL
 * when they are not all in the rw view, which an address that has been
 * converted is not, and when there is no such view: before mirror_seal(), or
 * not mirror_is_held(). */
const void *mirror_ro(const struct mirror *m, const void *rw, size_t n)
    __attribute__((warn_unused_result, nonnull));

/* The other way round. */
void *mirror_rw(const struct mirror *m, const void *ro, size_t n)
    __attribute__((warn_unused_result, nonnull));

/* Adds a reader to a sealed mirror. */
struct mirror *mirror_ref(struct mirror *m) __attribute__((nonnull, returns_nonnull));

/* Lets go; the last reader cleanses what was built and unmaps it, sealed or
 * not.  NULL is allowed. */
void mirror_unref(struct mirror *m);

#endif
