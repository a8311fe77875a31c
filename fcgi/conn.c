/* fcgi/conn.c -- contracts are in conn.h. */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "arena/arena.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/headroom.h"
#include "conf/conf.h"
#include "fcgi/conn.h"
#include "fcgi/log.h"
#include "fcgi/reqlog.h"
#include "fcgi/server.h"

enum {
    /* A slot's memory: what comes in, and room for what is made of it: the
     * decoded strings, the argv, a small reply. */
    SLOT_REGION = 256 * 1024,
    SLOT_BYTES = (RECORD_RAW_MAX + SLOT_REGION + 4095) / 4096 * 4096,
};

/* Who connects just before we drain sends a request right behind, be the machine
 * ever so busy; on a kept connection it is on its way or does not come. */
static const int64_t drain_silent_new = 2 * CLOCK_SEC;
static const int64_t drain_silent_kept = 100 * CLOCK_MSEC;

/* How long what nobody watches waits to be looked at. */
static const int64_t unwatched_look = 20 * CLOCK_MSEC;

/* Half-closing is not leaving where the two can be told apart: a unix socket
 * hangs up only when the peer has closed it. */
static uint32_t
gone_events(const struct server *s)
{
    return s->unix_socket ? 0 : EPOLLRDHUP;
}

/* Slots are address space, and that may be limited (shared hosting): at most a
 * quarter of it. */
static size_t
slots_allowed(size_t max)
{
    struct rlimit as;

    if (getrlimit(RLIMIT_AS, &as) < 0 || as.rlim_cur == RLIM_INFINITY)
        return max;
    if (as.rlim_cur / 4 / SLOT_BYTES >= max)
        return max;
    return as.rlim_cur / 4 / SLOT_BYTES + 1;
}

/* Slots have deadlines, and places in the queue. */
static int
open_slots(struct server *s, struct err *err)
{
    int r = timer_open(&s->timer, s->nconns + SERVER_TIMERS, err);

    if (r < 0)
        return r;
    r = server_watch(s, s->timer.fd, false, EPOLLIN, EVENT_TIMER, 0, 0);
    if (r < 0)
        return err_sys(err, -r, "epoll_ctl", "timer");
    if (sched_open(&s->sched, s->nconns, s->conf->max_running, s->conf->queue) < 0)
        return err_sys(err, ENOMEM, "queue", NULL);
    if (coalesce_open(&s->coalesce, &s->sched, s->nconns) < 0)
        return err_sys(err, ENOMEM, "queue", NULL);
    return 0;
}

