/* exec/autogroup.c -- contracts are in autogroup.h. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "exec/autogroup.h"

enum {
    PATH_SIZE = 64,
    AT_ONCE = 16, /* tries until a child that goes on has become its program */
    LATER = 5,    /* looks at one that has not, or has become somebody else's */
};

struct late {
    int dir; /* of /proc/PID: it leads to this process and to no other of its number */
    int nice;
    int looks;
};

/* One queue, as the kernel has one clock for the whole machine. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* over both below */
static struct late late[AUTOGROUP_LATE];
static size_t nlate;

/* Returns 0, -EAGAIN when it is too early for the kernel, -EACCES when the
 * program is nobody's to look at, or not yet: we go on when the child has let go
 * of our memory, which is a moment before. */
static int
set_nice(int dir, int nice)
{
    char text[16];
    int n = snprintf(text, sizeof(text), "%d", nice);
    FD_AUTO int fd = openat(dir, "autogroup", O_WRONLY | O_CLOEXEC);

    return fd < 0 || write(fd, text, (size_t)n) < 0 ? -errno : 0;
}

void
autogroup_nice(pid_t pid, int nice)
{
    char path[PATH_SIZE];
    FD_AUTO int dir = -1;
    int r, tries = 0;

    (void)snprintf(path, sizeof(path), "/proc/%d", (int)pid);
    dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    while ((r = set_nice(dir, nice)) == -EACCES && ++tries < AT_ONCE)
        (void)sched_yield();
    if (r != -EAGAIN && r != -EACCES)
        return;
    (void)pthread_mutex_lock(&lock); /* fails only when misused */
    if (nlate < AUTOGROUP_LATE)
        late[nlate++] = (struct late){ .dir = fd_take(&dir), .nice = nice };
    (void)pthread_mutex_unlock(&lock);
}

bool
autogroup_tend(void)
{
    size_t i, left = 0;
    int r = 0;

    (void)pthread_mutex_lock(&lock);
    for (i = 0; i < nlate; i++) {
        struct late *l = &late[i];

        if (r != -EAGAIN) /* else it is too early for all of them */
            r = set_nice(l->dir, l->nice);
        if (r == -EAGAIN || (r == -EACCES && ++l->looks < LATER))
            late[left++] = *l;
        else
            fd_close(&l->dir);
    }
    nlate = left;
    (void)pthread_mutex_unlock(&lock);
    return left > 0;
}
