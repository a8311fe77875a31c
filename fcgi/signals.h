/* fcgi/signals.h -- what the main thread waits for. */
#ifndef FCGI_SIGNALS_H
#define FCGI_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

struct err;
struct server;

/* Opens the server's signalfd(2) for SIGTERM, SIGINT, SIGQUIT, SIGHUP and
 * SIGUSR2, and gives these, SIGUSR1 and SIGPIPE their default dispositions back, which
 * libfcgi has changed.  Returns 0 or -errno. */
int signals_open(struct server *s, struct err *err) __attribute__((warn_unused_result, nonnull));

/* Waits for a signal or server_wake_main(), at most until clock_now() time
 * `deadline`.  Returns the signal's number, or 0. */
int signals_wait(struct server *s, int64_t deadline) __attribute__((warn_unused_result, nonnull));

/* Whether a signal is one of those that end us. */
bool signals_ends(int sig) __attribute__((warn_unused_result));

#endif
