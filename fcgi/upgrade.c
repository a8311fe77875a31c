/* fcgi/upgrade.c -- contracts are in upgrade.h. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "conf/conf.h"
#include "fcgi/conn.h"
#include "fcgi/log.h"
#include "fcgi/notify.h"
#include "fcgi/server.h"
#include "fcgi/successor.h"
#include "fcgi/upgrade.h"

static const int64_t ready_timeout = 10 * CLOCK_SEC;

int
upgrade_init(struct upgrade *u, char *const *args, struct err *err)
{
    (void)pthread_mutex_init(&u->lock, NULL);
    return successor_init(&u->successor, args, err);
}

void
upgrade_done(struct server *s)
{
    successor_done(&s->upgrade.successor, s->engine);
    (void)pthread_mutex_destroy(&s->upgrade.lock);
}

static int
launch(struct server *s, struct err *err)
{
    struct successor *new = &s->upgrade.successor;
    int r;

    r = successor_launch(new, s->engine, s->listen_fd, err);
    if (r < 0)
        return r;
    s->upgrade.len = 0;
    s->upgrade.let = false;
    r = server_watch(s, new->link, false, EPOLLIN, EVENT_UPGRADE, 0, 0);
    if (r < 0)
        return err_sys(err, -r, "epoll_ctl", "upgrade");
    s->upgrade.deadline = clock_now() + ready_timeout;
    timer_set(&s->timer, s->nconns + SERVER_TIMER_UPGRADE, s->upgrade.deadline);
    return 0;
}

static void
answer(struct conn *c, bool good, const char *text)
{
    struct reply reply = { .status = good ? 200 : 500,
        .message = good ? "Command executed" : "Command failed",
        .data = span_str(text) };

    if (c == NULL)
        return;
    (void)pthread_mutex_lock(&c->lock);
    conn_reply(c, &reply);
    (void)pthread_mutex_unlock(&c->lock);
}

/* The upgrade is decided: lets the lock go and returns who asked for it. */
static struct conn *
forget(struct server *s)
{
    struct upgrade *u = &s->upgrade;
    struct conn *c = u->conn;

    timer_set(&s->timer, s->nconns + SERVER_TIMER_UPGRADE, CLOCK_NEVER);
    u->conn = NULL;
    u->under_way = false;
    (void)pthread_mutex_unlock(&u->lock);
    return c;
}

/* With the lock, which is given up: a connection's is never taken under it. */
static void
fail(struct server *s, const char *why)
{
    struct upgrade *u = &s->upgrade;
    char text[UPGRADE_TEXT_MAX + 64];
    struct conn *c;

    (void)snprintf(text, sizeof(text), "the new process %s: %.*s", why, (int)u->len, u->text);
    c = forget(s);
    log_event(LOG_AT_ERROR, "restart", "%s", text);
    answer(c, false, text);
}

/* As fail(). */
static void
succeed(struct server *s)
{
    struct upgrade *u = &s->upgrade;
    pid_t pid = u->successor.member.pid;
    char text[64];
    struct conn *c;

    notify_main(pid);
    (void)snprintf(text, sizeof(text), "process %ld serves now", (long)pid);
    successor_release(&u->successor);
    /* Before the lock goes: another upgrade must not begin in between.  And
     * before the answer: what is asked after it is for the new process. */
    u->done = true;
    server_accept_stop(s);
    server_stop(s);
    c = forget(s);
    log_event(LOG_AT_INFO, "restart", "%s", text);
    answer(c, true, text);
}

/* Returns 0 when an upgrade is under way now that was not before. */
static int
begin(struct server *s, struct conn *c, struct err *err)
{
    struct upgrade *u = &s->upgrade;
    int r;

    (void)pthread_mutex_lock(&u->lock);
    if (u->under_way || atomic_load(&s->stop_wanted) || atomic_load(&s->draining)) {
        (void)pthread_mutex_unlock(&u->lock);
        return err_msg(err, EAGAIN, "a restart or stop is under way");
    }
    u->under_way = true;
    u->conn = c;
    r = launch(s, err);
    if (r < 0) {
        successor_discard(&u->successor, s->engine);
        (void)forget(s);
        return r;
    }
    (void)pthread_mutex_unlock(&u->lock);
    return 0;
}

