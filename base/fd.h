/* base/fd.h -- descriptors that close themselves, and whole writes. */
#ifndef BASE_FD_H
#define BASE_FD_H

#include <stddef.h>

/* A local descriptor that is closed when its scope ends; -1 is nothing. */
#define FD_AUTO __attribute__((cleanup(fd_close)))

/* Closes *fd when it is not negative and sets it to -1.  Keeps errno. */
void fd_close(int *fd) __attribute__((nonnull));

/* Returns *fd and sets it to -1: the caller owns it now. */
int fd_take(int *fd) __attribute__((warn_unused_result, nonnull));

/* Moves *fd to a number of at least `min` (one that has such a
 * number keeps it), with CLOEXEC.  Returns 0 or -errno; after a failure *fd is as it was. */
int fd_move_above(int *fd, int min) __attribute__((warn_unused_result, nonnull));

/* Points descriptor `target` (0, 1 or 2) at /dev/null, for reading and writing,
 * without CLOEXEC.  Returns 0 or -errno. */
int fd_null(int target) __attribute__((warn_unused_result));

/* Writes all `n` bytes of a blocking descriptor, through EINTR and short
 * writes.  Returns 0 or -errno. */
int fd_write_all(int fd, const void *p, size_t n) __attribute__((warn_unused_result, nonnull));

#endif
