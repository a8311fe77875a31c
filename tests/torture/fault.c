/* tests/torture/fault.c -- runs a program and has the kernel refuse one system call, the N-th.
 *
 *     fault [-a CALL:ERROR:N[:ARG=VALUE]] -c CALL,... PROGRAM ARGUMENT...
 *
 * The calls of -c stop in seccomp and come here (user notification), those of
 * PROGRAM, its threads and its children; all go on, but for the one that is
 * armed, which returns ERROR and is not done.  Counted are the calls of a file
 * named cmon, its child halves before exec included, commands not.  ARG=VALUE
 * counts only those calls whose argument ARG (0 to 5) is VALUE.
 *
 * -a arms from the start.  Later descriptor 3 takes lines, and 4 answers them:
 *     arm CALL:ERROR:N[:ARG=VALUE]    ok
 *     seen                            calls counted since armed, and how many of them failed
 * The first line on 4 is the program's pid, the last one "ended STATUS"
 * (128 + the signal when there was one).
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* clang-format off */
#define CALL(name) { #name, SYS_##name }
#define ERROR(name) { #name, name }
/* clang-format on */

enum {
    CONTROL = 3,
    REPORT = 4,
    CALLS_MAX = 64
};

struct name {
    const char *name;
    long n;
};

static const struct name calls[] = { CALL(accept4), CALL(brk), CALL(chdir), CALL(clone),
    CALL(clone3), CALL(close_range), CALL(dup3), CALL(epoll_create1), CALL(epoll_ctl),
    CALL(epoll_pwait), CALL(eventfd2), CALL(execve), CALL(faccessat2), CALL(fcntl), CALL(futex),
    CALL(getdents64), CALL(getsockname), CALL(kill), CALL(lseek), CALL(madvise), CALL(memfd_create),
    CALL(mmap), CALL(mprotect), CALL(munmap), CALL(newfstatat), CALL(openat), CALL(pidfd_open),
    CALL(pidfd_send_signal), CALL(pipe2), CALL(ppoll), CALL(prctl), CALL(pread64), CALL(prlimit64),
    CALL(pwrite64), CALL(read), CALL(recvfrom), CALL(rt_sigaction), CALL(rt_sigprocmask),
    CALL(sched_setscheduler), CALL(sendmsg), CALL(setsid), CALL(signalfd4), CALL(timerfd_create),
    CALL(timerfd_settime), CALL(umask), CALL(waitid), CALL(write), CALL(writev),
#ifdef SYS_epoll_wait
    CALL(epoll_wait), CALL(poll), CALL(readlink), CALL(dup2),
#endif
    { NULL, -1 } };

static const struct name errors[] = { ERROR(EINTR), ERROR(EAGAIN), ERROR(ENOMEM), ERROR(EMFILE),
    ERROR(ENFILE), ERROR(ENOBUFS), ERROR(EIO), ERROR(ENOSPC), ERROR(EPERM), ERROR(ENOSYS),
    { NULL, -1 } };

static struct {
    long call; /* -1: nothing is armed */
    int error;
    unsigned long at;
    int arg; /* -1: whatever its arguments are */
    unsigned long long value;
    unsigned long counted, failed;
} armed = { .call = -1 };

static void
die(const char *what)
{
    (void)fprintf(stderr, "fault: %s: %s\n", what, strerror(errno));
    exit(99);
}

static long
find(const struct name *list, const char *name)
{
    for (; list->name != NULL; list++)
        if (strcmp(list->name, name) == 0)
            return list->n;
    errno = EINVAL;
    die(name);
    return -1;
}

static void
arm(char *words)
{
    const char *call = strtok(words, ":\n");
    const char *error = strtok(NULL, ":\n");
    const char *at = strtok(NULL, ":\n");
    const char *arg = strtok(NULL, ":\n");
    const char *value = arg != NULL ? strchr(arg, '=') : NULL;

    if (at == NULL || (arg != NULL && value == NULL))
        die("arm");
    armed.call = find(calls, call);
    armed.error = (int)find(errors, error);
    armed.at = strtoul(at, NULL, 10);
    armed.arg = arg != NULL ? atoi(arg) : -1;
    armed.value = value != NULL ? strtoull(value + 1, NULL, 0) : 0;
    armed.counted = armed.failed = 0;
}

/* The program's own calls, not those of commands.  One that lets nobody look
 * (it may not dump core) is our program: commands may be looked at. */
static bool
is_ours(pid_t tid)
{
    char path[64];
    char exe[4096];
    const char *base;
    ssize_t n;

    (void)snprintf(path, sizeof(path), "/proc/%d/exe", (int)tid);
    n = readlink(path, exe, sizeof(exe) - 1);
    if (n < 0)
        return errno == EACCES;
    exe[n] = '\0';
    base = strrchr(exe, '/');
    return base != NULL && strcmp(base, "/cmon") == 0;
}