void
upgrade_request(struct worker *w, struct conn *c)
{
    struct server *s = w->server;
    struct reply reply = {
        .status = 200, .message = "Command executed", .data = span_str("draining, then exiting")
    };
    struct err err;
    int r;

    if (c->conf->restart == CONF_RESTART_EXIT) {
        conn_reply(c, &reply);
        server_stop(s);
        return;
    }
    /* Parked before it begins: the answer waits for our lock. */
    c->state = CONN_PARKED;
    conn_set_deadline(c, CLOCK_NEVER);
    conn_watch_gone(c);
    r = begin(s, c, &err);
    if (r < 0) {
        handle_start_failure(-r, err.text, &reply);
        conn_reply(c, &reply);
    }
}

void
upgrade_signal(struct worker *w)
{
    const struct conf *conf = server_conf(w->server);
    bool only_exit = conf->restart == CONF_RESTART_EXIT;
    struct err err;

    conf_unref(conf);
    if (only_exit)
        server_stop(w->server);
    else if (begin(w->server, NULL, &err) < 0)
        log_event(LOG_AT_ERROR, "restart", "%s", err.text);
}

/* Whether these are the last words so far. */
static bool
has_said(const struct upgrade *u, const char *words)
{
    size_t n = strlen(words);

    return u->len >= n && memcmp(u->text + u->len - n, words, n) == 0;
}

/* With the lock, which is given up. */
static void
give_up(struct server *s, const char *why)
{
    successor_discard(&s->upgrade.successor, s->engine);
    fail(s, why);
}

/* As give_up(): hears what the new process has to say. */
static void
hear(struct server *s, bool late)
{
    struct upgrade *u = &s->upgrade;
    bool gone;
    ssize_t n;

    n = read(u->successor.link, u->text + u->len, sizeof(u->text) - u->len);
    if (n > 0)
        u->len += (size_t)n;
    gone = n == 0 || (n < 0 && errno == ECONNRESET) || u->len == sizeof(u->text);
    if (u->let && has_said(u, SUCCESSOR_SERVES)) {
        succeed(s);
        return;
    }
    if (!u->let && has_said(u, SUCCESSOR_READY)) {
        u->len = 0;
        u->let = notify_heir(u->successor.member.pid) == 0;
        gone = !u->let || successor_let(&u->successor) < 0;
    }
    if (gone) {
        give_up(s, "did not get ready");
    } else if (late) {
        give_up(s, "did not get ready in time");
    } else {
        /* A failure to watch on leaves the deadline. */
        (void)server_watch(s, u->successor.link, true, EPOLLIN, EVENT_UPGRADE, 0, 0);
        (void)pthread_mutex_unlock(&u->lock);
    }
}

void
upgrade_event(struct worker *w)
{
    struct upgrade *u = &w->server->upgrade;

    (void)pthread_mutex_lock(&u->lock);
    if (u->under_way)
        hear(w->server, false);
    else
        (void)pthread_mutex_unlock(&u->lock);
}

void
upgrade_deadline(struct worker *w)
{
    struct upgrade *u = &w->server->upgrade;

    (void)pthread_mutex_lock(&u->lock);
    /* The deadline may be that of an earlier one. */
    if (u->under_way && clock_now() >= u->deadline)
        hear(w->server, true);
    else
        (void)pthread_mutex_unlock(&u->lock);
}

void
upgrade_cancel(struct server *s)
{
    struct upgrade *u = &s->upgrade;

    (void)pthread_mutex_lock(&u->lock);
    if (!u->under_way) {
        (void)pthread_mutex_unlock(&u->lock);
        return;
    }
    if (u->let)
        successor_dismiss(&u->successor); /* what it has accepted it answers */
    else
        successor_discard(&u->successor, s->engine);
    fail(s, "is not wanted any more");
}

bool
upgrade_is_done(struct server *s)
{
    bool done;

    (void)pthread_mutex_lock(&s->upgrade.lock);
    done = s->upgrade.done;
    (void)pthread_mutex_unlock(&s->upgrade.lock);
    return done;
}
