/* fcgi/drain.c -- contracts are in drain.h. */
#include "config.h"

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

/* Returns the latest of what the visits return. */
static int64_t
each_conn(struct server *s, int64_t (*visit)(struct worker *, struct conn *))
{
    struct worker self = { .server = s };
    int64_t at, latest = 0;
    size_t i, n, in_use;

    n = slots_made(s, &in_use);
    for (i = 0; i < n; i++) {
        (void)pthread_mutex_lock(&s->conns[i].lock);
        at = visit(&self, &s->conns[i]);
        (void)pthread_mutex_unlock(&s->conns[i].lock);
        if (at > latest)
            latest = at;
    }
    return latest;
}

static int64_t
visit_drain(struct worker *w, struct conn *c)
{
    (void)w;
    conn_drain(c);
    return 0;
}

static int64_t
visit_end(struct worker *w, struct conn *c)
{
    return command_stop(w, c, false);
}

static int64_t
visit_kill(struct worker *w, struct conn *c)
{
    return command_stop(w, c, true);
}

enum waited {
    WAITED_EMPTY, /* every connection has ended */
    WAITED_LATE,
    WAITED_TOLD, /* a signal cut it short */
};

static enum waited
wait_empty(struct server *s, int64_t deadline)
{
    size_t in_use;
    int64_t look;

    for (;;) {
        (void)slots_made(s, &in_use);
        if (in_use == 0)
            return WAITED_EMPTY;
        if (clock_now() >= deadline)
            return WAITED_LATE;
        look = orphans_look(s);
        if (signals_ends(signals_wait(s, look < deadline ? look : deadline)))
            return WAITED_TOLD;
    }
}

/* What goes on too long is ended, first as a timeout does it. */
static enum waited
end_commands(struct server *s)
{
    enum waited how;
    int64_t ended;

    log_event(LOG_AT_WARNING, "stop", "commands still run: ending those that do not detach");
    ended = each_conn(s, visit_end);
    if (ended < clock_now())
        ended = clock_now();
    how = wait_empty(s, ended + last_wait);
    if (how != WAITED_TOLD)
        return how;
    (void)each_conn(s, visit_kill);
    return wait_empty(s, clock_now() + last_wait);
}

bool
drain_run(struct server *s, bool replaced)
{
    enum waited how = WAITED_TOLD;
    bool more;

    log_event(LOG_AT_INFO, "stop", "no new connections; what runs may end");
    server_accept_stop(s);
    upgrade_cancel(s); /* whoever stops us does not want another one to go on */
    (void)each_conn(s, visit_drain);
    if (replaced)
        how = wait_empty(s, CLOCK_NEVER);
    if (how == WAITED_TOLD)
        how = wait_empty(s, clock_now() + s->conf->drain_timeout);
    if (how != WAITED_EMPTY)
        how = end_commands(s);
    more = orphans_end(s);
    log_event(LOG_AT_INFO, "drained",
        how != WAITED_EMPTY ? "a detached command goes on"
        : more              ? "what detached commands have left goes on"
                            : "nothing is left");
    return how == WAITED_EMPTY;
}
