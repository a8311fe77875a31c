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

enum {
    WAIT_MAX = 3600 * 1000 /* ms; who waits longer calls again */
};

int
signals_open(struct server *s, struct err *err)
{
    static const int own[] = { SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR2, SIGUSR1, SIGPIPE };
    struct sigaction dfl = { .sa_handler = SIG_DFL };
    sigset_t set;
    size_t i;

    /* libfcgi has put handlers on some of these. */
    (void)sigemptyset(&set);
    for (i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        (void)sigaction(own[i], &dfl, NULL);
        if (own[i] != SIGUSR1 && own[i] != SIGPIPE)
            (void)sigaddset(&set, own[i]);
    }
    s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return s->signal_fd < 0 ? err_sys(err, errno, "signalfd", NULL) : 0;
}

int
signals_wait(struct server *s, int64_t deadline)
{
    struct pollfd p[2] = { { .fd = s->signal_fd, .events = POLLIN },
        { .fd = s->main_fd, .events = POLLIN } };
    struct signalfd_siginfo info;
    int64_t left = (deadline - clock_now()) / CLOCK_MSEC;
    uint64_t ticks;
    ssize_t got;

    if (left < 0)
        left = 0;
    else if (left > WAIT_MAX)
        left = WAIT_MAX;
    if (poll(p, 2, deadline == CLOCK_NEVER ? -1 : (int)left + 1) <= 0)
        return 0;
    got = read(s->main_fd, &ticks, sizeof(ticks));
    got = read(s->signal_fd, &info, sizeof(info));
    return got == (ssize_t)sizeof(info) ? (int)info.ssi_signo : 0;
}

bool
signals_ends(int sig)
{
    return sig == SIGTERM || sig == SIGINT || sig == SIGQUIT;
}
