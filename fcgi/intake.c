/* fcgi/intake.c -- contracts are in intake.h. */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/err.h"
#include "conf/conf.h"
#include "fcgi/command.h"
#include "fcgi/conn.h"
#include "fcgi/gate.h"
#include "fcgi/intake.h"
#include "fcgi/log.h"
#include "fcgi/server.h"

enum {
    READ_ROUNDS = 32
};

static const int64_t accept_pause = 50 * CLOCK_MSEC;

/* A piece of the body comes, for a command that is to read it.  Of one that is
 * too long, which will be refused, nothing is kept. */
static void
keep_body(struct conn *c)
{
    struct err err;

    if (c->in.piece_len > c->body_max - c->input.len) {
        c->in.show_body = false;
        input_close(&c->input);
    } else if (input_add(&c->input, c->in.piece, c->in.piece_len, &err) < 0) {
        c->in.show_body = false;
        c->body_num = err.num;
        log_event(LOG_AT_ERROR, "error", "%s", err.text);
    }
}

/* Whether the body that a command is to read stands. */
static void
check_input(struct conn *c)
{
    struct handled *h = &c->handled;
    struct err err;

    if (h->next != HANDLE_RUN || (c->body_num == 0 && input_seal(&c->input, &err) == 0))
        return;
    h->next = HANDLE_REPLY;
    h->num = c->body_num != 0 ? c->body_num : err.num;
    handle_start_failure(h->num, "the request body could not be kept", &h->reply);
}

/* The request is whole, or has more body than anybody will read. */
static void
decide(struct worker *w, struct conn *c)
{
    struct handled *h = &c->handled;

    c->req.body_len = c->in.body_len;
    handle_request(c->conf, &c->who, &c->req, &c->region, h);
    check_input(c);
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

/* The parameters are complete: who is it?  Nothing of the body is kept before. */
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
    c->body_max = handle_body(c->conf, &c->who, &c->req, &c->region, &c->in.show_body);
    return true;
}

/* Returns whether to read on. */
static bool
take(struct worker *w, struct conn *c, size_t n)
{
    enum record_step step;

    if (c->state == CONN_IDLE)
        conn_begin(c);
    step = record_walk(&c->in, n);
    if (step == RECORD_PARAMS)
        step = identify(w, c) ? record_walk(&c->in, 0) : RECORD_BAD;
    for (; step == RECORD_BODY; step = record_walk(&c->in, 0))
        keep_body(c);
    switch (step) {
    case RECORD_MORE:
    case RECORD_PARAMS:
    case RECORD_BODY:
        /* A little too much is read to its end, so that the web server hears
         * the answer; of what has no end we have seen enough. */
        if (c->in.body_len <= c->body_max + REQ_BODY_PATIENCE)
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
            conn_watch(c, EPOLLIN | EPOLLRDHUP);
            return;
        }
    }
    conn_watch(c, EPOLLIN | EPOLLRDHUP);
}

/* Whether somebody else who has the listening socket has shut it down.  Then
 * it is readable for ever, and accept4(2) may say nothing but EAGAIN. */
static bool
is_shut(int fd)
{
    struct pollfd p = { .fd = fd };

    return poll(&p, 1, 0) > 0;
}

/* Out of descriptors or memory: the connection waits in the backlog. */
static void
accept_later(struct server *s, int num)
{
    log_event(LOG_AT_ERROR, "error", "accept: %s: trying again", strerror(num));
    timer_set(&s->timer, s->nconns + SERVER_TIMER_ACCEPT, clock_now() + accept_pause);
}

/* A new connection is idle like a kept one, but not for long. */
static void
welcome(struct conn *c, int fd)
{
    const struct conf *conf = server_conf(c->server);

    c->fd = fd;
    c->watched = false;
    c->started = 0;
    c->state = CONN_IDLE;
    record_begin(&c->in, c->raw);
    conn_set_deadline(c, clock_now() + conf->request_timeout);
    conf_unref(conf);
    if (atomic_load(&c->server->draining))
        conn_drain(c);
}

void
intake_accept(struct worker *w)
{
    struct server *s = w->server;
    struct conn *c = conn_take(s);
    int fd, num;

    if (c == NULL)
        return; /* whoever frees a slot watches again */
    /* The drain waits for slots in use, so either it sees ours or we see it: it
     * may be over before we have accepted, and nobody would answer. */
    if (atomic_load(&s->draining)) {
        conn_put_back(c);
        return;
    }
    fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    num = errno;
    if (fd < 0) {
        conn_put_back(c);
        if (num == EAGAIN && is_shut(s->listen_fd))
            num = ESHUTDOWN;
        if (num == EAGAIN || num == EINTR || num == ECONNABORTED)
            server_accept_again(s);
        else
            accept_later(s, num);
        return;
    }
    server_accept_again(s);
    (void)pthread_mutex_lock(&c->lock);
    welcome(c, fd);
    read_on(w, c);
    (void)pthread_mutex_unlock(&c->lock);
}

void
intake_event(struct worker *w, struct conn *c)
{
    switch (c->state) {
    case CONN_READING:
    case CONN_IDLE:
        read_on(w, c);
        break;
    case CONN_WRITING:
        conn_send(c);
        break;
    case CONN_QUEUED:
    case CONN_RUNNING:
        command_gone(w, c);
        break;
    case CONN_PARKED:
    case CONN_TELLING:
        c->gone = true;
        break;
    case CONN_FREE:
        break;
    }
}

/* To close a connection on which a request has just come would lose it. */
static void
idle_enough(struct worker *w, struct conn *c)
{
    uint32_t gen = c->gen;

    read_on(w, c);
    if (c->state == CONN_IDLE && c->gen == gen)
        conn_close(c);
}

/* The deadline has moved since, or it is no deadline: the connection could not
 * be watched, so look at it, which tries to watch it again. */
static void
not_yet(struct worker *w, struct conn *c)
{
    timer_set(&w->server->timer, c->slot, c->deadline);
    if (c->watched)
        return;
    if (c->state == CONN_RUNNING || c->state == CONN_QUEUED)
        conn_watch_gone(c);
    else if (c->state == CONN_READING || c->state == CONN_IDLE || c->state == CONN_WRITING)
        intake_event(w, c);
}

void
intake_deadline(struct worker *w, struct conn *c)
{
    if (clock_now() < c->deadline) {
        not_yet(w, c);
        return;
    }
    c->deadline = CLOCK_NEVER;
    switch (c->state) {
    case CONN_READING:
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
        idle_enough(w, c);
        break;
    case CONN_PARKED:
    case CONN_TELLING:
    case CONN_FREE:
        break;
    }
}
