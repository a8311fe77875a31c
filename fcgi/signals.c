/* fcgi/signals.c -- contracts are in signals.h. */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "fcgi/server.h"
#include "fcgi/signals.h"

int
signals_open(struct err *err)
{
    static const int own[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR2, SIGUSR1, SIGPIPE };
    struct sigaction dfl = { .sa_handler = SIG_DFL };
    sigset_t set;
    size_t i;
    int fd;

    /* libfcgi has put handlers on some of these. */
    (void)sigemptyset(&set);
    for (i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        (void)sigaction(own[i], &dfl, NULL);
        if (own[i] != SIGUSR1 && own[i] != SIGPIPE)
            (void)sigaddset(&set, own[i]);
    }
    fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return fd < 0 ? err_sys(err, errno, "signalfd", NULL) : fd;
}

int
signals_wait(struct server *s, int sigfd, int64_t deadline)
{
    struct pollfd p[2] = { { .fd = sigfd, .events = POLLIN },
        { .fd = s->main_fd, .events = POLLIN } };
    struct signalfd_siginfo info;
    int64_t left = (deadline - clock_now()) / CLOCK_MSEC;
    uint64_t ticks;
    ssize_t got;

    if (left < 0)
        left = 0;
    if (poll(p, 2, deadline == CLOCK_NEVER ? -1 : (int)left + 1) <= 0)
        return 0;
    got = read(s->main_fd, &ticks, sizeof(ticks));
    got = read(sigfd, &info, sizeof(info));
    return got == (ssize_t)sizeof(info) ? (int)info.ssi_signo : 0;
}
