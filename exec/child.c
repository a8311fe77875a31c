/* exec/child.c -- contracts are in child.h.
 *
 * Async-signal-safe and more: no libc function but syscall(2), so that nothing
 * here depends on locks, buffers or caches of the threads whose memory this is.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "exec/child.h"
#include "exec/low.h"

#ifndef CLOSE_RANGE_UNSHARE
#define CLOSE_RANGE_UNSHARE (1U << 1)
#endif
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

/* A sanitizer's shadow of this stack would belong to the parent's thread, which
 * never sees these functions return; and a stack protector's failure handler
 * is no place for a child that shares memory. */
#define BARE \
    __attribute__((no_sanitize("address", "thread", "undefined"), no_stack_protector)) BARE_TOO
#if __has_attribute(disable_sanitizer_instrumentation)
#define BARE_TOO __attribute__((disable_sanitizer_instrumentation))
#else
#define BARE_TOO
#endif

enum {
    SIGNALS = 64,         /* the kernel's, real-time ones included */
    SIGSET_BYTES = 8,     /* the kernel's sigset_t */
    SIGACTION_BYTES = 64, /* at least the kernel's struct sigaction, on any machine */
    DIRENTS_BYTES = 1024,
    WHO_PROCESS = 1, /* of ioprio_set(2), which has no header */
};

struct entry {
    uint64_t ino;
    int64_t off;
    unsigned short reclen;
    unsigned char type;
    char name[];
};

BARE static void
reset_signals(const struct child_spec *c)
{
    /* All zeros are SIG_DFL, no flags and an empty mask in every layout. */
    static const unsigned char default_action[SIGACTION_BYTES];
    int sig;

    /* Handlers too, although exec resets them: a signal that comes between
     * emptying the mask and exec would run them in our parent's memory. */
    for (sig = 1; sig <= SIGNALS; sig++)
        if (c->signals & UINT64_C(1) << (sig - 1))
            (void)syscall(SYS_rt_sigaction, sig, default_action, NULL, SIGSET_BYTES);
}

/* Before anything else happens to descriptors, and while we have the rights of
 * who made the cgroups. */
BARE static int
join_cgroups(const struct child_spec *c)
{
    const int *procs = c->cgroup_more;

    if (c->cgroup_procs > 2 && syscall(SYS_write, c->cgroup_procs, "0", 1UL) != 1)
        return -1;
    for (; procs != NULL && *procs >= 0; procs++)
        if (syscall(SYS_write, *procs, "0", 1UL) != 1)
            return -1;
    return 0;
}

/* While the descriptors are those of our parent, who would otherwise have to open
 * it when the program runs, and could do nothing but kill it if that failed. */
BARE static int
open_pidfd(struct child_spec *c)
{
    c->pidfd = (int)syscall(SYS_pidfd_open, syscall(SYS_getpid), 0);
    return c->pidfd;
}

/* Both limits; one that is lower already stays. */
BARE static int
lower(struct child_spec *c, enum limits_what what, int resource, uint64_t max)
{
    struct rlimit64 now;

    if (max == 0)
        return 0;
    c->limit = what;
    if (syscall(SYS_prlimit64, 0, resource, NULL, &now) < 0)
        return -1;
    now.rlim_max = max < now.rlim_max ? max : now.rlim_max;
    now.rlim_cur = now.rlim_max < now.rlim_cur ? now.rlim_max : now.rlim_cur;
    return (int)syscall(SYS_prlimit64, 0, resource, &now, NULL);
}

/* Descriptors of our own: copies up to the highest that is needed, and those that
 * the path to the program may lead through. */
BARE static int
own_descriptors(const int *fd, int n)
{
    unsigned last = LOW_ENOUGH - 1;
    int i;

    for (i = 0; i < n; i++)
        if (fd[i] >= 0 && (unsigned)fd[i] > last)
            last = (unsigned)fd[i];
    if (syscall(SYS_close_range, last + 1, ~0U, CLOSE_RANGE_UNSHARE) == 0)
        return 0;
    return (int)syscall(SYS_unshare, CLONE_FILES);
}

/* Puts fd[] on 0, 1 and 2. */
BARE static int
place_descriptors(struct child_spec *c)
{
    int i;

    /* A source that stands on another one's place would be overwritten. */
    for (i = 0; i < 3; i++) {
        if (c->fd[i] < 3 && c->fd[i] != i) {
            c->fd[i] = (int)syscall(SYS_fcntl, c->fd[i], F_DUPFD_CLOEXEC, 3);
            if (c->fd[i] < 0)
                return -1;
        }
    }
    for (i = 0; i < 3; i++) {
        /* A copy onto itself changes nothing and would keep CLOEXEC. */
        if (c->fd[i] == i) {
            if (syscall(SYS_fcntl, i, F_SETFD, 0) < 0)
                return -1;
        } else if (syscall(SYS_dup3, c->fd[i], i, 0) < 0) {
            return -1;
        }
    }
    return 0;
}

