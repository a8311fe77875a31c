/* fcgi/drain.c -- contracts are in drain.h. */
#include "config.h"

#include <signal.h>

#include "base/clock.h"
#include "conf/conf.h"
#include "fcgi/command.h"
#include "fcgi/conn.h"
#include "fcgi/drain.h"
#include "fcgi/log.h"
#include "fcgi/orphans.h"
#include "fcgi/server.h"
#include "fcgi/signals.h"
#include "fcgi/upgrade.h"

/* How long killed commands have, at the end of the drain, to be buried. */
static const int64_t last_wait = 2 * CLOCK_SEC;

static size_t
slots_made(struct server *s, size_t *ret_in_use)
{
    size_t n;

    (void)pthread_mutex_lock(&s->pool_lock);
    n = s->nfresh;
    *ret_in_use = s->in_use;
    (void)pthread_mutex_unlock(&s->pool_lock);
    return n;
}

static void
each_conn(struct server *s, void (*visit)(struct worker *, struct conn *))
{
    struct worker self = { .server = s };
    size_t i, n, in_use;

    n = slots_made(s, &in_use);
    for (i = 0; i < n; i++) {
        (void)pthread_mutex_lock(&s->conns[i].lock);
        visit(&self, &s->conns[i]);
        (void)pthread_mutex_unlock(&s->conns[i].lock);
    }
}

static void
visit_drain(struct worker *w, struct conn *c)
{
    (void)w;
    conn_drain(c);
}

/* Returns whether every connection ended before `deadline`; a second SIGTERM
 * or SIGINT cuts the wait short. */
static bool
wait_empty(struct server *s, int64_t deadline)
{
    size_t in_use;
    int64_t look;
    int sig;

    for (;;) {
        (void)slots_made(s, &in_use);
        if (in_use == 0)
            return true;
        if (clock_now() >= deadline)
            return false;
        look = orphans_look(s);
        sig = signals_wait(s, look < deadline ? look : deadline);
        if (sig == SIGTERM || sig == SIGINT)
            return false;
    }
}

bool
drain_run(struct server *s)
{
    bool empty;

    log_event(LOG_AT_INFO, "stop", "no new connections; what runs may end");
    server_accept_stop(s);
    upgrade_cancel(s); /* whoever stops us does not want another one to go on */
    each_conn(s, visit_drain);
    empty = wait_empty(s, clock_now() + s->conf->drain_timeout);
    if (!empty) {
        log_event(LOG_AT_WARNING, "stop", "commands still run: ending those that do not detach");
        each_conn(s, command_stop);
        empty = wait_empty(s, clock_now() + last_wait);
    }
    orphans_end(s);
    log_event(LOG_AT_INFO, "drained", empty ? "nothing is left" : "a detached command goes on");
    return empty;
}
