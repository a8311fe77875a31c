/* base/fd.c -- contracts are in fd.h. */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"

void
fd_close(int *fd)
{
    int saved = errno;

    /* Linux has freed the number even when close(2) fails: never again. */
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
    errno = saved;
}

int
fd_take(int *fd)
{
    int mine = *fd;

    *fd = -1;
    return mine;
}

int
fd_move_above(int *fd, int min)
{
    int moved;

    if (*fd >= min)
        return fcntl(*fd, F_SETFD, FD_CLOEXEC) < 0 ? -errno : 0;
    moved = fcntl(*fd, F_DUPFD_CLOEXEC, min);
    if (moved < 0)
        return -errno;
    fd_close(fd);
    *fd = moved;
    return 0;
}

int
fd_null(int target)
{
    FD_AUTO int fd = -1;

    assert(target >= 0 && target <= 2);
    fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    /* `target` was closed and open(2) took its number: it stays, and is to
     * survive exec as the standard descriptors do. */
    if (fd == target)
        return fcntl(fd_take(&fd), F_SETFD, 0) < 0 ? -errno : 0;
    return dup2(fd, target) < 0 ? -errno : 0;
}

int
fd_write_all(int fd, const void *p, size_t n)
{
    const unsigned char *next = p;

    while (n > 0) {
        ssize_t w = write(fd, next, n);

        if (w < 0 && errno == EINTR)
            continue;
        if (w < 0)
            return -errno;
        next += w;
        n -= (size_t)w;
    }
    return 0;
}
