/* fcgi/server.c -- contracts are in server.h. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "arena/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "conf/conf.h"
#include "exec/engine.h"
#include "fcgi/budget.h"
#include "fcgi/command.h"
#include "fcgi/conn.h"
#include "fcgi/gate.h"
#include "fcgi/log.h"
#include "fcgi/server.h"

enum {
    WORKERS_PER_CORE = 2,
    WORKERS_MAX = 64,
    WORKER_STACK = 256 * 1024, /* bytes */
    EXPIRED_BATCH = 32,
    ARENA_RETAIN = 16 * 1024 * 1024, /* bytes that stay warm */
};

static uint64_t
event_tag(enum server_event kind, size_t slot, uint32_t gen)
{
    return (uint64_t)kind << 56 | (uint64_t)slot << 32 | gen;
}

int
server_watch(struct server *s, int fd, bool again, uint32_t events, enum server_event kind,
    size_t slot, uint32_t gen)
{
    struct epoll_event ev = { .events = events | EPOLLONESHOT,
        .data.u64 = event_tag(kind, slot, gen) };

    return epoll_ctl(s->epfd, again ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &ev) < 0 ? -errno : 0;
}

static void
wake(int fd)
{
    uint64_t one = 1;
    ssize_t put = write(fd, &one, sizeof(one));

    (void)put; /* full is awake */
}

void
server_wake_main(struct server *s)
{
    wake(s->main_fd);
}

void
server_wish_upgrade(struct server *s)
{
    wake(s->wish_fd);
}

int
server_accept_start(struct server *s)
{
    return server_watch(s, s->listen_fd, false, EPOLLIN, EVENT_LISTEN, 0, 0);
}

void
server_accept_stop(struct server *s)
{
    atomic_store(&s->draining, true);
    /* The socket stays open: a worker may be in accept4(2) on it just now. */
    (void)epoll_ctl(s->epfd, EPOLL_CTL_DEL, s->listen_fd, NULL);
}

void
server_tick(struct server *s)
{
    if (atomic_load(&s->ticking))
        return;
    atomic_store(&s->ticking, true);
    wake(s->main_fd);
}

void
server_stop(struct server *s)
{
    atomic_store(&s->stop_wanted, true);
    wake(s->main_fd);
}

struct conf *
server_conf(struct server *s)
{
    struct conf *conf;

    (void)pthread_mutex_lock(&s->conf_lock);
    conf = conf_ref(s->conf);
    (void)pthread_mutex_unlock(&s->conf_lock);
    return conf;
}

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
                conn_accept_again(s);
            } else if (slot[i] == s->nconns + SERVER_TIMER_UPGRADE) {
                upgrade_deadline(w);
            } else {
                c = &s->conns[slot[i]];
                (void)pthread_mutex_lock(&c->lock);
                conn_deadline(w, c);
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
            conn_event(w, c);
        else if (c->state == CONN_RUNNING)
            command_step(w, c, kind == EVENT_OUTPUT ? RUN_WAKE_OUTPUT : RUN_WAKE_EXIT);
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
        conn_accept(w);
        break;
    case EVENT_TIMER:
        on_timer(w);
        break;
    case EVENT_CONN:
    case EVENT_OUTPUT:
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
    if (w->left)
        command_start_waiting(w);
    return true;
}

static void *
work(void *arg)
{
    struct worker *w = arg;
    struct epoll_event ev;

    /* One event at a time: a second one would wait behind a spawn while
     * another worker has nothing to do. */
    do {
        while (epoll_wait(w->server->epfd, &ev, 1, -1) != 1)
            continue;
    } while (dispatch(w, ev.data.u64));
    return NULL;
}

static int
start_workers(struct server *s, struct err *err)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
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

static void
stop_workers(struct server *s)
{
    size_t i;

    /* Not one-shot: it stays readable, and every worker sees it. */
    wake(s->stop_fd);
    for (i = 0; i < s->nworkers; i++) {
        (void)pthread_join(s->workers[i].thread, NULL);
        gate_close(s->workers[i].gate);
    }
    free(s->workers);
}

