/* fcgi/conn.c -- contracts are in conn.h. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "arena/arena.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/err.h"
#include "conf/conf.h"
#include "fcgi/command.h"
#include "fcgi/conn.h"
#include "fcgi/gate.h"
#include "fcgi/log.h"
#include "fcgi/reqlog.h"
#include "fcgi/server.h"

enum {
    /* A slot's memory: what comes in, and room for what is made of it: the
     * decoded strings, the argv, a small reply. */
    SLOT_REGION = 256 * 1024,
    SLOT_BYTES = (RECORD_RAW_MAX + SLOT_REGION + 4095) / 4096 * 4096,
    SLOTS_MIN = 8,
};

enum {
    READ_ROUNDS = 32,
};

static const int64_t accept_pause = 50 * CLOCK_MSEC;

/* What connects just before we drain sends its request right behind. */
static const int64_t drain_silent = 100 * CLOCK_MSEC;

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
    s->conns = calloc(n, sizeof(*s->conns));
    if (s->conns == NULL) {
        conn_table_close(s);
        return err_sys(err, ENOMEM, "connections", NULL);
    }
    if (n < max)
        log_event(LOG_AT_WARNING, "warning", "room for %zu connections instead of %zu", n, max);
    return 0;
}

void
conn_table_close(struct server *s)
{
    size_t i;

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
    c->raw = s->memory + c->slot * SLOT_BYTES;
    region_over(&c->region, c->raw + RECORD_RAW_MAX, SLOT_BYTES - RECORD_RAW_MAX);
    s->nfresh++;
    return c;
}

static struct conn *
pool_take(struct server *s)
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

static void
pool_return(struct server *s, struct conn *c)
{
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
        conn_accept_again(s);
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

static void
watch(struct conn *c, uint32_t events)
{
    int r = server_watch(c->server, c->fd, c->watched, events, EVENT_CONN, c->slot, c->gen);

    /* The kernel is short of memory for the watch: the deadline remains. */
    if (r < 0)
        log_event(LOG_AT_ERROR, "error", "epoll_ctl: connection: error %d", -r);
    else
        c->watched = true;
}

void
conn_watch_gone(struct conn *c)
{
    watch(c, gone_events(c->server));
}

/* What one request held. */
static void
release(struct conn *c)
{
    /* A refused free would be our own mistake; arena_stats() counts them. */
    (void)arena_free(c->server->arena, c->output);
    (void)arena_free(c->server->arena, c->answer);
    c->output = c->answer = NULL;
    conf_unref(c->conf);
    c->conf = NULL;
    region_reset(&c->region);
    c->gen++;
}

void
conn_close(struct conn *c)
{
    struct server *s = c->server;

    conn_set_deadline(c, CLOCK_NEVER);
    release(c);
    (void)close(c->fd);
    c->fd = -1;
    c->state = CONN_FREE;
    pool_return(s, c);
}

/* Begins to read a request, of which the first byte is here or expected. */
static void
begin(struct conn *c)
{
    c->state = CONN_READING;
    c->started = clock_now();
    c->conf = server_conf(c->server);
    c->gone = false;
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
    watch(c, EPOLLIN | EPOLLRDHUP);
}

/* While a slow peer reads, the answer keeps only the memory that it fills. */
static void
keep_less(struct conn *c)
{
    if (c->answer != NULL && c->state != CONN_WRITING)
        (void)arena_shrink(c->server->arena, c->answer, (size_t)(c->out.p - c->answer) + c->out.n);
}

static void
send_on(struct conn *c)
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
    watch(c, EPOLLOUT);
}

void
conn_reply(struct conn *c, const struct reply *reply)
{
    size_t max = reply_max(reply->data.n);
    unsigned char *mem = c->answer != NULL ? c->answer : region_alloc(&c->region, max);
    struct span bytes = { NULL, 0 };

    reqlog_write(&c->req, &c->handled, reply, c->gone, c->started, &c->region);
    if (mem != NULL && !c->gone)
        bytes = reply_render(reply, mem, max);
    /* Rendered or not, the output has served. */
    (void)arena_free(c->server->arena, c->output);
    c->output = NULL;
    if (bytes.n == 0) {
        conn_close(c);
        return;
    }
    c->out = (struct wire_out){ .p = bytes.p, .n = bytes.n, .id = c->in.id };
    send_on(c);
}

/* The request is whole, or has more body than anybody will read. */
static void
decide(struct worker *w, struct conn *c)
{
    struct handled *h = &c->handled;

    c->req.body_len = c->in.body_len;
    handle_request(c->conf, &c->who, &c->req, &c->region, h);
    switch (h->next) {
    case HANDLE_REPLY:
        conn_reply(c, &h->reply);
        break;
    case HANDLE_RUN:
        command_begin(w, c);
        break;
    case HANDLE_RESTART:
        upgrade_request(w, c);
        break;
    }
}

