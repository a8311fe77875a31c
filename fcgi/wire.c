/* fcgi/wire.c -- contracts are in wire.h. */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "fcgi/wire.h"

enum {
    BATCH = 16
}; /* records for one sendmsg(2): about a megabyte */

/* Out of memory is no reason to give up, least of all in the middle of an
 * answer, whose end nginx would then wait for in vain; deadlines are. */
static bool
again(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOMEM || errno == ENOBUFS;
}

enum wire_status
wire_read(int fd, struct record_in *in, size_t *ret_n)
{
    unsigned char *room;
    ssize_t n;
    size_t max;

    room = record_room(in, &max);
    do {
        n = recv(fd, room, max, MSG_DONTWAIT);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return again() ? WIRE_AGAIN : WIRE_GONE;
    if (n == 0)
        return WIRE_GONE;
    *ret_n = (size_t)n;
    return WIRE_OK;
}

/* The framed stream is full records of RECORD_OUT_SIZE, a shorter last one,
 * and RECORD_END_SIZE bytes of end: where we are follows from `sent`. */
struct frame {
    unsigned char header[BATCH][RECORD_HEADER];
    unsigned char end[RECORD_END_SIZE];
    struct iovec iov[2 * BATCH + 2]; /* one record may have both parts */
    size_t niov;
    size_t skip; /* bytes of the first piece that were sent before */
};

static void
piece(struct frame *f, const void *p, size_t n)
{
    size_t cut = f->skip < n ? f->skip : n;

    f->skip -= cut;
    if (cut == n)
        return;
    /* sendmsg(2) only reads, whatever iovec says. */
    f->iov[f->niov].iov_base = (unsigned char *)(uintptr_t)p + cut;
    f->iov[f->niov].iov_len = n - cut;
    f->niov++;
}

/* The content of one record: `n` bytes from `at` on. */
static void
content(struct frame *f, const struct wire_out *out, size_t at, size_t n)
{
    size_t first = at < out->n ? out->n - at : 0;

    if (first > n)
        first = n;
    if (first > 0)
        piece(f, out->p + at, first);
    if (n > first)
        piece(f, out->more.p + (at + first - out->n), n - first);
}

/* Returns whether the pieces reach to the end of the response. */
static bool
frame(struct frame *f, const struct wire_out *out)
{
    size_t all = out->n + out->more.n;
    uint64_t records = (all + RECORD_OUT_MAX - 1) / RECORD_OUT_MAX;
    uint64_t end = all + records * RECORD_HEADER;
    uint64_t k = out->sent < end ? out->sent / RECORD_OUT_SIZE : records;
    unsigned i;
    size_t at, n;

    f->niov = 0;
    f->skip = (size_t)(out->sent < end ? out->sent % RECORD_OUT_SIZE : out->sent - end);
    for (i = 0; i < BATCH && k < records; i++, k++) {
        at = (size_t)k * RECORD_OUT_MAX;
        n = all - at < RECORD_OUT_MAX ? all - at : RECORD_OUT_MAX;
        record_stdout(f->header[i], out->id, n);
        piece(f, f->header[i], RECORD_HEADER);
        content(f, out, at, n);
    }
    if (k < records)
        return false;
    record_end(f->end, out->id);
    piece(f, f->end, RECORD_END_SIZE);
    return true;
}

enum wire_status
wire_write(int fd, struct wire_out *out)
{
    struct frame f;
    struct msghdr msg;
    ssize_t n;
    size_t want, i;
    bool last;

    for (;;) {
        last = frame(&f, out);
        for (want = 0, i = 0; i < f.niov; i++)
            want += f.iov[i].iov_len;
        msg = (struct msghdr){ .msg_iov = f.iov, .msg_iovlen = f.niov };
        n = sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return again() ? WIRE_AGAIN : WIRE_GONE;
        out->sent += (uint64_t)n;
        if (last && (size_t)n == want)
            return WIRE_OK;
    }
}
