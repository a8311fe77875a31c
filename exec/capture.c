/* exec/capture.c -- contracts are in capture.h. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "exec/capture.h"

enum {
    SLICE = 1024 * 1024,    /* bytes that one call reads, about */
    SCRATCH = 16 * 1024,    /* bytes dropped at a time */
    FLOWING = 4096,         /* bytes in one read that promise more */
    PIPE_USUAL = 64 * 1024, /* bytes a pipe holds that nobody has resized */
    ROOMY = 1024 * 1024,    /* bytes of a pipe that is read seldom */
};

int
capture_open(
    struct capture *c, struct keep *keep, enum keep_stream who, int *ret_writer, struct err *err)
{
    int fd[2];

    *c = (struct capture){ .fd = -1, .keep = keep, .who = who };
    if (pipe2(fd, O_CLOEXEC) < 0)
        return err_sys(err, errno, "pipe", NULL);
    /* The ends have their flags each: the command's stays a blocking one. */
    if (fcntl(fd[0], F_SETFL, O_NONBLOCK) < 0) {
        int num = errno;

        fd_close(&fd[0]);
        fd_close(&fd[1]);
        return err_sys(err, num, "pipe", NULL);
    }
    c->fd = fd[0];
    *ret_writer = fd[1];
    return 0;
}

void
capture_close(struct capture *c)
{
    fd_close(&c->fd);
}

void
capture_move(struct capture *to, struct capture *from)
{
    *to = (struct capture){ .fd = fd_take(&from->fd) };
    if (to->fd >= 0)
        (void)fcntl(to->fd, F_SETPIPE_SZ, ROOMY); /* if it may not be, it need not */
}

bool
capture_ended(const struct capture *c)
{
    return c->fd < 0;
}

/* Reads once and returns how many bytes came.  A short read has emptied the
 * pipe, which spares the second read(2) that would only say so; but after a
 * page or more the writer is likely to be at it again already. */
static size_t
read_once(struct capture *c, bool *ret_empty)
{
    unsigned char scratch[SCRATCH];
    struct iovec room[2];
    int pieces = c->keep != NULL ? keep_room(c->keep, room) : 0;
    bool kept = pieces > 0;
    size_t want;
    ssize_t n;

    if (!kept)
        room[pieces++] = (struct iovec){ scratch, sizeof(scratch) };
    want = room[0].iov_len + (pieces > 1 ? room[1].iov_len : 0);
    do {
        n = readv(c->fd, room, pieces);
    } while (n < 0 && errno == EINTR);

    *ret_empty = n < 0 || ((size_t)n < want && n < FLOWING);
    if (n < 0 && errno == EAGAIN)
        return 0;
    if (n <= 0) {
        /* No pipe fails to be read; if one does, what there is is not all. */
        if (n < 0 && c->keep != NULL)
            keep_drop(c->keep);
        capture_close(c);
        return 0;
    }
    if (kept)
        keep_take(c->keep, (size_t)n, c->who);
    else if (c->keep != NULL)
        keep_drop(c->keep);
    return (size_t)n;
}

/* Reads until the pipe is empty, has ended, or `most` bytes have come. */
static size_t
read_up_to(struct capture *c, size_t most)
{
    size_t sum = 0;
    bool empty = false;

    while (!empty && c->fd >= 0 && sum < most)
        sum += read_once(c, &empty);
    return sum;
}

void
capture_read(struct capture *c)
{
    (void)read_up_to(c, SLICE);
}

void
capture_finish(struct capture *c)
{
    /* Whoever else writes on may do so for ever: what was there when we were
     * called is at most what the pipe can hold. */
    if (c->fd >= 0 && read_up_to(c, PIPE_USUAL) >= PIPE_USUAL && c->fd >= 0) {
        int holds = fcntl(c->fd, F_GETPIPE_SZ);

        if (holds > PIPE_USUAL)
            (void)read_up_to(c, (size_t)holds - PIPE_USUAL);
    }
}