static bool
refuse(const struct seccomp_notif *n)
{
    if (n->data.nr != armed.call || (armed.arg >= 0 && n->data.args[armed.arg] != armed.value))
        return false;
    if (!is_ours((pid_t)n->pid))
        return false;
    if (++armed.counted != armed.at)
        return false;
    armed.failed++;
    return true;
}

static void
notified(int listener)
{
    struct seccomp_notif n;
    struct seccomp_notif_resp r;

    memset(&n, 0, sizeof(n));
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &n) < 0)
        return; /* it was killed meanwhile */
    memset(&r, 0, sizeof(r));
    r.id = n.id;
    if (refuse(&n))
        r.error = -armed.error;
    else
        r.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    (void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &r);
}

/* Returns whether there may be more. */
static bool
commanded(void)
{
    char line[128];
    size_t n = 0;

    while (n < sizeof(line) - 1 && read(CONTROL, line + n, 1) == 1 && line[n] != '\n')
        n++;
    if (n == 0)
        return false;
    line[n] = '\0';
    if (strncmp(line, "arm ", 4) == 0) {
        arm(line + 4);
        (void)dprintf(REPORT, "ok\n");
    } else {
        (void)dprintf(REPORT, "%lu %lu\n", armed.counted, armed.failed);
    }
    return true;
}

static int
install(char *list)
{
    struct sock_filter code[CALLS_MAX + 3];
    struct sock_fprog prog = { .filter = code };
    const char *name;
    unsigned n = 0;

    code[n++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (name = strtok(list, ","); name != NULL && n <= CALLS_MAX; name = strtok(NULL, ","))
        code[n++] = (struct sock_filter){ .code = BPF_JMP | BPF_JEQ | BPF_K,
            .k = (unsigned)find(calls, name) };
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    code[n] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
    for (unsigned i = 1; i + 1 < n; i++)
        code[i].jt = (unsigned char)(n - i - 1);
    prog.len = (unsigned short)(n + 1);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -1;
    return (int)syscall(
        SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &prog);
}

/* The child shares our descriptors until it executes the program, which is the
 * first call that it may not make alone; so its listener is ours. */
static pid_t
start(char *list, char **argv, int *ret_listener)
{
    volatile int *shared =
        mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t pid;

    if (shared == MAP_FAILED)
        die("mmap");
    *shared = -1;
    pid = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
    if (pid < 0)
        die("clone");
    if (pid == 0) {
        int fd = install(list);

        *shared = fd < 0 ? -2 : fd;
        (void)execvp(argv[0], argv);
        _exit(99);
    }
    while (*shared == -1)
        (void)usleep(100);
    if (*shared < 0) {
        (void)waitpid(pid, NULL, 0);
        return -1;
    }
    *ret_listener = *shared;
    return pid;
}

static void
wake(int sig)
{
    (void)sig;
}

static int
supervise(pid_t pid, int listener)
{
    const struct sigaction waking = { .sa_handler = wake };
    struct pollfd p[] = { { .fd = listener, .events = POLLIN },
        { .fd = CONTROL, .events = POLLIN } };
    sigset_t before, child;
    int status;

    /* No pidfd: it may be one of those that are refused here. */
    (void)sigemptyset(&child);
    (void)sigaddset(&child, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &child, &before);
    (void)sigaction(SIGCHLD, &waking, NULL);
    while (waitpid(pid, &status, WNOHANG) != pid) {
        if (ppoll(p, 2, NULL, &before) < 0)
            continue;
        if (p[0].revents & POLLIN)
            notified(listener);
        else if (p[0].revents != 0)
            p[0].fd = -1; /* nobody is left */
        if (p[1].revents != 0 && !commanded())
            p[1].fd = -1;
    }
    status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    (void)dprintf(REPORT, "%lu %lu\nended %d\n", armed.counted, armed.failed, status);
    /* What commands have left must not hang: it goes on alone. */
    return status;
}

int
main(int argc, char **argv)
{
    char *list = NULL;
    int listener = -1;
    int c;
    pid_t pid;

    (void)fcntl(CONTROL, F_SETFD, FD_CLOEXEC);
    (void)fcntl(REPORT, F_SETFD, FD_CLOEXEC);
    while ((c = getopt(argc, argv, "+a:c:")) != -1) {
        if (c == 'a')
            arm(optarg);
        else if (c == 'c')
            list = optarg;
    }
    if (list == NULL || argv[optind] == NULL) {
        (void)fprintf(stderr, "usage: fault [-a CALL:ERROR:N[:ARG=VALUE]] -c CALL,... PROGRAM\n");
        return 99;
    }
    pid = start(list, argv + optind, &listener);
    if (pid < 0) {
        (void)fprintf(stderr, "fault: seccomp gives no notifications here\n");
        return 77;
    }
    (void)dprintf(REPORT, "%d\n", (int)pid);
    return supervise(pid, listener);
}
