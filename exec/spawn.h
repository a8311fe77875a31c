/* exec/spawn.h -- the parent half: bring one process to life.
 *
 * clone(2) with CLONE_VM | CLONE_VFORK | CLONE_PIDFD on a small stack of its
 * own: the cost does not grow with our memory, and the child reports why it
 * failed through memory that both halves share until exec (vfork(2)).
 */
#ifndef EXEC_SPAWN_H
#define EXEC_SPAWN_H

#include <sys/types.h>

struct err;

struct spawn_spec {
    const char *path;    /* for execve(2) */
    char *const *argv;   /* NULL-terminated */
    char *const *envp;   /* NULL-terminated */
    const char *workdir; /* NULL: stay */
    int fd[3];           /* become 0, 1 and 2 of the child; the caller keeps them */
};

/* Starts a process in a session of its own.  On success stores its pid and a
 * pidfd (CLOEXEC, the caller's, who also reaps).  Returns 0 or -errno with
 * err->text as run_start() describes; no process is left then.  Blocks the
 * calling thread until exec; its signal mask is as before when it returns. */
int spawn_start(const struct spawn_spec *spec, pid_t *ret_pid, int *ret_pidfd, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
