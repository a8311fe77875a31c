/* exec/watcher.h -- the end of a command, where the kernel gives no pidfd.
 *
 * A thread that SIGCHLD wakes looks which of the watched children have ended,
 * without reaping them, and makes the descriptor of each readable: an eventfd
 * that stands in for the pidfd.  Signals merge and children are looked at one
 * by one, so that none is missed.
 *
 * One watcher for a process.  It takes SIGCHLD over: a handler of its own, and
 * blocked in the thread that opens it, and so in those that this one starts.
 */
#ifndef EXEC_WATCHER_H
#define EXEC_WATCHER_H

#include <sys/types.h>

struct err;
struct watched;
struct watcher;

/* Starts the thread.  Returns 0 or -errno. */
int watcher_open(struct watcher **ret_watcher, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Ends it and gives SIGCHLD back; by the thread that opened it.  NULL is
 * allowed. */
void watcher_close(struct watcher *w);

/* Makes ready to watch a child that is about to be started, so that nothing
 * can fail once it lives.  *ret_fd (CLOEXEC) is the caller's, who may close it
 * at any time.  Returns 0 or -errno; `clone` is what the error speaks of. */
int watcher_expect(struct watched **ret_watched, int *ret_fd, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The child has this pid and is not reaped yet.  The watcher owns `c` now, and
 * forgets it once the child has ended. */
void watcher_name(struct watcher *w, struct watched *c, pid_t pid) __attribute__((nonnull));

/* No child came to life; *fd is closed. */
void watcher_drop(struct watched *c, int *fd) __attribute__((nonnull));

#endif
