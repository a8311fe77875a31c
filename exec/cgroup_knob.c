/* exec/cgroup_knob.c -- contracts are in cgroup_knob.h. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "exec/cgroup_knob.h"

enum {
    TEXT_MAX = 128 /* bytes that are written to a knob, including NUL */
};

int
cgroup_knob_open(int dir, const char *name, const char *knob, int flags)
{
    char path[CGROUP_KNOB_PATH];
    FD_AUTO int fd = -1;
    int r;

    if (snprintf(path, sizeof(path), "%s/%s", name, knob) >= (int)sizeof(path))
        return -ENAMETOOLONG;
    fd = openat(dir, path, flags | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return -errno;
    r = fd_move_above(&fd, 3);
    return r < 0 ? r : fd_take(&fd);
}

int
cgroup_knob_write(
    int dir, const char *name, const char *knob, struct err *err, const char *fmt, ...)
{
    FD_AUTO int fd = cgroup_knob_open(dir, name, knob, O_WRONLY);
    char text[TEXT_MAX];
    va_list ap;
    ssize_t n;
    int len;

    if (fd < 0)
        return err_sys(err, -fd, "cgroup", knob);
    va_start(ap, fmt);
    len = vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (len < 0 || len >= (int)sizeof(text))
        return err_sys(err, EOVERFLOW, "cgroup", knob);
    /* The kernel parses each write(2) on its own: a short one is a refusal. */
    n = write(fd, text, (size_t)len);
    return n == len ? 0 : err_sys(err, n < 0 ? errno : EIO, "cgroup", knob);
}

ssize_t
cgroup_knob_read(int dir, const char *name, const char *knob, char *buf, size_t size)
{
    FD_AUTO int fd = cgroup_knob_open(dir, name, knob, O_RDONLY);
    ssize_t n;

    buf[0] = '\0';
    if (fd < 0)
        return fd;
    n = read(fd, buf, size - 1);
    if (n < 0)
        return -errno;
    buf[n] = '\0';
    return n;
}

unsigned long long
cgroup_knob_field(const char *text, const char *key)
{
    size_t n = strlen(key);

    while (*text != '\0') {
        if (strncmp(text, key, n) == 0 && text[n] == ' ')
            return strtoull(text + n + 1, NULL, 10);
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return 0;
}
