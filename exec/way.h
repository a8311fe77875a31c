/* exec/way.h -- the ways to make a process, and which of them this machine allows.
 *
 * All of them share our memory with the child and stop our thread until its
 * exec (CLONE_VM | CLONE_VFORK): the cost does not grow with our memory.  They
 * differ in what the kernel, or a filter that we live under, lets us ask for:
 *
 *   clone3         a pidfd, handlers gone, born in its cgroup    Linux 5.7
 *   clone          a pidfd                                       Linux 5.3
 *   vfork          a pidfd from pidfd_open(2), by the child      Linux 5.3
 *   vfork-sigchld  no pidfd at all: exec/watcher.h
 */
#ifndef EXEC_WAY_H
#define EXEC_WAY_H

#include <stdbool.h>
#include <sys/types.h>

enum way {
    WAY_CLONE3,
    WAY_CLONE,
    WAY_VFORK,
    WAY_VFORK_SIGCHLD,
    WAY_MAX,
};

enum {
    WAY_STACK = 16 * 1024 /* bytes, plenty for exec/child.c; one page is touched */
};

/* Tries them, the best first, and returns the first one that is not refused.
 * Makes a child or two that end at once, and reaps them. */
enum way way_probe(void) __attribute__((warn_unused_result));

/* Whether a child can begin with our descriptors and get a copy of the few that
 * it needs (CLOSE_RANGE_UNSHARE, Linux 5.9, or unshare(2)).  Makes a child. */
bool way_shares(enum way way) __attribute__((warn_unused_result));

/* Returns the name that the table above has. */
const char *way_name(enum way way) __attribute__((warn_unused_result));

/* Makes a child that calls `fn` with `arg` on a small stack of its own and never
 * returns from it, and goes on when the child has let go of our memory.
 * `cgroup` is the descriptor of the directory of a cgroup v2 to be born in, or
 * -1; only for WAY_CLONE3.  Stores the pid, and a pidfd (CLOEXEC, the caller's)
 * or -1 where the way has none yet: way_pidfd().  With `share` the child begins
 * with our table of descriptors and MUST get its own.  Returns 0 or -errno.
 * The signal mask is as before when it returns; in the child everything but
 * SIGCHLD is blocked. */
int way_start(enum way way, bool share, int (*fn)(void *), void *arg, int cgroup, pid_t *ret_pid,
    int *ret_pidfd) __attribute__((warn_unused_result, nonnull(3, 6, 7)));

/* Whether an error means that the machine is short of something just now, and
 * not that there is no such thing here. */
bool way_short(int num) __attribute__((warn_unused_result));

/* Whether children can be born in cgroups such as this one, the directory of an
 * empty cgroup v2.  Not so when we are in one that was killed once: the kernel
 * takes them for late ones of that (seen with 6.18).  Makes a child.  Returns 1,
 * 0, or -errno when the machine is too short of something to tell. */
int way_bears(int cgroup) __attribute__((warn_unused_result));

/* Returns a pidfd (CLOEXEC) of a child that is not reaped, or -errno. */
int way_pidfd(pid_t pid) __attribute__((warn_unused_result));

/* Reaps a child that has ended or is just about to. */
void way_reap(pid_t pid);

#endif
