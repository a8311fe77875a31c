/* fcgi/wire.h -- moves records over a connection without ever blocking.
 *
 * What the records mean is record.h's business; whose turn it is, serve's.
 */
#ifndef FCGI_WIRE_H
#define FCGI_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "fcgi/record.h"

enum wire_status {
    WIRE_OK,    /* read: some bytes came; write: all is sent */
    WIRE_AGAIN, /* the kernel has no more, or takes no more, right now */
    WIRE_GONE,  /* the peer has left */
};

/* A response on its way: CGI header and body, in `p` and what follows it in
 * `more`, framed as they go. */
struct wire_out {
    const unsigned char *p; /* the caller's, until all is sent */
    size_t n;               /* bytes */
    struct span more;       /* the caller's, too */
    uint64_t sent;          /* bytes of the framed stream */
    uint16_t id;
};

/* Reads once into the collector and stores the number of bytes. */
enum wire_status wire_read(int fd, struct record_in *in, size_t *ret_n)
    __attribute__((warn_unused_result, nonnull));

/* Sends as much as the kernel takes. */
enum wire_status wire_write(int fd, struct wire_out *out)
    __attribute__((warn_unused_result, nonnull));

#endif
