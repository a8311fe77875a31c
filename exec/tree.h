/* exec/tree.h -- who descends from whom, as /proc tells it.
 *
 * A picture of other processes is old when it is taken.  So whoever is found
 * here is known by pid and birth together, and tree_signal() reaches exactly
 * that process or none (without pidfds: as far as nobody takes its number over
 * in the microsecond after it was looked at).
 */
#ifndef EXEC_TREE_H
#define EXEC_TREE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct err;

enum {
    TREE_TICK = 10 * 1000 * 1000, /* nanoseconds in one unit of `born` */
    TREE_MAX = 256,               /* processes of one tree that are signalled at a time */
};

struct tree_proc {
    pid_t pid;
    pid_t parent;            /* its process, whichever thread of it */
    pid_t group;             /* process group */
    pid_t session;           /* session */
    char state;              /* 'R', 'S', 'T', 'Z', ... of its first thread, see proc(5) */
    int threads;             /* that have not ended, the first one always included */
    unsigned long long born; /* ticks since boot */
};

/* A list of pids that grows. */
struct tree_pids {
    pid_t *pid; /* owned */
    size_t n;
    size_t max;
};

/* Returns the present moment in the unit of `born`. */
unsigned long long tree_now(void) __attribute__((warn_unused_result));

/* Whether a process has ended, all threads of it, and waits to be reaped. */
bool tree_ended(const struct tree_proc *p) __attribute__((warn_unused_result, nonnull));

/* Looks at one process.  Returns 0 or -errno (-ESRCH: there is none). */
int tree_look(pid_t pid, struct tree_proc *ret_proc) __attribute__((warn_unused_result, nonnull));

/* Whether a process has an environment with nothing in it, which proc(5) tells in its
 * fields 26, 50 and 51: not one in the midst of execve(2), which has none yet. */
bool tree_is_bare(pid_t pid) __attribute__((warn_unused_result));

/* Opens the list of a thread's children.  Returns a descriptor (CLOEXEC) or
 * -errno; -ENOENT also on kernels without CONFIG_PROC_CHILDREN. */
int tree_open(pid_t pid, pid_t tid) __attribute__((warn_unused_result));

/* Appends the children that such a descriptor lists now.  The picture is exact
 * as long as none of these children is reaped meanwhile; `list` MAY lack some
 * when memory does.  Returns 0 or -errno. */
int tree_children(int fd, struct tree_pids *list) __attribute__((nonnull));

/* Frees what a list holds and empties it. */
void tree_free(struct tree_pids *list) __attribute__((nonnull));

/* Finds the descendants of `root`, itself not included, nearest first, at most
 * `max`.  Returns how many. */
size_t tree_walk(pid_t root, struct tree_proc *procs, size_t max) __attribute__((nonnull));

/* Signals that process and no other.  Returns 0 or -errno; -ESRCH when it is
 * gone, whoever has its number now. */
int tree_signal(const struct tree_proc *p, int sig) __attribute__((nonnull));

/* tree_signal() for all but those of process group `but`; SIGCONT follows
 * SIGTERM, because a stopped process would not hear it. */
void tree_signal_all(const struct tree_proc *procs, size_t n, pid_t but, int sig)
    __attribute__((nonnull));

/* Ends an orphan of ours, all below it, and its process group: at once, so that
 * nobody in it can fork away.  Who was below it is in `below`, *ret_n of them.  The group's number
 * is not reused as long as the orphan is not reaped, and the group is no stranger's, since it is in
 * one session.  Returns 0 or -errno. */
int tree_kill(const struct tree_proc *top, struct tree_proc below[TREE_MAX], size_t *ret_n)
    __attribute__((nonnull));

/* Reaps a child if it has ended, and says whether.  It keeps its number until
 * then, so that no pidfd is needed to mean the right one. */
bool tree_reap(pid_t pid, siginfo_t *ret_gone) __attribute__((warn_unused_result, nonnull));

/* Whether any child of ours has ended and is not reaped. */
bool tree_any_dead(void) __attribute__((warn_unused_result));

/* Whether /proc is ours: in a PID namespace with the /proc of another one the
 * numbers there are of others.  Returns 0 or -errno. */
int tree_check(struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
