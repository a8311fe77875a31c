/* exec/input.c -- contracts are in input.h. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "exec/input.h"

enum {
    BLOCK = 16 * 1024 /* bytes read at a time */
};

void
input_init(struct input *in)
{
    *in = (struct input){ .fd = -1 };
}

void
input_close(struct input *in)
{
    fd_close(&in->fd);
    in->len = 0;
}

static int
fail(struct input *in, const char *op, struct err *err)
{
    int r = err_sys(err, errno, op, "input");

    input_close(in);
    return r;
}

int
input_add(struct input *in, const void *p, size_t n, struct err *err)
{
    const unsigned char *at = p;

    if (in->fd < 0)
        in->fd = memfd_create("cmon-input", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (in->fd < 0)
        return fail(in, "memfd_create", err);
    while (n > 0) {
        /* Not write(2): the command reads from where the file stands. */
        ssize_t put = pwrite(in->fd, at, n, (off_t)in->len);

        if (put < 0 && errno != EINTR)
            return fail(in, "write", err);
        if (put > 0) {
            at += put;
            n -= (size_t)put;
            in->len += (size_t)put;
        }
    }
    return 0;
}

int
input_read(struct input *in, int from, size_t n, struct err *err)
{
    unsigned char block[BLOCK];
    int r = 0;

    while (n > 0 && r == 0) {
        ssize_t got = read(from, block, n < sizeof(block) ? n : sizeof(block));

        if (got == 0)
            break;
        if (got < 0 && errno != EINTR)
            return fail(in, "read", err);
        if (got > 0) {
            r = input_add(in, block, (size_t)got, err);
            n -= (size_t)got;
        }
    }
    return r;
}

int
input_seal(struct input *in, struct err *err)
{
    if (in->fd >= 0 &&
        fcntl(in->fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
        return fail(in, "seal", err);
    return 0;
}
