/* fcgi/command.c -- contracts are in command.h. */
#include "config.h"

#include <stdlib.h>
#include <sys/epoll.h>

#include "arena/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "conf/conf.h"
#include "exec/run.h"
#include "fcgi/budget.h"
#include "fcgi/command.h"
#include "fcgi/conn.h"
#include "fcgi/log.h"
#include "fcgi/reply.h"
#include "fcgi/server.h"
#include "fcgi/share.h"

static struct sched_want
want_of(const struct route *rt)
{
    return (struct sched_want){ .lane = rt->max_running > 0 ? rt->path : NULL,
        .max = rt->max_running,
        .now = rt->on_busy == ROUTE_REJECT };
}

/* Is sent away. */
static void
busy(struct conn *c)
{
    struct sched_want want = want_of(c->handled.route);
    struct reply reply = { .status = 503,
        .message = "Busy",
        .queued = c->queued,
        .retry_after = sched_retry(&c->server->sched, &want) };

    conn_reply(c, &reply);
}

/* The place becomes free before the reply goes out: a slow reader holds none. */
static void
leave(struct worker *w, struct conn *c, int64_t took)
{
    if (c->shared)
        c->joined = coalesce_over(&w->server->coalesce, c->slot);
    sched_leave(&w->server->sched, c->slot, took);
    w->left = true;
}

/* The run is over, or never was, and the place is given back. */
static void
conclude(struct worker *w, struct conn *c, struct reply *reply)
{
    reply->queued = c->queued;
    reply->coalesced = c->joined;
    if (c->joined == 0) {
        conn_reply(c, reply);
        return;
    }
    c->handled.reply = *reply;
    c->state = CONN_TELLING;
    conn_set_deadline(c, CLOCK_NEVER);
    c->next_over = w->over;
    w->over = c;
}

/* Takes the memory for the output and its answer: from here on there is
 * always room to say what came of the command. */
static bool
take_blocks(struct conn *c, struct run_spec *spec)
{
    struct server *s = c->server;
    enum route_output how = c->handled.output;
    size_t max = c->handled.route->output_max;

    if (max > s->output_cap[how])
        max = s->output_cap[how];
    c->output = arena_alloc(s->arena, budget_output_block(how, max));
    c->answer = arena_alloc(s->arena, budget_answer_block(how, max));
    if (c->output != NULL && c->answer != NULL) {
        budget_place(how, c->output, max, spec);
        spec->arena = s->arena;
        return true;
    }
    (void)arena_free_written(s->arena, c->output, 0);
    (void)arena_free_written(s->arena, c->answer, 0);
    c->output = c->answer = NULL;
    return false;
}

static void
finish(struct worker *w, struct conn *c)
{
    struct reply reply;

    leave(w, c, run_result(&c->run)->duration);
    reply_of_run(&c->run, c->handled.output, c->handled.route->content_type, &reply);
    conclude(w, c, &reply);
}

/* Nothing ran: `num` says why, or it is the arena. */
static void
fail(struct worker *w, struct conn *c, int num, const char *why)
{
    struct reply reply;

    leave(w, c, 0);
    if (num == 0) {
        reply_later("arena exhausted", &reply);
    } else {
        /* Others may be told later. */
        why = c->joined > 0 ? region_strdup(&c->region, why) : why;
        handle_start_failure(num, why != NULL ? why : "", &reply);
    }
    conclude(w, c, &reply);
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

    if (wakes & RUN_WAKE_OUTPUT)
        watch_one(c, run_output_fd(&c->run, 0), EVENT_OUTPUT, RUN_WAKE_OUTPUT);
    if (wakes & RUN_WAKE_ERRORS)
        watch_one(c, run_output_fd(&c->run, 1), EVENT_ERRORS, RUN_WAKE_ERRORS);
    if (wakes & RUN_WAKE_EXIT)
        watch_one(c, run_exit_fd(&c->run), EVENT_EXIT, RUN_WAKE_EXIT);
    conn_set_deadline(c, c->unwatched != 0 ? conn_look(deadline) : deadline);
}

/* It has waited, if it has, until now. */
static void
note_waited(struct conn *c, int64_t now)
{
    if (c->queued_at > 0)
        c->queued = now - c->queued_at;
}

static void
note_begin(struct conn *c)
{
    if (c->queued_at == 0 && !c->shared)
        return;
    c->began = clock_now();
    note_waited(c, c->began);
}

static void
start(struct worker *w, struct conn *c)
{
    const struct handled *h = &c->handled;
    struct run_spec spec = { .path = h->path,
        .argv = h->argv,
        .envp = h->envp,
        .workdir = h->route->workdir,
        .limits = &h->route->limits,
        .input = c->input.fd >= 0 ? &c->input.fd : NULL,
        .timeout = h->route->timeout,
        .grace = h->route->grace,
        .keep = h->route->output_keep,
        .detach = h->route->detach,
        .cgroup = h->route->cgroup,
        .cgroup_limits = &h->route->cgroup_limits,
        .delays = h->route->delays };
    struct err err;
    int r;

    note_begin(c);
    if (!take_blocks(c, &spec)) {
        fail(w, c, 0, "");
        return;
    }
    server_tick(w->server);
    r = run_start(&c->run, w->server->engine, &spec, &err);
    input_close(&c->input); /* it is the command's alone */
    if (r < 0) {
        fail(w, c, -r, err.text);
        return;
    }
    c->state = CONN_RUNNING;
    /* On a busy machine it may be over by now, and nobody need be woken. */
    if (run_step(&c->run, 0) == RUN_OVER) {
        finish(w, c);
        return;
    }
    if (!c->gone)
        conn_watch_gone(c);
    c->unwatched = RUN_WAKE_OUTPUT | RUN_WAKE_ERRORS | RUN_WAKE_EXIT;
    watch_run(c, c->unwatched);
}

