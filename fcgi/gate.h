/* fcgi/gate.h -- complete bytes in, a request out.
 *
 * gate.c is the only file that sees libfcgi.  libfcgi decodes what record.c
 * has checked, from a memory file; it never meets a socket, a signal or a
 * byte that was not walked before.
 */
#ifndef FCGI_GATE_H
#define FCGI_GATE_H

#include <stddef.h>

struct err;
struct gate;
struct region;
struct req;

/* Makes the decoder of one thread.  Returns 0 or -errno.  libfcgi installs
 * handlers for SIGPIPE, SIGUSR1 and SIGTERM on first use: install yours after
 * the first gate is open. */
int gate_open(struct gate **ret_gate, struct err *err) __attribute__((warn_unused_result, nonnull));

/* NULL is allowed. */
void gate_close(struct gate *g);

/* Decodes the `n` canonical bytes of a request (record_canonical()) into a
 * request that lives in `r`.  Returns 0; -EPROTO when libfcgi does not agree
 * that it is one; -ENOMEM. */
int gate_decode(struct gate *g, const unsigned char *bytes, size_t n, struct region *r,
    struct req *ret_req, struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