/* The parameters are complete: who is it?  Nothing of the body is kept. */
static bool
identify(struct worker *w, struct conn *c)
{
    const unsigned char *bytes;
    struct err err;
    size_t n;
    int r;

    bytes = record_canonical(&c->in, &n);
    if (bytes == NULL) {
        log_event(LOG_AT_WARNING, "malformed", "parameters do not fit their records");
        return false;
    }
    r = gate_decode(w->gate, bytes, n, &c->region, &c->req, &err);
    crypto_cleanse(c->raw, n);
    if (r < 0) {
        log_event(LOG_AT_ERROR, "error", "%s", err.text);
        return false;
    }
    c->who = auth_identify(c->conf->key, &c->req);
    return true;
}

/* Returns whether to read on. */
static bool
take(struct worker *w, struct conn *c, size_t n)
{
    enum record_step step;

    if (c->state == CONN_IDLE)
        begin(c);
    step = record_walk(&c->in, n);
    if (step == RECORD_PARAMS)
        step = identify(w, c) ? record_walk(&c->in, 0) : RECORD_BAD;
    switch (step) {
    case RECORD_MORE:
    case RECORD_PARAMS:
        /* A little too much is read to its end, so that the web server hears
         * the answer; of what has no end we have seen enough. */
        if (c->in.body_len <= c->conf->body_max + REQ_BODY_PATIENCE)
            return true;
        c->in.keep = false;
        decide(w, c);
        return false;
    case RECORD_WHOLE:
        decide(w, c);
        return false;
    case RECORD_BAD:
        break;
    }
    log_event(LOG_AT_WARNING, "malformed", "not a FastCGI request: connection closed");
    conn_close(c);
    return false;
}

static void
read_on(struct worker *w, struct conn *c)
{
    unsigned rounds;
    size_t n;

    /* A peer that never pauses shall not hold the worker either. */
    for (rounds = 0; rounds < READ_ROUNDS; rounds++) {
        switch (wire_read(c->fd, &c->in, &n)) {
        case WIRE_OK:
            if (!take(w, c, n))
                return;
            break;
        case WIRE_GONE:
            conn_close(c);
            return;
        case WIRE_AGAIN:
            watch(c, EPOLLIN | EPOLLRDHUP);
            return;
        }
    }
    watch(c, EPOLLIN | EPOLLRDHUP);
}

void
conn_accept_again(struct server *s)
{
    /* Fails only when the drain has taken the socket off the set. */
    (void)server_watch(s, s->listen_fd, true, EPOLLIN, EVENT_LISTEN, 0, 0);
}

/* Out of descriptors or memory: the connection waits in the backlog. */
static void
accept_later(struct server *s, int num)
{
    log_event(LOG_AT_ERROR, "error", "accept: %s: trying again", strerror(num));
    timer_set(&s->timer, s->nconns + SERVER_TIMER_ACCEPT, clock_now() + accept_pause);
}

void
conn_accept(struct worker *w)
{
    struct server *s = w->server;
    struct conn *c = pool_take(s);
    int fd, num;

    if (c == NULL)
        return; /* whoever frees a slot watches again */
    fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    num = errno;
    if (fd < 0) {
        pool_return(s, c);
        if (num == EMFILE || num == ENFILE || num == ENOMEM || num == ENOBUFS)
            accept_later(s, num);
        else
            conn_accept_again(s);
        return;
    }
    conn_accept_again(s);
    (void)pthread_mutex_lock(&c->lock);
    c->fd = fd;
    c->watched = false;
    record_begin(&c->in, c->raw);
    begin(c);
    read_on(w, c);
    (void)pthread_mutex_unlock(&c->lock);
}

void
conn_event(struct worker *w, struct conn *c)
{
    switch (c->state) {
    case CONN_READING:
    case CONN_IDLE:
        read_on(w, c);
        break;
    case CONN_WRITING:
        send_on(c);
        break;
    case CONN_QUEUED:
    case CONN_RUNNING:
        command_gone(w, c);
        break;
    case CONN_PARKED:
        c->gone = true;
        break;
    case CONN_FREE:
        break;
    }
}

void
conn_deadline(struct worker *w, struct conn *c)
{
    if (clock_now() < c->deadline)
        return; /* it has moved since */
    c->deadline = CLOCK_NEVER;
    switch (c->state) {
    case CONN_READING:
        if (record_started(&c->in))
            log_event(LOG_AT_WARNING, "malformed", "request did not arrive in time");
        conn_close(c);
        break;
    case CONN_WRITING:
        log_event(LOG_AT_WARNING, "warning", "the web server does not read the reply");
        conn_close(c);
        break;
    case CONN_QUEUED:
        command_queue_timeout(w, c);
        break;
    case CONN_RUNNING:
        command_step(w, c, RUN_WAKE_DEADLINE);
        break;
    case CONN_IDLE:
        conn_close(c);
        break;
    case CONN_PARKED:
    case CONN_FREE:
        break;
    }
}

void
conn_drain(struct conn *c)
{
    int64_t soon = clock_now() + drain_silent;

    if (c->state == CONN_IDLE || (c->state == CONN_READING && !record_started(&c->in)))
        conn_set_deadline(c, soon);
}
