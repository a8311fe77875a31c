/* arena/pages.h -- address space and the pages in it.
 *
 * The system calls of the arena, and no knowledge of chunks.  Addresses and
 * lengths are whole pages.  Safe from any thread.
 */
#ifndef ARENA_PAGES_H
#define ARENA_PAGES_H

#include <stdbool.h>
#include <stddef.h>

/* Returns the size of a page in bytes. */
size_t pages_size(void);

/* Rounds up to whole pages; `bytes` is a page less than SIZE_MAX at most. */
size_t pages_round(size_t bytes);

/* Maps `bytes` fresh zero bytes of private memory without touching them.
 * Returns NULL when the system refuses. */
void *pages_map(size_t bytes) __attribute__((warn_unused_result));

/* Unmaps what pages_map() has returned. */
void pages_unmap(void *p, size_t bytes) __attribute__((nonnull));

/* Whether the system counts what could be written to, touched or not: its
 * overcommit says "never", or RLIMIT_DATA is a number. */
bool pages_counted(void) __attribute__((warn_unused_result));

/* As pages_map(), with a page without access at either end, which an overrun
 * meets instead of whatever the kernel has put there; core dumps leave it out.
 * With `closed` there is no access to any of it, and nothing is charged. */
unsigned char *pages_map_guarded(size_t bytes, bool closed) __attribute__((warn_unused_result));

/* Unmaps what pages_map_guarded() has returned. */
void pages_unmap_guarded(unsigned char *p, size_t bytes) __attribute__((nonnull));

/* Makes closed pages ones to read and write, which a system that counts them
 * charges.  Returns 0 or -ENOMEM. */
int pages_open(void *p, size_t bytes) __attribute__((warn_unused_result, nonnull));

/* Takes the access to pages away, and leaves them what they hold; pages_open()
 * gives it back.  Returns 0 or -errno. */
int pages_guard(void *p, size_t bytes) __attribute__((warn_unused_result, nonnull));

/* Takes the access to pages and what they hold away, and their charge back.
 * Returns 0 or -errno; they are then empty but open. */
int pages_close(void *p, size_t bytes) __attribute__((warn_unused_result, nonnull));

/* Brings pages into memory, content unchanged.  Returns 0 or -errno. */
int pages_populate(void *p, size_t bytes) __attribute__((warn_unused_result, nonnull));

/* Gives pages back; what they hold is lost.  With `lazy` the kernel takes them
 * when it needs them (MADV_FREE, madvise(2)), and whoever writes to one before
 * that keeps it without a fault; else they are gone at once.  Pages that are
 * locked in memory stay. */
void pages_give(void *p, size_t bytes, bool lazy) __attribute__((nonnull));

/* Returns how many bytes of these pages are in memory (mincore(2)). */
size_t pages_resident(void *p, size_t bytes) __attribute__((nonnull));

#endif
