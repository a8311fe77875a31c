/* arena/commit.h -- which part of a reservation may be written to, where the system counts it.
 *
 * Under vm.overcommit_memory=2 (proc_sys_vm(5)) and under RLIMIT_DATA
 * (getrlimit(2)) every byte that could be written to is charged, touched or not.
 * There a reservation is made without access, and opened and closed in steps of
 * COMMIT_STEP bytes; a bitmap knows which are open.
 *
 * Bytes are counted from the start of the reservation.  Safe from any thread;
 * that nobody uses what is closed is the caller's to know.
 */
#ifndef ARENA_COMMIT_H
#define ARENA_COMMIT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    COMMIT_STEP = 64 * 1024, /* bytes, a multiple of every page size */
};

struct commit {
    /* Private. */
    pthread_mutex_t lock;
    unsigned char *base;       /* the caller's reservation */
    size_t bytes;              /* of it */
    size_t open;               /* bytes */
    _Atomic uint64_t *is_open; /* one bit a step; changed under the lock */
};

/* Returns how many bytes the bitmap of a reservation needs. */
size_t commit_bytes(size_t bytes);

/* Begins with a reservation of which nothing is open, and commit_bytes() zeroed
 * bytes, aligned for uint64_t; both stay the caller's, who keeps them alive. */
void commit_init(struct commit *c, unsigned char *base, size_t bytes, void *zeroed)
    __attribute__((nonnull));

/* Ends it, and closes nothing. */
void commit_done(struct commit *c) __attribute__((nonnull));

/* Opens every step that any of `n` bytes from `from` on lies in.  Returns 0 or
 * -ENOMEM; some may then be open that were not. */
int commit_open(struct commit *c, size_t from, size_t n)
    __attribute__((warn_unused_result, nonnull));

/* Says, without waiting for anybody, whether commit_open() of the same bytes had
 * nothing to do.  It still has nothing when the caller comes to write there, as
 * long as who closes steps knows that these bytes are in use. */
bool commit_is_open(const struct commit *c, size_t from, size_t n)
    __attribute__((warn_unused_result, nonnull));

/* Closes the steps that lie in there as a whole; what they held is lost.  One
 * that the system does not let us close gives its pages back and stays open. */
void commit_close(struct commit *c, size_t from, size_t n) __attribute__((nonnull));

/* Returns how many of `n` bytes from `from` on are open before the first that is
 * not. */
size_t commit_reach(struct commit *c, size_t from, size_t n) __attribute__((nonnull));

/* Returns how many bytes are open. */
size_t commit_opened(struct commit *c) __attribute__((nonnull));

/* Tells whether the bitmap and the counter agree. */
bool commit_check(struct commit *c) __attribute__((warn_unused_result, nonnull));

#endif