static int
open_arena(struct server *s, struct err *err)
{
    const struct conf *conf = s->conf;
    struct arena_options opt = { .chunk_size = conf->arena_chunk,
        .chunk_count = budget_chunks(conf, conf->max_running + conf->queue),
        .retain = ARENA_RETAIN,
        .prefault = conf->arena_prefault };
    size_t chunks;
    int r = arena_open(&opt, &s->arena);

    if (r < 0)
        return err_sys(err, -r, "arena", NULL);
    chunks = arena_chunks(s->arena);
    if (chunks < opt.chunk_count)
        log_event(LOG_AT_WARNING, "warning",
            "arena of %zu chunks instead of %zu: the system gives no more", chunks,
            opt.chunk_count);
    s->output_cap = budget_output(conf->arena_chunk, chunks, conf->max_running);
    if (s->output_cap < budget_output_wish(conf))
        log_event(LOG_AT_WARNING, "warning", "output of a run is limited to %zu bytes by the arena",
            s->output_cap);
    return 0;
}

static int
open_events(struct server *s, struct err *err)
{
    struct epoll_event stop = { .events = EPOLLIN, .data.u64 = event_tag(EVENT_STOP, 0, 0) };
    int r;

    s->epfd = epoll_create1(EPOLL_CLOEXEC);
    s->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    s->main_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    s->wish_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->epfd < 0 || s->stop_fd < 0 || s->main_fd < 0 || s->wish_fd < 0)
        return err_sys(err, errno, "epoll", NULL);
    r = timer_open(&s->timer, s->nconns + SERVER_TIMERS, err);
    if (r < 0)
        return r;
    if (epoll_ctl(s->epfd, EPOLL_CTL_ADD, s->stop_fd, &stop) < 0)
        return err_sys(err, errno, "epoll_ctl", NULL);
    r = server_watch(s, s->timer.fd, false, EPOLLIN, EVENT_TIMER, 0, 0);
    if (r == 0)
        r = server_watch(s, s->wish_fd, false, EPOLLIN, EVENT_UPGRADE_WISH, 0, 0);
    return r < 0 ? err_sys(err, -r, "epoll_ctl", NULL) : 0;
}

static void
open_socket(struct server *s, int listen_fd)
{
    struct sockaddr_storage name = { 0 };
    socklen_t len = sizeof(name);

    s->listen_fd = listen_fd;
    s->unix_socket =
        getsockname(listen_fd, (struct sockaddr *)&name, &len) == 0 && name.ss_family == AF_UNIX;
}

/* Connections and runs take descriptors; commands get the limit we were given. */
static void
raise_nofile(struct server *s)
{
    struct rlimit given, all;

    if (getrlimit(RLIMIT_NOFILE, &given) < 0 || given.rlim_cur >= given.rlim_max)
        return;
    all = given;
    all.rlim_cur = all.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &all) == 0)
        engine_set_nofile(s->engine, &given);
}

int
server_open(struct server *s, int listen_fd, struct conf *conf, char *const *args, struct err *err)
{
    int r;

    s->conf = conf;
    s->epfd = s->stop_fd = s->main_fd = s->wish_fd = s->timer.fd = -1;
    (void)pthread_mutex_init(&s->conf_lock, NULL);
    (void)pthread_mutex_init(&s->pool_lock, NULL);
    open_socket(s, listen_fd);
    r = upgrade_init(&s->upgrade, args, err);
    if (r == 0)
        r = engine_open(&s->engine, err);
    if (r == 0)
        raise_nofile(s);
    if (r == 0)
        r = conn_table_open(s, conf->max_connections, err);
    if (r == 0)
        r = open_arena(s, err);
    if (r == 0)
        r = open_events(s, err);
    if (r == 0 && sched_open(&s->sched, s->nconns, conf->max_running, conf->queue) < 0)
        r = err_sys(err, ENOMEM, "queue", NULL);
    return r == 0 ? start_workers(s, err) : r;
}

void
server_close(struct server *s)
{
    stop_workers(s);
    sched_close(&s->sched);
    timer_close(&s->timer);
    arena_close(s->arena);
    conn_table_close(s);
    upgrade_done(s);
    engine_close(s->engine);
    fd_close(&s->epfd);
    fd_close(&s->stop_fd);
    fd_close(&s->main_fd);
    fd_close(&s->wish_fd);
    fd_close(&s->listen_fd);
    conf_unref(s->conf);
    (void)pthread_mutex_destroy(&s->conf_lock);
    (void)pthread_mutex_destroy(&s->pool_lock);
}