/* The number that a name of /proc/self/fd is, -1 for "." and "..". */
BARE static int
name_to_fd(const char *s)
{
    int n = 0;

    if (*s < '0' || *s > '9')
        return -1;
    for (; *s >= '0' && *s <= '9'; s++)
        n = n * 10 + (*s - '0');
    return n;
}

/* What close_range(2) does, for kernels before 5.11 and filters that refuse it. */
BARE static int
cloexec_one_by_one(void)
{
    _Alignas(struct entry) char buf[DIRENTS_BYTES];
    int dir =
        (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    long n = -1;
    long at;

    if (dir < 0)
        return -1;
    while ((n = syscall(SYS_getdents64, dir, buf, sizeof(buf))) > 0) {
        for (at = 0; at < n;) {
            const struct entry *d = (const struct entry *)(const void *)(buf + at);
            int fd = name_to_fd(d->name);

            if (fd > 2)
                (void)syscall(SYS_fcntl, fd, F_SETFD, FD_CLOEXEC);
            at += d->reclen;
        }
    }
    return n < 0 ? -1 : 0;
}

/* Everything past 2 closes at exec, and not before: the path to the program may
 * lead through one of them (/proc/self/fd/9). */
BARE static int
cloexec_rest(void)
{
    if (syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
        return 0;
    return cloexec_one_by_one();
}

BARE static long
apply(const struct exec_limits *l, enum limits_what what, int resource)
{
    if (what == LIMITS_NICE)
        return syscall(SYS_setpriority, PRIO_PROCESS, 0, l->nice);
    if (what == LIMITS_IONICE)
        return syscall(SYS_ioprio_set, WHO_PROCESS, 0, l->ionice);
    return syscall(SYS_prlimit64, 0, resource, &l->rlimit[what], NULL);
}

BARE static int
apply_limits(struct child_spec *c)
{
    static const int resource[LIMITS_MAX] = {
        [LIMITS_CORE] = RLIMIT_CORE,
        [LIMITS_FSIZE] = RLIMIT_FSIZE,
        [LIMITS_NOFILE] = RLIMIT_NOFILE,
        [LIMITS_NPROC] = RLIMIT_NPROC,
        [LIMITS_CPU] = RLIMIT_CPU,
        [LIMITS_AS] = RLIMIT_AS,
        [LIMITS_STACK] = RLIMIT_STACK,
    };
    const struct exec_limits *l = c->limits;
    int what;

    for (what = 0; what < LIMITS_MAX; what++) {
        if ((l->given & 1U << what) == 0)
            continue;
        if (apply(l, (enum limits_what)what, resource[what]) < 0 && (l->must & 1U << what) != 0) {
            c->limit = (enum limits_what)what;
            return -1;
        }
    }
    return 0;
}

BARE static enum child_stage
become(struct child_spec *c)
{
    static const uint64_t no_signals;

    reset_signals(c);
    if (join_cgroups(c) < 0)
        return CHILD_CGROUP;
    if (c->watched && open_pidfd(c) < 0)
        return CHILD_PIDFD;
    if (c->shares && own_descriptors(c->fd, 3) < 0)
        return CHILD_DESCRIPTORS;
    if (place_descriptors(c) < 0)
        return CHILD_DESCRIPTORS;
    if (cloexec_rest() < 0)
        return CHILD_CLOSE;
    if (syscall(SYS_setsid) < 0)
        return CHILD_SESSION;
    if (c->nofile != NULL && syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, c->nofile, NULL) < 0)
        return CHILD_NOFILE;
    if (c->limits != NULL && apply_limits(c) < 0)
        return CHILD_LIMITS;
    if (lower(c, LIMITS_AS, RLIMIT_AS, c->as) < 0 ||
        lower(c, LIMITS_NPROC, RLIMIT_NPROC, c->nproc) < 0)
        return CHILD_LIMITS;
    if (c->workdir != NULL && syscall(SYS_chdir, c->workdir) < 0)
        return CHILD_WORKDIR;
    (void)syscall(SYS_umask, c->limits != NULL ? c->limits->umask : LIMITS_UMASK);
    if (syscall(SYS_rt_sigprocmask, SIG_SETMASK, &no_signals, NULL, SIGSET_BYTES) < 0)
        return CHILD_SIGNALS;
    (void)syscall(SYS_execve, c->path, c->argv, c->envp);
    return CHILD_EXEC;
}

BARE int
child_main(void *spec)
{
    struct child_spec *c = spec;
    enum child_stage failed = become(c);

    c->num = errno;
    c->stage = failed;
    for (;;)
        (void)syscall(SYS_exit_group, 127);
}

BARE int
child_end(void *failed)
{
    if (failed != NULL)
        *(int *)failed = own_descriptors(NULL, 0) < 0;
    for (;;)
        (void)syscall(SYS_exit_group, 0);
}
