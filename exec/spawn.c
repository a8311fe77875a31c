/* exec/spawn.c -- contracts are in spawn.h. */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "exec/autogroup.h"
#include "exec/child.h"
#include "exec/limits.h"
#include "exec/low.h"
#include "exec/spawn.h"

enum {
    SIGNALS = 64,
    SIGSET_BYTES = 8,     /* the kernel's sigset_t */
    SIGACTION_BYTES = 64, /* at least the kernel's struct sigaction, on any machine */
#ifdef __mips__
    HANDLER_AT = sizeof(uintptr_t), /* behind the flags */
#else
    HANDLER_AT = 0,
#endif
};

/* libc keeps two signals for itself and refuses to tell of them; whoever started
 * us by its posix_spawn(3) may have left them ignored. */
static bool
is_default(int sig)
{
    unsigned char action[SIGACTION_BYTES] = { 0 };
    uintptr_t handler;

    if (syscall(SYS_rt_sigaction, sig, NULL, action, SIGSET_BYTES) < 0)
        return false;
    memcpy(&handler, action + HANDLER_AT, sizeof(handler));
    return handler == (uintptr_t)SIG_DFL;
}

void
spawn_survey(struct spawn_origin *ret_origin)
{
    int sig;

    /* SIGPIPE in any case: libraries ignore it behind our back. */
    *ret_origin = (struct spawn_origin){ .signals = UINT64_C(1) << (SIGPIPE - 1) };
    for (sig = 1; sig <= SIGNALS; sig++)
        if (!is_default(sig))
            ret_origin->signals |= UINT64_C(1) << (sig - 1);
    ret_origin->way = way_probe();
    ret_origin->shares = way_shares(ret_origin->way);
}

static int
report(const struct child_spec *c, struct err *err)
{
    switch (c->stage) {
    case CHILD_SIGNALS:
        return err_sys(err, c->num, "sigprocmask", NULL);
    case CHILD_CGROUP:
        return err_sys(err, c->num, "cgroup", NULL);
    case CHILD_PIDFD:
        return err_sys(err, c->num, "clone", NULL);
    case CHILD_DESCRIPTORS:
        return err_sys(err, c->num, "dup", NULL);
    case CHILD_CLOSE:
        return err_sys(err, c->num, "close_range", NULL);
    case CHILD_SESSION:
        return err_sys(err, c->num, "setsid", NULL);
    case CHILD_NOFILE:
        return limits_failed(LIMITS_NOFILE, c->num, err);
    case CHILD_LIMITS:
        return limits_failed(c->limit, c->num, err);
    case CHILD_WORKDIR:
        return err_sys(err, c->num, "chdir", c->workdir);
    case CHILD_EXEC:
    case CHILD_DONE:
        break;
    }
    return err_sys(err, c->num, "exec", c->path);
}

/* Whether a child could not be made for want of something, or because the cgroup
 * is none that it can be born in. */
static int
report_clone(int num, int cgroup, struct err *err)
{
    return err_sys(err, num, cgroup < 0 || way_short(num) ? "clone" : "cgroup", NULL);
}

/* Gets the pidfd of a child that lives already and could not leave us one.  A
 * descriptor is kept free for it; if another thread was faster the child has to
 * go again. */
static int
open_pidfd(pid_t pid, int *reserve, int *ret_pidfd)
{
    int fd;

    fd_close(reserve);
    fd = way_pidfd(pid);
    if (fd < 0) {
        (void)kill(pid, SIGKILL);
        way_reap(pid);
        return fd;
    }
    *ret_pidfd = fd;
    return 0;
}

static int
start(enum way way, struct child_spec *child, int cgroup, pid_t *ret_pid, int *ret_pidfd,
    struct err *err)
{
    FD_AUTO int reserve = -1;
    FD_AUTO int pidfd = -1;
    bool late;
    pid_t pid;
    int r;

    child->watched = way == WAY_VFORK && child->shares;
    child->pidfd = -1;
    late = way == WAY_VFORK && !child->shares;
    if (late && (reserve = fcntl(child->fd[0], F_DUPFD_CLOEXEC, 3)) < 0 &&
        errno != EBADF) /* the child will tell */
        return err_sys(err, errno, "clone", NULL);
    r = way_start(way, child->shares, child_main, child, cgroup, &pid, &pidfd);
    if (r < 0)
        return report_clone(-r, cgroup, err);
    if (child->watched)
        pidfd = child->pidfd;
    if (child->stage != CHILD_DONE) {
        way_reap(pid); /* it has let go of our memory and is about to end */
        return report(child, err);
    }
    if (late && (r = open_pidfd(pid, &reserve, &pidfd)) < 0)
        return err_sys(err, -r, "clone", NULL);
    if (child->limits != NULL && (child->limits->given & 1U << LIMITS_NICE))
        autogroup_nice(pid, child->limits->nice);
    *ret_pid = pid;
    *ret_pidfd = fd_take(&pidfd);
    return 0;
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
        .limits = spec->limits,
        .cgroup_more = spec->cgroup_more,
        .as = spec->as,
        .nproc = spec->nproc,
    };
    int cgroup = -1, loan, r;

    assert(spec->argv[0] != NULL);
    if (origin == NULL) {
        spawn_survey(&found);
        origin = &found;
    }
    child.signals = origin->signals;
    child.shares = origin->shares;
    child.nofile = origin->limited ? &origin->nofile : NULL;
    if (spec->cgroup > 2 && origin->way == WAY_CLONE3)
        cgroup = spec->cgroup;
    else
        child.cgroup_procs = spec->cgroup_procs;
    loan = origin->low != NULL ? low_take(origin->low, child.fd) : -1;
    r = start(origin->way, &child, cgroup, ret_pid, ret_pidfd, err);
    if (loan >= 0)
        low_give(origin->low, loan);
    return r;
}
