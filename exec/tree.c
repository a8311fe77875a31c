/* exec/tree.c -- contracts are in tree.h. */
#include "config.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "exec/tree.h"

enum {
    STAT_MAX = 1024, /* bytes, more than one line of /proc/PID/stat */
    PATH_SIZE = 64,
    LIST_CHUNK = 4096, /* bytes: the kernel gives a page at a time */
    PIDS_FIRST = 64,
};

/* Fields 3, 4, 5, 6, 20 and 22. */
#define STAT_FORMAT ") %c %d %d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %d %*d %llu"

unsigned long long
tree_now(void)
{
    struct timespec t;

    /* The clock that the kernel stamps processes with. */
    (void)clock_gettime(CLOCK_BOOTTIME, &t);
    return ((unsigned long long)t.tv_sec * 1000000000ULL + (unsigned long long)t.tv_nsec) /
           TREE_TICK;
}

bool
tree_ended(const struct tree_proc *p)
{
    /* The first thread may have gone before the others. */
    return (p->state == 'Z' || p->state == 'X') && p->threads <= 1;
}

/* Reads a line of stat; what is behind the name begins at *ret_behind.  Returns 0 or -errno. */
static int
read_stat(pid_t pid, char line[STAT_MAX], const char **ret_behind)
{
    char path[PATH_SIZE];
    FD_AUTO int fd = -1;
    ssize_t n;

    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? -ESRCH : -errno;
    n = read(fd, line, STAT_MAX - 1);
    if (n < 0)
        return -errno;
    line[n] = '\0';
    /* The name in parentheses is the program's own choice: the last one ends it. */
    *ret_behind = strrchr(line, ')');
    return *ret_behind != NULL ? 0 : -EPROTO;
}

int
tree_look(pid_t pid, struct tree_proc *ret_proc)
{
    char line[STAT_MAX];
    struct tree_proc p = { .pid = pid };
    const char *s;
    int r = read_stat(pid, line, &s);

    if (r < 0)
        return r;
    if (sscanf(s, STAT_FORMAT, &p.state, &p.parent, &p.group, &p.session, &p.threads, &p.born) != 6)
        return -EPROTO;
    *ret_proc = p;
    return 0;
}

/* Goes on from a field of stat to a later one. */
static const char *
skip(const char *s, int fields)
{
    for (; s != NULL && fields > 0; fields--)
        s = strchr(s + 1, ' ');
    return s;
}

bool
tree_is_bare(pid_t pid)
{
    char line[STAT_MAX];
    unsigned long long code, begin, end;
    const char *s;

    if (read_stat(pid, line, &s) < 0)
        return false;
    s = skip(s, 26 - 2);
    if (s == NULL || sscanf(s, "%llu", &code) != 1 || code == 0)
        return false; /* the kernel has not got so far in execve(2) */
    s = skip(s, 50 - 26);
    return s != NULL && sscanf(s, "%llu %llu", &begin, &end) == 2 && begin == end;
}

