/* exec/spawn.c -- contracts are in spawn.h. */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "exec/child.h"
#include "exec/spawn.h"

#ifdef SANITIZERS
/* ThreadSanitizer takes every clone(2) for a fork(2) and would set itself up
 * anew in the child, in memory that is ours.  This name of it is left alone. */
extern int __clone(int (*fn)(void *), void *stack, int flags, void *arg, ...);
#define clone __clone
#endif

enum {
    SIGNALS = 64,
    SIGSET_BYTES = 8, /* the kernel's sigset_t */
};

void
spawn_survey(struct spawn_origin *ret_origin)
{
    int sig;

    /* SIGPIPE in any case: libraries ignore it behind our back. */
    *ret_origin = (struct spawn_origin){ .signals = UINT64_C(1) << (SIGPIPE - 1) };
    for (sig = 1; sig <= SIGNALS; sig++) {
        struct sigaction now;

        /* libc keeps two signals for itself and refuses to tell; whoever
         * started us by its posix_spawn(3) may have left them ignored. */
        if (sigaction(sig, NULL, &now) < 0 || now.sa_handler != SIG_DFL)
            ret_origin->signals |= UINT64_C(1) << (sig - 1);
    }
}

/* Stops this thread until its child has become the program or has failed.  The
 * child's stack is a piece of ours, which stands still; it needs no guard,
 * because all that runs on it are the few frames of child.c: no signal handler
 * (all that may have one are blocked) and no function of unknown depth. */
static int
clone_and_wait(struct child_spec *child, pid_t *ret_pid, int *ret_pidfd)
{
    _Alignas(16) unsigned char stack[CHILD_STACK];
    /* SIGCHLD stays open: a child that has ended before this thread runs again
     * would leave it pending, and wake another thread for nothing. */
    static const uint64_t all = ~(UINT64_C(1) << (SIGCHLD - 1));
    uint64_t before;
    int pidfd = -1;
    int num;
    pid_t pid;

    /* libc's sigset functions leave two signals of its own out. */
    (void)syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, &before, SIGSET_BYTES);
    pid = clone(child_main, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD,
        child, &pidfd);
    num = errno;
    (void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, SIGSET_BYTES);
    if (pid < 0)
        return -num;
    *ret_pid = pid;
    *ret_pidfd = pidfd;
    return 0;
}

static int
report(const struct child_spec *c, struct err *err)
{
    switch (c->stage) {
    case CHILD_SIGNALS:
        return err_sys(err, c->num, "sigprocmask", NULL);
    case CHILD_CGROUP:
        return err_sys(err, c->num, "cgroup", "cgroup.procs");
    case CHILD_DESCRIPTORS:
        return err_sys(err, c->num, "dup", NULL);
    case CHILD_CLOSE:
        return err_sys(err, c->num, "close_range", NULL);
    case CHILD_SESSION:
        return err_sys(err, c->num, "setsid", NULL);
    case CHILD_LIMITS:
        return err_sys(err, c->num, "prlimit", NULL);
    case CHILD_WORKDIR:
        return err_sys(err, c->num, "chdir", c->workdir);
    case CHILD_EXEC:
    case CHILD_DONE:
        break;
    }
    return err_sys(err, c->num, "exec", c->path);
}

int
spawn_start(const struct spawn_spec *spec, pid_t *ret_pid, int *ret_pidfd, struct err *err)
{
    struct spawn_origin found;
    const struct spawn_origin *origin = spec->origin;
    struct child_spec child = {
        .path = spec->path,
        .argv = spec->argv,
        .envp = spec->envp,
        .workdir = spec->workdir,
        .fd = { spec->fd[0], spec->fd[1], spec->fd[2] },
        .cgroup_procs = spec->cgroup_procs,
        .cgroup_more = spec->cgroup_more,
        .as = spec->as,
        .nproc = spec->nproc,
    };
    FD_AUTO int pidfd = -1;
    siginfo_t gone;
    pid_t pid;
    int r;

    assert(spec->argv[0] != NULL);
    if (origin == NULL) {
        spawn_survey(&found);
        origin = &found;
    }
    child.signals = origin->signals;
    child.nofile = origin->limited ? &origin->nofile : NULL;

    r = clone_and_wait(&child, &pid, &pidfd);
    if (r < 0)
        return err_sys(err, -r, "clone", NULL);
    if (child.stage != CHILD_DONE) {
        /* It has let go of our memory and is about to end. */
        while (waitid(P_PIDFD, (id_t)pidfd, &gone, WEXITED | __WALL) < 0 && errno == EINTR)
            continue;
        return report(&child, err);
    }
    *ret_pid = pid;
    *ret_pidfd = fd_take(&pidfd);
    return 0;
}
