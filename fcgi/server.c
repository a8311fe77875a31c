/* fcgi/server.c -- contracts are in server.h. */
#include "config.h"

#include <errno.h>
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
#include "exec/cgroup_pool.h"
#include "exec/engine.h"
#include "fcgi/budget.h"
#include "fcgi/log.h"
#include "fcgi/server.h"

_Static_assert(ARENA_NEVER == CLOCK_NEVER, "one deadline that never comes");

enum {
    ARENA_RETAIN = 2 * 1024 * 1024,    /* bytes that stay warm when nobody comes */
    ARENA_WARM_MAX = 16 * 1024 * 1024, /* bytes that stay warm between requests */
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

void
server_wake(int fd)
{
    uint64_t one = 1;
    ssize_t put = write(fd, &one, sizeof(one));

    (void)put; /* full is awake */
}

void
server_wake_main(struct server *s)
{
    server_wake(s->main_fd);
}

void
server_wish_upgrade(struct server *s)
{
    server_wake(s->wish_fd);
}

int
server_accept_start(struct server *s)
{
    return server_watch(s, s->listen_fd, false, EPOLLIN, EVENT_LISTEN, 0, 0);
}

void
server_accept_again(struct server *s)
{
    /* Fails only when the drain has taken the socket off the set. */
    server_watch(s, s->listen_fd, true, EPOLLIN, EVENT_LISTEN, 0, 0);
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
    server_wake(s->main_fd);
}

void
server_stop(struct server *s)
{
    atomic_store(&s->stop_wanted, true);
    server_wake(s->main_fd);
}

int64_t
server_tend(struct server *s)
{
    unsigned long damaged = arena_damaged(s->arena), refused = arena_refused(s->arena);

    if (damaged != s->damaged)
        log_event(LOG_AT_ERROR, "error",
            "arena: memory was written to after it was freed (%lu times); please report it",
            damaged - s->damaged);
    if (refused != s->refused)
        log_event(LOG_AT_ERROR, "error",
            "arena: memory was freed that was not in use (%lu times); please report it",
            refused - s->refused);
    s->damaged = damaged;
    s->refused = refused;
    /* A command that starts has its blocks before it wakes us. */
    return arena_tend(s->arena, clock_now());
}

const struct conf *
server_conf(struct server *s)
{
    const struct conf *conf;

    (void)pthread_mutex_lock(&s->conf_lock);
    conf = conf_ref(s->conf);
    (void)pthread_mutex_unlock(&s->conf_lock);
    return conf;
}

void
server_change_conf(struct server *s, const struct conf *conf)
{
    const struct conf *old;

    (void)pthread_mutex_lock(&s->conf_lock);
    old = s->conf;
    s->conf = conf;
    (void)pthread_mutex_unlock(&s->conf_lock);
    conf_unref(old);
}

static int
open_arena(struct server *s, struct err *err)
{
    const struct conf *conf = s->conf;
    struct arena_options opt = { .chunk_size = conf->arena_chunk,
        .chunk_count = budget_chunks(conf, conf->max_running + conf->queue),
        .retain = ARENA_RETAIN,
        .warm_max = ARENA_WARM_MAX,
        .prefault = conf->arena_prefault,
        .hardened = conf->arena_hardened };
    size_t chunks, guards = budget_guards(conf) * conf->max_running;
    int r = arena_open(&opt, &s->arena);

    if (r < 0)
        return err_sys(err, -r, "arena", NULL);
    chunks = arena_chunks(s->arena);
    if (chunks < opt.chunk_count)
        log_event(LOG_AT_WARNING, "warning",
            "arena of %zu chunks instead of %zu: the system gives no more", chunks,
            opt.chunk_count);
    for (unsigned how = 0; how < ROUTE_OUTPUT_MAX; how++)
        s->output_cap[how] = budget_output(
            how, conf->arena_chunk, chunks > guards ? chunks - guards : 0, conf->max_running);
    if (s->output_cap[ROUTE_JOINED] < budget_output_wish(conf))
        log_event(LOG_AT_WARNING, "warning", "output of a run is limited to %zu bytes by the arena",
            s->output_cap[ROUTE_JOINED]);
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
    if (epoll_ctl(s->epfd, EPOLL_CTL_ADD, s->stop_fd, &stop) < 0)
        return err_sys(err, errno, "epoll_ctl", NULL);
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

void
server_prepare(struct server *s, const struct conf *conf)
{
    unsigned parts = 0;
    size_t i;

    for (i = 0; i < conf->nroutes; i++)
        if (conf->routes[i].cgroup != CGROUP_NEVER)
            parts |= cgroup_parts(&conf->routes[i].cgroup_limits);
    parts = parts != 0 ? cgroup_pool_prepare(engine_cgroups(s->engine), parts) : 0;
    for (i = 0; i < CGROUP_PART_MAX; i++)
        if (parts & 1U << i)
            log_event(LOG_AT_WARNING, "warning",
                "limits of %s do not hold: our cgroup is not ours to divide, or others are in it",
                cgroup_place_name((enum cgroup_part)i));
}

int
server_open(struct server *s, int listen_fd, const struct conf *conf, struct err *err)
{
    int r;

    s->conf = conf;
    s->epfd = s->stop_fd = s->main_fd = s->wish_fd = s->signal_fd = s->timer.fd = -1;
    (void)pthread_mutex_init(&s->conf_lock, NULL);
    (void)pthread_mutex_init(&s->pool_lock, NULL);
    open_socket(s, listen_fd);
    r = engine_open(&s->engine, err);
    if (r == 0) {
        s->way = engine_way(s->engine);
        raise_nofile(s);
    }
    if (r == 0)
        server_prepare(s, conf);
    if (r == 0)
        r = open_arena(s, err);
    return r == 0 ? open_events(s, err) : r;
}

void
server_close(struct server *s)
{
    arena_close(s->arena);
    engine_close(s->engine);
    fd_close(&s->epfd);
    fd_close(&s->stop_fd);
    fd_close(&s->main_fd);
    fd_close(&s->wish_fd);
    fd_close(&s->signal_fd);
    fd_close(&s->listen_fd);
    conf_unref(s->conf);
    (void)pthread_mutex_destroy(&s->conf_lock);
    (void)pthread_mutex_destroy(&s->pool_lock);
}