int
tree_open(pid_t pid, pid_t tid)
{
    char path[PATH_SIZE];
    int fd;

    (void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)tid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int
append(struct tree_pids *list, pid_t pid)
{
    if (list->n == list->max) {
        size_t max = list->max == 0 ? PIDS_FIRST : list->max * 2;
        pid_t *more = reallocarray(list->pid, max, sizeof(*more));

        if (more == NULL)
            return -ENOMEM;
        list->pid = more;
        list->max = max;
    }
    list->pid[list->n++] = pid;
    return 0;
}

int
tree_children(int fd, struct tree_pids *list)
{
    char chunk[LIST_CHUNK];
    pid_t pid = 0; /* a number may go on in the next chunk */
    off_t at = 0;
    ssize_t n;
    ssize_t i;

    while ((n = pread(fd, chunk, sizeof(chunk), at)) > 0) {
        for (i = 0; i < n; i++) {
            if (isdigit((unsigned char)chunk[i])) {
                pid = pid * 10 + (chunk[i] - '0');
            } else if (pid != 0) {
                if (append(list, pid) < 0)
                    return -ENOMEM;
                pid = 0;
            }
        }
        at += n;
    }
    return n < 0 ? -errno : 0;
}

void
tree_free(struct tree_pids *list)
{
    free(list->pid);
    *list = (struct tree_pids){ .pid = NULL };
}

/* The children of all threads of one process. */
static void
children_of(pid_t pid, struct tree_pids *list)
{
    char path[PATH_SIZE];
    const struct dirent *d;
    DIR *tasks;

    (void)snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    tasks = opendir(path);
    if (tasks == NULL)
        return;
    while ((d = readdir(tasks)) != NULL) {
        FD_AUTO int fd = -1;

        if (!isdigit((unsigned char)d->d_name[0]))
            continue;
        fd = tree_open(pid, (pid_t)strtol(d->d_name, NULL, 10));
        if (fd >= 0)
            (void)tree_children(fd, list); /* what is missed is found as an orphan */
    }
    (void)closedir(tasks);
}

size_t
tree_walk(pid_t root, struct tree_proc *procs, size_t max)
{
    struct tree_pids list = { .pid = NULL };
    size_t n = 0;
    size_t next = 0;
    pid_t parent = root;

    for (;;) {
        size_t i;

        list.n = 0;
        children_of(parent, &list);
        for (i = 0; i < list.n && n < max; i++)
            /* Its parent is asked again: the number may be somebody else's by now. */
            if (tree_look(list.pid[i], &procs[n]) == 0 && procs[n].parent == parent)
                n++;
        if (next == n)
            break;
        parent = procs[next++].pid;
    }
    tree_free(&list);
    return n;
}

int
tree_signal(const struct tree_proc *p, int sig)
{
    FD_AUTO int pidfd = (int)syscall(SYS_pidfd_open, p->pid, 0);
    struct tree_proc now;

    if (pidfd < 0 && errno == ESRCH)
        return -ESRCH;
    /* Whoever has the number now: if it is the one we mean, so is the pidfd's,
     * because it was opened before. */
    if (tree_look(p->pid, &now) < 0 || now.born != p->born)
        return -ESRCH;
    if (pidfd >= 0 && syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0) == 0)
        return 0;
    if (pidfd >= 0 && errno == ESRCH)
        return -ESRCH;
    /* No pidfds here, or no descriptor left for one: it was there a moment ago,
     * and the kernel gives numbers out in turn. */
    return kill(p->pid, sig) < 0 ? -errno : 0;
}

void
tree_signal_all(const struct tree_proc *procs, size_t n, pid_t but, int sig)
{
    for (size_t i = 0; i < n; i++) {
        if (procs[i].group == but)
            continue;
        (void)tree_signal(&procs[i], sig);
        if (sig == SIGTERM)
            (void)tree_signal(&procs[i], SIGCONT);
    }
}

int
tree_kill(const struct tree_proc *top, struct tree_proc below[TREE_MAX], size_t *ret_n)
{
    size_t n = tree_walk(top->pid, below, TREE_MAX); /* before it falls apart */
    int r = kill(top->pid, SIGKILL) < 0 ? -errno : 0;
    size_t i;

    if (top->group > 1) /* 0 and 1 would mean something else */
        (void)kill(-top->group, SIGKILL);
    for (i = 0; i < n; i++)
        (void)tree_signal(&below[i], SIGKILL); /* it may have ended with its parent */
    *ret_n = n;
    return r;
}

bool
tree_reap(pid_t pid, siginfo_t *ret_gone)
{
    siginfo_t gone = { .si_pid = 0 };

    if (waitid(P_PID, (id_t)pid, &gone, WEXITED | WNOHANG | __WALL) < 0 || gone.si_pid == 0)
        return false;
    *ret_gone = gone;
    return true;
}

bool
tree_any_dead(void)
{
    siginfo_t gone = { .si_pid = 0 };

    return waitid(P_ALL, 0, &gone, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0 && gone.si_pid != 0;
}

int
tree_check(struct err *err)
{
    char self[16] = "";

    if (readlink("/proc/self", self, sizeof(self) - 1) < 0)
        return err_sys(err, errno, "readlink", "/proc/self");
    if (strtol(self, NULL, 10) != (long)getpid())
        return err_msg(err, ENOTSUP, "/proc is not that of our PID namespace");
    return 0;
}
