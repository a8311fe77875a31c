/* exec/way.c -- contracts are in way.h. */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "exec/child.h"
#include "exec/way.h"

#ifdef SANITIZERS
/* ThreadSanitizer takes every clone(2) for a fork and would set itself up
 * anew in the child, in memory that is ours.  This name of it is left alone. */
extern int __clone(int (*fn)(void *), void *stack, int flags, void *arg, ...);
#define clone __clone
#endif

enum {
    SIGSET_BYTES = 8 /* the kernel's sigset_t */
};

#define SHARED (CLONE_VM | CLONE_VFORK)
#define FILES(share) ((share) ? CLONE_FILES : 0)

const char *
way_name(enum way way)
{
    static const char *const names[WAY_MAX] = { "clone3", "clone", "vfork", "vfork-sigchld" };

    assert(way < WAY_MAX);
    return names[way];
}

/* clone3(2) returns in the child too, on a stack where nobody has called it:
 * no C can follow.  Returns what the kernel does, in the parent. */
#if defined(CLONE_INTO_CGROUP) && defined(__x86_64__) && defined(__LP64__)
#define HAVE_CLONE3
static long
call_clone3(struct clone_args *args, int (*fn)(void *), void *arg)
{
    register int (*entry)(void *) __asm__("r8") = fn;
    register void *given __asm__("r9") = arg;
    long r;

    __asm__ volatile("syscall\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "xor %%ebp, %%ebp\n\t" /* the outermost frame */
                     "mov %%r9, %%rdi\n\t"
                     "call *%%r8\n\t"
                     "hlt\n"
                     "1:"
                     : "=a"(r)
                     : "0"((long)SYS_clone3), "D"(args), "S"(sizeof(*args)), "r"(entry), "r"(given)
                     : "rcx", "r11", "cc", "memory");
    return r;
}
#elif defined(CLONE_INTO_CGROUP) && defined(__aarch64__) && defined(__LP64__)
#define HAVE_CLONE3
static long
call_clone3(struct clone_args *args, int (*fn)(void *), void *arg)
{
    register long x0 __asm__("x0") = (long)args;
    register size_t size __asm__("x1") = sizeof(*args);
    register int (*entry)(void *) __asm__("x2") = fn;
    register void *given __asm__("x3") = arg;
    register long number __asm__("x8") = SYS_clone3;

    __asm__ volatile("svc #0\n\t"
                     "cbnz x0, 1f\n\t"
                     "mov x29, xzr\n\t" /* the outermost frame */
                     "mov x0, x3\n\t"
                     "blr x2\n\t"
                     "brk #1\n"
                     "1:"
                     : "+r"(x0)
                     : "r"(size), "r"(entry), "r"(given), "r"(number)
                     : "cc", "memory");
    return x0;
}
#endif

/* The kernel resets handlers while nobody runs; what is ignored stays so. */
static long
by_clone3(unsigned char *stack, int flags, int (*fn)(void *), void *arg, int cgroup, int *ret_pidfd)
{
#ifdef HAVE_CLONE3
    struct clone_args args = {
        .flags = SHARED | (unsigned)flags | CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
        .pidfd = (uintptr_t)ret_pidfd,
        .exit_signal = SIGCHLD,
        .stack = (uintptr_t)stack,
        .stack_size = WAY_STACK,
    };

    if (cgroup >= 0) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = (unsigned)cgroup;
    }
    return call_clone3(&args, fn, arg);
#else
    (void)stack, (void)flags, (void)fn, (void)arg, (void)cgroup, (void)ret_pidfd;
    return -ENOSYS;
#endif
}

static long
by_clone(unsigned char *stack, int flags, int (*fn)(void *), void *arg, int *ret_pidfd)
{
    int pid = clone(fn, stack + WAY_STACK, SHARED | flags | SIGCHLD, arg, ret_pidfd);

    return pid < 0 ? -errno : pid;
}

/* Stops this thread until its child has become the program or has failed.  The
 * child's stack is a piece of ours, which stands still; it needs no guard,
 * because all that runs on it are the few frames of child.c: no signal handler
 * (all that may have one are blocked) and no function of unknown depth. */
