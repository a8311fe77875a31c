/* fcgi/pidfile.c -- contracts are in pidfile.h. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "fcgi/pidfile.h"

int
pidfile_write(const char *path, struct err *err)
{
    FD_AUTO int fd = -1;
    char tmp[4096];
    char text[32];
    int n, r;

    /* Ours alone by its number; whoever reads the name never sees half. */
    n = snprintf(tmp, sizeof(tmp), "%s.%ld", path, (long)getpid());
    if (n < 0 || (size_t)n >= sizeof(tmp))
        return err_sys(err, ENAMETOOLONG, "open", path);
    fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return err_sys(err, errno, "open", tmp);
    n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
    r = fd_write_all(fd, text, (size_t)n);
    if (r == 0 && rename(tmp, path) < 0)
        r = -errno;
    if (r < 0) {
        (void)unlink(tmp); /* what is wrong is told already */
        return err_sys(err, -r, "write", path);
    }
    return 0;
}

void
pidfile_remove(const char *path)
{
    FD_AUTO int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    char text[32];
    ssize_t n;

    if (fd < 0)
        return;
    n = read(fd, text, sizeof(text) - 1);
    if (n <= 0)
        return;
    text[n] = '\0';
    if (strtol(text, NULL, 10) == (long)getpid())
        (void)unlink(path); /* a stale file does no harm: it names no live process */
}
