/* entry/mode.c -- contracts are in mode.h. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "entry/mode.h"

enum {
    FIRST_PASSED = 3,
    SAFE_NUMBER = 64
};

static bool
is_listening(int fd)
{
    int on = 0;
    socklen_t len = sizeof(on);

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &len) == 0 && on != 0;
}

/* sd_listen_fds(3): the sockets are for the process that LISTEN_PID names. */
static bool
was_passed(void)
{
    const char *pid = getenv("LISTEN_PID");
    const char *fds = getenv("LISTEN_FDS");

    return pid != NULL && fds != NULL && strtol(pid, NULL, 10) == (long)getpid() &&
           strtol(fds, NULL, 10) >= 1;
}

enum mode
mode_decide(int *ret_listen_fd)
{
    if (was_passed() && is_listening(FIRST_PASSED)) {
        *ret_listen_fd = FIRST_PASSED;
        return MODE_FASTCGI;
    }
    if (is_listening(STDIN_FILENO)) {
        *ret_listen_fd = STDIN_FILENO;
        return MODE_FASTCGI;
    }
    return getenv("GATEWAY_INTERFACE") != NULL ? MODE_CGI : MODE_TOOL;
}

int
mode_settle(enum mode mode, int *listen_fd, struct err *err)
{
    int fd, r = 0;

    for (fd = STDIN_FILENO; fd <= STDERR_FILENO && r == 0; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            r = fd_null(fd);
    if (r < 0)
        return err_sys(err, -r, "open", "/dev/null");
    if (mode != MODE_FASTCGI)
        return 0;
    fd = *listen_fd;
    r = fd_move_above(listen_fd, SAFE_NUMBER);
    if (r < 0)
        return err_sys(err, -r, "fcntl", "listening socket");
    if (fd == STDIN_FILENO && (r = fd_null(STDIN_FILENO)) < 0)
        return err_sys(err, -r, "open", "/dev/null");
    /* Somebody else may take the connection that woke us. */
    if (fcntl(*listen_fd, F_SETFL, fcntl(*listen_fd, F_GETFL) | O_NONBLOCK) < 0)
        return err_sys(err, errno, "fcntl", "listening socket");
    return 0;
}

void
mode_harden(bool allow)
{
#ifndef SANITIZERS
    (void)prctl(PR_SET_DUMPABLE, allow ? 1 : 0, 0, 0, 0);
#else
    (void)allow; /* leak detection attaches to its own process */
#endif
}
