/* fcgi/command.c -- contracts are in command.h. */
#include "config.h"

#include <sys/epoll.h>

#include "arena/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "conf/conf.h"
#include "exec/run.h"
#include "fcgi/command.h"
#include "fcgi/conn.h"
#include "fcgi/log.h"
#include "fcgi/reply.h"
#include "fcgi/server.h"

/* How long what nobody watches waits to be looked at. */
static const int64_t unwatched_look = 20 * CLOCK_MSEC;

static void
busy(struct conn *c, const char *message)
{
    struct reply reply = { .status = 503, .message = message, .retry_after = 1 };

    conn_reply(c, &reply);
}

/* The place becomes free before the reply goes out: a slow reader holds none. */
static void
leave(struct worker *w)
{
    sched_leave(&w->server->sched);
    w->left = true;
}

/* Takes the memory for the output and its answer: from here on there is
 * always room to say what came of the command. */
static bool
take_blocks(struct conn *c, size_t *ret_max)
{
    struct server *s = c->server;
    size_t max = c->handled.route->output_max;

    if (max > s->output_cap)
        max = s->output_cap;
    c->output = arena_alloc(s->arena, max);
    c->answer = arena_alloc(s->arena, reply_max(max));
    *ret_max = max;
    if (c->output != NULL && c->answer != NULL)
        return true;
    (void)arena_free(s->arena, c->output);
    (void)arena_free(s->arena, c->answer);
    c->output = c->answer = NULL;
    return false;
}

static void
finish(struct worker *w, struct conn *c)
{
    const struct run_result *result = run_result(&c->run);
    struct reply reply;

    leave(w);
    reply_of_result(result, (struct span){ c->output, result->out_len }, &reply);
    conn_reply(c, &reply);
}

static void
watch_one(struct conn *c, int fd, enum server_event kind, unsigned wake)
{
    bool again = (c->unwatched & wake) == 0;

    c->unwatched &= ~wake;
    if (fd >= 0 && server_watch(c->server, fd, again, EPOLLIN, kind, c->slot, c->gen) < 0)
        c->unwatched |= wake;
}

/* What the kernel has no memory or no room to watch is looked at every now and
 * then, until it has. */
static void
watch_run(struct conn *c, unsigned wakes)
{
    int64_t deadline = run_deadline(&c->run);
    int64_t look = CLOCK_NEVER;

    if (wakes & RUN_WAKE_OUTPUT)
        watch_one(c, run_output_fd(&c->run), EVENT_OUTPUT, RUN_WAKE_OUTPUT);
    if (wakes & RUN_WAKE_EXIT)
        watch_one(c, run_exit_fd(&c->run), EVENT_EXIT, RUN_WAKE_EXIT);
    if (c->unwatched != 0)
        look = clock_now() + unwatched_look;
    conn_set_deadline(c, look < deadline ? look : deadline);
}

static void
start(struct worker *w, struct conn *c)
{
    const struct handled *h = &c->handled;
    struct run_spec spec = { .path = h->path,
        .argv = h->argv,
        .envp = h->envp,
        .workdir = h->route->workdir,
        .timeout = h->route->timeout,
        .grace = h->route->grace,
        .detach = h->route->detach };
    struct reply reply;
    struct err err;
    int r;

    if (!take_blocks(c, &spec.out_max)) {
        leave(w);
        busy(c, "arena exhausted");
        return;
    }
    spec.out = c->output;
    server_tick(w->server);
    r = run_start(&c->run, w->server->engine, &spec, &err);
    if (r < 0) {
        leave(w);
        handle_start_failure(-r, err.text, &reply);
        conn_reply(c, &reply);
        return;
    }
    c->state = CONN_RUNNING;
    /* On a busy machine it may be over by now, and nobody need be woken. */
    if (run_step(&c->run, 0) == RUN_OVER) {
        finish(w, c);
        return;
    }
    conn_watch_gone(c);
    c->unwatched = RUN_WAKE_OUTPUT | RUN_WAKE_EXIT;
    watch_run(c, c->unwatched);
}

void
command_begin(struct worker *w, struct conn *c)
{
    switch (sched_enter(&w->server->sched, c->slot)) {
    case SCHED_RUN:
        start(w, c);
        break;
    case SCHED_WAIT:
        c->state = CONN_QUEUED;
        conn_set_deadline(c, clock_now() + c->conf->queue_timeout);
        conn_watch_gone(c);
        break;
    case SCHED_BUSY:
        busy(c, "Busy");
        break;
    }
}

void
command_step(struct worker *w, struct conn *c, unsigned wakes)
{
    wakes |= c->unwatched;
    if (run_step(&c->run, wakes) == RUN_OVER)
        finish(w, c);
    else
        watch_run(c, wakes);
}

void
command_queue_timeout(struct worker *w, struct conn *c)
{
    /* Else it has its place by now, and is about to start. */
    if (sched_drop(&w->server->sched, c->slot))
        busy(c, "Busy");
}

/* A command that only looks is of no use to nobody; one that changes
 * something, or is meant to go on, is not to be cut short. */
static bool
ends_with_client(const struct conn *c)
{
    return !c->handled.route->detach && method_from_name(c->req.method) == METHOD_GET;
}

static void
left_queue(struct conn *c)
{
    struct reply reply = { .status = 503, .message = "client left the queue" };

    conn_reply(c, &reply);
}

void
command_gone(struct worker *w, struct conn *c)
{
    c->gone = true;
    if (c->state == CONN_QUEUED) {
        if (sched_drop(&w->server->sched, c->slot))
            left_queue(c);
    } else if (ends_with_client(c)) {
        run_cancel(&c->run, false);
        conn_set_deadline(c, run_deadline(&c->run));
    }
}

void
command_stop(struct worker *w, struct conn *c)
{
    if (c->state == CONN_QUEUED && sched_drop(&w->server->sched, c->slot)) {
        busy(c, "Stopping");
    } else if (c->state == CONN_RUNNING && !c->handled.route->detach) {
        run_cancel(&c->run, true);
        conn_set_deadline(c, run_deadline(&c->run));
    }
}

void
command_start_waiting(struct worker *w)
{
    struct server *s = w->server;
    struct conn *c;
    size_t slot;

    while ((slot = sched_next(&s->sched)) != SCHED_NONE) {
        c = &s->conns[slot];
        (void)pthread_mutex_lock(&c->lock);
        if (c->gone) {
            /* It left between being called and being started. */
            leave(w);
            left_queue(c);
        } else {
            start(w, c);
        }
        (void)pthread_mutex_unlock(&c->lock);
    }
    w->left = false;
}