int
way_start(enum way way, bool share, int (*fn)(void *), void *arg, int cgroup, pid_t *ret_pid,
    int *ret_pidfd)
{
    _Alignas(16) unsigned char stack[WAY_STACK];
    /* SIGCHLD stays open: a child that has ended before this thread runs again
     * would leave it pending, and wake another thread for nothing. */
    static const uint64_t all = ~(UINT64_C(1) << (SIGCHLD - 1));
    uint64_t before;
    int pidfd = -1;
    long pid;

    assert(cgroup < 0 || way == WAY_CLONE3);
    /* libc's sigset functions leave two signals of its own out. */
    if (syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, &before, SIGSET_BYTES) < 0)
        return -errno;
    if (way == WAY_CLONE3)
        pid = by_clone3(stack, FILES(share), fn, arg, cgroup, &pidfd);
    else
        pid = by_clone(stack, FILES(share) | (way == WAY_CLONE ? CLONE_PIDFD : 0), fn, arg, &pidfd);
    (void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, SIGSET_BYTES);
    if (pid < 0)
        return (int)pid;
    *ret_pid = (pid_t)pid;
    *ret_pidfd = pidfd;
    return 0;
}

int
way_pidfd(pid_t pid)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);

    return fd < 0 ? -errno : fd;
}

/* Returns whether it has exited with 0. */
static bool
reap_well(pid_t pid)
{
    siginfo_t gone = { .si_pid = 0 };

    while (waitid(P_PID, (id_t)pid, &gone, WEXITED | __WALL) < 0 && errno == EINTR)
        continue;
    return gone.si_pid == pid && gone.si_code == CLD_EXITED && gone.si_status == 0;
}

void
way_reap(pid_t pid)
{
    (void)reap_well(pid);
}

bool
way_short(int num)
{
    return num == EAGAIN || num == ENOMEM || num == EMFILE || num == ENFILE || num == EINTR;
}

int
way_bears(int cgroup)
{
    FD_AUTO int pidfd = -1;
    pid_t pid;
    int r = way_start(WAY_CLONE3, false, child_end, NULL, cgroup, &pid, &pidfd);

    if (r < 0)
        return way_short(-r) ? r : 0;
    return reap_well(pid);
}

/* Whether an error says that there is no such thing here, and not that the
 * machine is short of something just now. */
static bool
is_refusal(int num)
{
    return num == ENOSYS || num == EPERM || num == EACCES || num == EINVAL || num == E2BIG ||
           num == EOPNOTSUPP;
}

/* Whether a pidfd tells of the end: Linux 5.2 has some that do not, and epoll
 * knows. */
static bool
can_be_watched(int pidfd)
{
    struct epoll_event ev = { .events = EPOLLIN };
    FD_AUTO int set = epoll_create1(EPOLL_CLOEXEC);

    return set < 0 || epoll_ctl(set, EPOLL_CTL_ADD, pidfd, &ev) == 0 || errno != EPERM;
}

static bool
try_clone(enum way way, int cgroup)
{
    FD_AUTO int pidfd = -1;
    pid_t pid;
    int r = way_start(way, false, child_end, NULL, cgroup, &pid, &pidfd);

    /* A kernel that knows the cgroups of clone3(2) knows this one is none, and
     * a filter cannot tell it from any other. */
    if (r < 0)
        return !is_refusal(-r);
    way_reap(pid);
    return pidfd >= 0 && can_be_watched(pidfd);
}

static bool
try_pidfd_open(void)
{
    FD_AUTO int pidfd = way_pidfd(getpid());

    if (pidfd < 0)
        return !is_refusal(-pidfd);
    return can_be_watched(pidfd);
}

bool
way_shares(enum way way)
{
    FD_AUTO int pidfd = -1;
    int failed = 1;
    pid_t pid;

    if (way_start(way, true, child_end, &failed, -1, &pid, &pidfd) < 0)
        return false;
    way_reap(pid);
    return failed == 0;
}

enum way
way_probe(void)
{
    if (try_clone(WAY_CLONE3, INT_MAX))
        return WAY_CLONE3;
    if (try_clone(WAY_CLONE, -1))
        return WAY_CLONE;
    return try_pidfd_open() ? WAY_VFORK : WAY_VFORK_SIGCHLD;
}
