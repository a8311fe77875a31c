/* fcgi/worker.c -- contracts are in worker.h. */
#include "config.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "fcgi/command.h"
#include "fcgi/gate.h"
#include "fcgi/intake.h"
#include "fcgi/server.h"
#include "fcgi/upgrade.h"
#include "fcgi/worker.h"

enum {
    WORKERS_PER_CORE = 2, /* a spawn blocks its thread until exec */
    WORKERS_MAX = 64,
    WORKER_STACK = 256 * 1024, /* bytes */
    EXPIRED_BATCH = 32,
};

static void
on_timer(struct worker *w)
{
    struct server *s = w->server;
    size_t slot[EXPIRED_BATCH];
    size_t n, i;
    struct conn *c;

    do {
        n = timer_expired(&s->timer, clock_now(), slot, EXPIRED_BATCH);
        for (i = 0; i < n; i++) {
            if (slot[i] == s->nconns + SERVER_TIMER_ACCEPT) {
                server_accept_again(s);
            } else if (slot[i] == s->nconns + SERVER_TIMER_UPGRADE) {
                upgrade_deadline(w);
            } else {
                c = &s->conns[slot[i]];
                (void)pthread_mutex_lock(&c->lock);
                intake_deadline(w, c);
                (void)pthread_mutex_unlock(&c->lock);
            }
        }
    } while (n == EXPIRED_BATCH);
    (void)server_watch(s, s->timer.fd, true, EPOLLIN, EVENT_TIMER, 0, 0);
}

static void
on_conn(struct worker *w, enum server_event kind, size_t slot, uint32_t gen)
{
    struct conn *c = &w->server->conns[slot];

    (void)pthread_mutex_lock(&c->lock);
    /* What comes late, for a request that is over, finds nobody. */
    if (c->gen == gen && c->state != CONN_FREE) {
        if (kind == EVENT_CONN)
            intake_event(w, c);
        else if (c->state == CONN_RUNNING)
            command_step(w, c,
                kind == EVENT_OUTPUT   ? RUN_WAKE_OUTPUT
                : kind == EVENT_ERRORS ? RUN_WAKE_ERRORS
                                       : RUN_WAKE_EXIT);
    }
    (void)pthread_mutex_unlock(&c->lock);
}

static void
on_wish(struct worker *w)
{
    struct server *s = w->server;
    uint64_t wishes;
    ssize_t got = read(s->wish_fd, &wishes, sizeof(wishes));

    (void)got; /* one or many: it is one wish */
    (void)server_watch(s, s->wish_fd, true, EPOLLIN, EVENT_UPGRADE_WISH, 0, 0);
    upgrade_signal(w);
}

/* Returns false when the worker shall leave. */
static bool
dispatch(struct worker *w, uint64_t tag)
{
    enum server_event kind = (enum server_event)(tag >> 56);
    size_t slot = (tag >> 32) & 0xffffff;

    switch (kind) {
    case EVENT_STOP:
        return false;
    case EVENT_LISTEN:
        intake_accept(w);
        break;
    case EVENT_TIMER:
        on_timer(w);
        break;
    case EVENT_CONN:
    case EVENT_OUTPUT:
    case EVENT_ERRORS:
    case EVENT_EXIT:
        on_conn(w, kind, slot, (uint32_t)tag);
        break;
    case EVENT_UPGRADE_WISH:
        on_wish(w);
        break;
    case EVENT_UPGRADE:
        upgrade_event(w);
        break;
    }
    command_settle(w);
    return true;
}

/* Whoever wakes us goes on first: a command to its end, a web server to the end
 * of its request.  Else we come in between, find half of what we were woken
 * for, and are woken again.  Commands do not inherit it. */
static void
batch(void)
{
    static const struct sched_param none;

    (void)sched_setscheduler(0, SCHED_BATCH | SCHED_RESET_ON_FORK, &none);
}

static void *
work(void *arg)
{
    struct worker *w = arg;
    struct epoll_event ev;

    batch();
    /* One event at a time: a second one would wait behind a spawn while
     * another worker has nothing to do. */
    do {
        while (epoll_wait(w->server->epfd, &ev, 1, -1) != 1)
            continue;
    } while (dispatch(w, ev.data.u64));
    return NULL;
}

/* The cores that we may run on, which may be fewer than there are. */
static long
usable_cores(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof(set), &set) == 0)
        return CPU_COUNT(&set);
    return sysconf(_SC_NPROCESSORS_ONLN);
}

int
worker_start(struct server *s, struct err *err)
{
    long cores = usable_cores();
    pthread_attr_t attr;
    struct worker *w;
    size_t n;
    int r = 0;

    n = cores > 0 ? (size_t)cores * WORKERS_PER_CORE : WORKERS_PER_CORE;
    if (n > WORKERS_MAX)
        n = WORKERS_MAX;
    s->workers = calloc(n, sizeof(*s->workers));
    if (s->workers == NULL)
        return err_sys(err, ENOMEM, "workers", NULL);
    (void)pthread_attr_init(&attr);
    (void)pthread_attr_setstacksize(&attr, WORKER_STACK);
    while (s->nworkers < n && r == 0) {
        w = &s->workers[s->nworkers];
        w->server = s;
        r = gate_open(&w->gate, err);
        if (r == 0 && (r = pthread_create(&w->thread, &attr, work, w)) != 0) {
            gate_close(w->gate);
            r = err_sys(err, r, "pthread_create", NULL);
        }
        if (r == 0)
            s->nworkers++;
    }
    (void)pthread_attr_destroy(&attr);
    return s->nworkers > 0 ? 0 : r;
}

void
worker_stop(struct server *s)
{
    size_t i;

    /* Not one-shot: it stays readable, and every worker sees it. */
    server_wake(s->stop_fd);
    for (i = 0; i < s->nworkers; i++) {
        (void)pthread_join(s->workers[i].thread, NULL);
        gate_close(s->workers[i].gate);
    }
    free(s->workers);
    s->workers = NULL;
    s->nworkers = 0;
}