static enum sched_answer
enter(struct conn *c)
{
    struct sched_want want = want_of(c->handled.route);

    if (c->shared)
        return share_enter(c, &want);
    return sched_enter(&c->server->sched, c->slot, &want);
}

void
command_begin(struct worker *w, struct conn *c)
{
    c->queued_at = c->queued = 0;
    c->joined = 0;
    c->shared = c->handled.route->on_busy == ROUTE_COALESCE;
    switch (enter(c)) {
    case SCHED_RUN:
        start(w, c);
        break;
    case SCHED_WAIT:
        c->state = CONN_QUEUED;
        c->queued_at = clock_now();
        conn_set_deadline(c, c->queued_at + c->conf->queue_timeout);
        conn_watch_gone(c);
        break;
    case SCHED_BUSY:
        busy(c);
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

/* Takes a request that waits off the queue.  Returns false when it has its
 * place by now and is about to start, or when its run is under way already. */
static bool
quit(struct conn *c)
{
    struct server *s = c->server;

    if (!(c->shared ? coalesce_quit(&s->coalesce, c->slot) == COALESCE_OUT
                    : sched_drop(&s->sched, c->slot)))
        return false;
    note_waited(c, clock_now());
    return true;
}

void
command_queue_timeout(struct worker *w, struct conn *c)
{
    (void)w;
    if (quit(c))
        busy(c);
}

/* Its client has left, and nothing runs for it. */
static void
drop(struct conn *c)
{
    struct reply reply = { .status = 503, .message = "client left the queue" };

    note_waited(c, clock_now());
    reply.queued = c->queued;
    conn_reply(c, &reply);
}

static void
end_run(struct conn *c, bool now)
{
    run_cancel(&c->run, now);
    conn_set_deadline(c, run_deadline(&c->run));
}

/* The run goes on as long as it is somebody's. */
static void
gone_from_shared(struct worker *w, struct conn *c)
{
    struct server *s = w->server;
    size_t deserted;

    if (coalesce_leave(&s->coalesce, c->slot, &deserted) == COALESCE_OUT)
        drop(c);
    if (deserted == c->slot)
        end_run(c, false);
    else if (deserted != SCHED_NONE)
        w->deserted = &s->conns[deserted];
}

void
command_gone(struct worker *w, struct conn *c)
{
    c->gone = true;
    if (c->shared) {
        gone_from_shared(w, c);
    } else if (c->state == CONN_QUEUED) {
        if (sched_drop(&w->server->sched, c->slot))
            drop(c);
    } else if (share_ends(c)) {
        end_run(c, false);
    }
}

int64_t
command_stop(struct worker *w, struct conn *c, bool now)
{
    struct reply stopping;

    (void)w;
    if (c->state == CONN_QUEUED && quit(c)) {
        reply_later("Stopping", &stopping);
        stopping.queued = c->queued;
        conn_reply(c, &stopping);
    }
    if (c->state != CONN_RUNNING || c->handled.route->detach)
        return 0;
    end_run(c, now);
    return c->deadline;
}

/* Starts one that has its place by now, unless its client has left: nobody who
 * waited is run for nobody, however late the event comes. */
static void
call(struct worker *w, struct conn *c)
{
    struct server *s = w->server;

    c->gone = c->gone || conn_has_left(c);
    if (c->shared ? coalesce_begin(&s->coalesce, c->slot, c->gone) : !c->gone) {
        start(w, c);
    } else {
        sched_leave(&s->sched, c->slot, 0);
        drop(c);
    }
}

static void
start_waiting(struct worker *w)
{
    struct server *s = w->server;
    struct conn *c;
    size_t slot;

    w->left = false;
    while ((slot = sched_next(&s->sched)) != SCHED_NONE) {
        c = &s->conns[slot];
        (void)pthread_mutex_lock(&c->lock);
        call(w, c);
        (void)pthread_mutex_unlock(&c->lock);
    }
}

/* Somebody else may have ended the run meanwhile, and begun another. */
static void
end_deserted(struct worker *w)
{
    struct conn *c = w->deserted;

    w->deserted = NULL;
    (void)pthread_mutex_lock(&c->lock);
    if (c->state == CONN_RUNNING && c->shared && coalesce_deserted(&w->server->coalesce, c->slot))
        end_run(c, false);
    (void)pthread_mutex_unlock(&c->lock);
}

void
command_settle(struct worker *w)
{
    struct conn *c;

    while (w->left || w->over != NULL || w->deserted != NULL) {
        if (w->left)
            start_waiting(w);
        if (w->deserted != NULL)
            end_deserted(w);
        if ((c = w->over) != NULL) {
            w->over = c->next_over;
            share_tell(c);
        }
    }
}

void
command_set_limits(struct worker *w, const struct conf *conf)
{
    struct sched_limit *limits = calloc(conf->nroutes + 1, sizeof(*limits));
    const struct route *rt;
    size_t n = 0;
    size_t i;
    int r;

    for (i = 0; limits != NULL && i < conf->nroutes; i++) {
        rt = &conf->routes[i];
        if (rt->max_running > 0)
            limits[n++] = (struct sched_limit){ rt->path, rt->max_running };
    }
    r = sched_set_limits(&w->server->sched, conf->max_running, conf->queue, limits, n);
    if (limits == NULL || r < 0)
        log_event(LOG_AT_ERROR, "error", "max_running of routes: out of memory");
    free(limits);
    w->left = true;
    command_settle(w);
}
