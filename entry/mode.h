/* entry/mode.h -- what are we: decided from descriptors and environment alone.
 *
 * A web server may pass words of a query as arguments (RFC 3875, 4.4), so argv
 * has no say in it.
 */
#ifndef ENTRY_MODE_H
#define ENTRY_MODE_H

#include <stdbool.h>

struct err;

enum mode {
    MODE_FASTCGI, /* a listening socket on fd 0, or by LISTEN_FDS */
    MODE_CGI,     /* one request, in the environment */
    MODE_TOOL,    /* an operator at a terminal */
};

/* Returns the mode, and for MODE_FASTCGI the listening socket's number. */
enum mode mode_decide(int *ret_listen_fd) __attribute__((nonnull));

/* Makes fds 0, 1 and 2 safe: what is closed becomes /dev/null.  A listening
 * socket is moved away from them, made CLOEXEC and non-blocking, and /dev/null
 * takes its place, so that no command can ever accept on it.
 * Returns 0 or -errno. */
int mode_settle(enum mode mode, int *listen_fd, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* No core dumps of us and no ptrace(2), unless `allow`. */
void mode_harden(bool allow);

#endif