int
conn_table_open(struct server *s, size_t max, struct err *err)
{
    void *p = MAP_FAILED;
    size_t n;

    for (n = slots_allowed(max); n > 0; n /= 2) {
        p = mmap(NULL, n * SLOT_BYTES, PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (p != MAP_FAILED)
            break;
    }
    if (p == MAP_FAILED)
        return err_sys(err, ENOMEM, "mmap", "connections");
    /* Tokens pass through here. */
    (void)madvise(p, n * SLOT_BYTES, MADV_DONTDUMP);
    s->memory = p;
    s->nconns = n;
    s->free_head = SCHED_NONE;
    headroom_trim(); /* so that the tables are fresh pages, and not cleared, which touches them */
    s->conns = calloc(n, sizeof(*s->conns));
    if (s->conns == NULL)
        return err_sys(err, ENOMEM, "connections", NULL);
    if (n < max)
        log_event(LOG_AT_WARNING, "warning", "room for %zu connections instead of %zu", n, max);
    return open_slots(s, err);
}

void
conn_table_close(struct server *s)
{
    size_t i;

    coalesce_close(&s->coalesce);
    sched_close(&s->sched);
    timer_close(&s->timer);
    for (i = 0; i < s->nfresh; i++)
        (void)pthread_mutex_destroy(&s->conns[i].lock);
    if (s->memory != NULL)
        (void)munmap(s->memory, s->nconns * SLOT_BYTES);
    free(s->conns);
    s->memory = NULL;
    s->conns = NULL;
}

/* Slots are made when first needed: an idle responder has touched none. */
static struct conn *
pool_make(struct server *s)
{
    struct conn *c = &s->conns[s->nfresh];

    (void)pthread_mutex_init(&c->lock, NULL);
    c->server = s;
    c->slot = s->nfresh;
    c->fd = -1;
    input_init(&c->input);
    c->raw = s->memory + c->slot * SLOT_BYTES;
    region_over(&c->region, c->raw + RECORD_RAW_MAX, SLOT_BYTES - RECORD_RAW_MAX);
    s->nfresh++;
    return c;
}

struct conn *
conn_take(struct server *s)
{
    struct conn *c = NULL;

    (void)pthread_mutex_lock(&s->pool_lock);
    if (s->free_head != SCHED_NONE) {
        c = &s->conns[s->free_head];
        s->free_head = c->next_free;
    } else if (s->nfresh < s->nconns) {
        c = pool_make(s);
    }
    if (c != NULL)
        s->in_use++;
    else
        s->accept_paused = true;
    (void)pthread_mutex_unlock(&s->pool_lock);
    return c;
}

void
conn_put_back(struct conn *c)
{
    struct server *s = c->server;
    bool resume, empty;

    (void)pthread_mutex_lock(&s->pool_lock);
    c->next_free = s->free_head;
    s->free_head = c->slot;
    s->in_use--;
    empty = s->in_use == 0;
    resume = s->accept_paused;
    s->accept_paused = false;
    (void)pthread_mutex_unlock(&s->pool_lock);
    if (resume)
        server_accept_again(s);
    if (empty && atomic_load(&s->draining))
        server_wake_main(s);
}

void
conn_set_deadline(struct conn *c, int64_t when)
{
    if (c->deadline == when)
        return;
    c->deadline = when;
    timer_set(&c->server->timer, c->slot, when);
}

int64_t
conn_look(int64_t deadline)
{
    int64_t look = clock_now() + unwatched_look;

    return look < deadline ? look : deadline;
}

void
conn_watch(struct conn *c, uint32_t events)
{
    int r = server_watch(c->server, c->fd, c->watched, events, EVENT_CONN, c->slot, c->gen);

    c->watched = c->watched || r == 0;
    if (c->watched)
        return;
    /* The kernel has no memory for it just now: intake_deadline() tries again. */
    log_event(LOG_AT_ERROR, "error", "epoll_ctl: connection: error %d", -r);
    timer_set(&c->server->timer, c->slot, conn_look(c->deadline));
}

void
conn_watch_gone(struct conn *c)
{
    conn_watch(c, gone_events(c->server));
}

bool
conn_has_left(const struct conn *c)
{
    /* The bits of epoll(7) are those of poll(2). */
    struct pollfd p = { .fd = c->fd, .events = (short)gone_events(c->server) };

    return poll(&p, 1, 0) > 0;
}

/* How many bytes of the block of the answer are used; none before it is
 * rendered. */
static size_t
answer_used(const struct conn *c)
{
    if (c->answer == NULL || c->out.p == NULL)
        return 0;
    return (size_t)(c->out.p - c->answer) + c->out.n;
}

/* What one request held. */
static void
release(struct conn *c)
{
    /* A refused free would be our own mistake; arena_stats() counts them. */
    (void)arena_free(c->server->arena, c->output);
    (void)arena_free_written(c->server->arena, c->answer, answer_used(c));
    c->output = c->answer = NULL;
    c->out.p = NULL;
    input_close(&c->input);
    conf_unref(c->conf);
    c->conf = NULL;
    region_reset(&c->region);
    c->gen++;
}

void
conn_close(struct conn *c)
{
    conn_set_deadline(c, CLOCK_NEVER);
    /* Cut short, its bytes may hold a token that nobody has judged. */
    if (c->state == CONN_READING)
        crypto_cleanse(c->raw, c->in.len);
    release(c);
    (void)close(c->fd);
    c->fd = -1;
    c->state = CONN_FREE;
    conn_put_back(c);
}

void
conn_begin(struct conn *c)
{
    c->state = CONN_READING;
    c->started = clock_now();
    c->conf = server_conf(c->server);
    c->gone = false;
    c->body_max = c->conf->body_max;
    c->body_num = 0;
    conn_set_deadline(c, c->started + c->conf->request_timeout);
}

/* The reply is out: the next request on a kept connection, or the end. */
static void
next(struct conn *c)
{
    struct server *s = c->server;

    if (!c->in.keep || atomic_load(&s->draining)) {
        conn_close(c);
        return;
    }
    release(c);
    c->state = CONN_IDLE;
    record_begin(&c->in, c->raw);
    conn_set_deadline(c, CLOCK_NEVER);
    conn_watch(c, EPOLLIN | EPOLLRDHUP);
    if (!c->watched)
        conn_close(c); /* there is no deadline here */
}

/* While a slow peer reads, the answer keeps only the memory that it fills. */
static void
keep_less(struct conn *c)
{
    if (c->state == CONN_WRITING)
        return;
    if (c->answer != NULL)
        (void)arena_shrink(c->server->arena, c->answer, answer_used(c));
    if (c->output != NULL)
        (void)arena_shrink(c->server->arena, c->output, c->out.more.n);
}

void
conn_send(struct conn *c)
{
    uint64_t before = c->out.sent;

    switch (wire_write(c->fd, &c->out)) {
    case WIRE_OK:
        next(c);
        return;
    case WIRE_GONE:
        conn_close(c);
        return;
    case WIRE_AGAIN:
        break;
    }
    keep_less(c);
    if (c->state != CONN_WRITING || c->out.sent != before)
        conn_set_deadline(c, clock_now() + c->conf->request_timeout);
    c->state = CONN_WRITING;
    conn_watch(c, EPOLLOUT);
}

/* Gives the block of the output back.  In one that holds nothing else only its
 * beginning was written to. */
static void
free_output(struct conn *c, const struct reply *reply)
{
    size_t written = reply->kept != NULL ? reply->kept->len : reply->data.n;

    (void)arena_free_written(
        c->server->arena, c->output, c->handled.output == ROUTE_JOINED ? written : SIZE_MAX);
    c->output = NULL;
}

/* What there is memory for: the reply, or one that says there is none. */
static const struct reply *
affordable(struct conn *c, const struct reply *reply, struct reply *instead)
{
    if (c->answer == NULL || arena_commit(c->server->arena, c->answer, reply_size(reply)) == 0)
        return reply;
    *instead = (struct reply){ .status = 503,
        .message = "arena exhausted: the command has run, its output is lost",
        .result = reply->result,
        .queued = reply->queued,
        .coalesced = reply->coalesced,
        .joined = reply->joined };
    return instead;
}

void
conn_reply(struct conn *c, const struct reply *full)
{
    struct reply instead;
    const struct reply *reply = affordable(c, full, &instead);
    size_t max = reply_size(reply);
    unsigned char *mem = c->answer != NULL ? c->answer : region_alloc(&c->region, max);
    struct span bytes = { NULL, 0 }, body = reply_body(reply);

    reqlog_write(&c->req, &c->handled, reply, c->gone, c->started, &c->region);
    if (mem != NULL && !c->gone)
        bytes = reply_render(reply, mem, max);
    /* Rendered or not, the output has served, unless it is what is sent. */
    if (body.n == 0)
        free_output(c, full);
    if (bytes.n == 0) {
        conn_close(c);
        return;
    }
    c->out = (struct wire_out){ .p = bytes.p, .n = bytes.n, .more = body, .id = c->in.id };
    conn_send(c);
}

void
conn_drain(struct conn *c)
{
    if (c->state != CONN_IDLE)
        return;
    conn_set_deadline(c, clock_now() + (c->started == 0 ? drain_silent_new : drain_silent_kept));
}
