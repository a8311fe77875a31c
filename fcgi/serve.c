/* fcgi/serve.c -- contracts are in serve.h. */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "conf/conf.h"
#include "exec/engine.h"
#include "fcgi/command.h"
#include "fcgi/conn.h"
#include "fcgi/log.h"
#include "fcgi/notify.h"
#include "fcgi/pidfile.h"
#include "fcgi/serve.h"
#include "fcgi/server.h"
#include "fcgi/successor.h"

/* How long killed commands have, at the end of the drain, to be buried. */
static const int64_t last_wait = 2 * CLOCK_SEC;

/* How often orphans are looked for. */
static const int64_t look_interval = 1 * CLOCK_SEC;

static void
say_to_log(void *ctx, enum conf_level level, const char *file, int line, const char *msg)
{
    const char *event = ctx;
    enum log_level at = level == CONF_ERROR ? LOG_AT_ERROR : LOG_AT_WARNING;

    if (file != NULL)
        log_event(at, event, "%s:%d: %s", file, line, msg);
    else
        log_event(at, event, "%s", msg);
}

static void
reload(struct server *s)
{
    struct worker self = { .server = s };
    char event[] = "reload";
    struct conf *conf, *old;

    notify_send("RELOADING=1");
    if (conf_load(s->conf->file, true, say_to_log, event, &conf) < 0) {
        log_event(LOG_AT_ERROR, event, "the configuration in use stays");
    } else {
        if (conf->arena_chunk != s->conf->arena_chunk ||
            conf->arena_chunks != s->conf->arena_chunks ||
            conf->max_connections != s->conf->max_connections)
            log_event(LOG_AT_WARNING, event, "arena and max_connections change with a restart");
        (void)pthread_mutex_lock(&s->conf_lock);
        old = s->conf;
        s->conf = conf;
        (void)pthread_mutex_unlock(&s->conf_lock);
        conf_unref(old);
        sched_set_limits(&s->sched, conf->max_running, conf->queue);
        command_start_waiting(&self);
        log_open(conf->log_stderr, conf->log_syslog);
        log_event(LOG_AT_INFO, event, "%zu routes", conf->nroutes);
    }
    notify_send("READY=1");
}

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

static void
each_conn(struct server *s, void (*visit)(struct worker *, struct conn *))
{
    struct worker self = { .server = s };
    size_t i, n, in_use;

    n = slots_made(s, &in_use);
    for (i = 0; i < n; i++) {
        (void)pthread_mutex_lock(&s->conns[i].lock);
        visit(&self, &s->conns[i]);
        (void)pthread_mutex_unlock(&s->conns[i].lock);
    }
}

static void
visit_drain(struct worker *w, struct conn *c)
{
    (void)w;
    conn_drain(c);
}

/* Waits for a signal or a wake-up, at most until `deadline`.  Returns the
 * signal's number, or 0. */
static int
wait_signal(struct server *s, int sigfd, int64_t deadline)
{
    struct pollfd p[2] = { { .fd = sigfd, .events = POLLIN },
        { .fd = s->main_fd, .events = POLLIN } };
    struct signalfd_siginfo info;
    int64_t left = (deadline - clock_now()) / CLOCK_MSEC;
    uint64_t ticks;
    ssize_t got;

    if (left < 0)
        left = 0;
    if (poll(p, 2, deadline == CLOCK_NEVER ? -1 : (int)left + 1) <= 0)
        return 0;
    got = read(s->main_fd, &ticks, sizeof(ticks));
    got = read(sigfd, &info, sizeof(info));
    return got == (ssize_t)sizeof(info) ? (int)info.ssi_signo : 0;
}

/* Returns whether every connection ended before `deadline`; a second SIGTERM
 * or SIGINT cuts the wait short. */
static bool
wait_empty(struct server *s, int sigfd, int64_t deadline)
{
    size_t in_use;
    int sig;

    for (;;) {
        (void)slots_made(s, &in_use);
        if (in_use == 0)
            return true;
        if (clock_now() >= deadline)
            return false;
        sig = wait_signal(s, sigfd, deadline);
        if (sig == SIGTERM || sig == SIGINT)
            return false;
    }
}

/* Returns whether nothing is left at work. */
static bool
drain(struct server *s, int sigfd)
{
    bool empty;

    log_event(LOG_AT_INFO, "stop", "no new connections; what runs may end");
    server_accept_stop(s);
    each_conn(s, visit_drain);
    empty = wait_empty(s, sigfd, clock_now() + s->conf->drain_timeout);
    if (!empty) {
        log_event(LOG_AT_WARNING, "stop", "commands still run: ending those that do not detach");
        each_conn(s, command_stop);
        empty = wait_empty(s, sigfd, clock_now() + last_wait);
    }
    log_event(LOG_AT_INFO, "drained", empty ? "nothing is left" : "a detached command goes on");
    return empty;
}

/* Orphans are looked after while commands run, and until none is left. */
static void
look_after(struct server *s)
{
    bool more = engine_reap(s->engine);

    /* In this order: a command that starts now sees `ticking` false and wakes
     * us, or is seen here. */
    atomic_store(&s->ticking, false);
    if (more || sched_running(&s->sched) > 0)
        atomic_store(&s->ticking, true);
}

static void
serve(struct server *s, int sigfd)
{
    int64_t look = 0;
    int sig = 0;

    while (sig != SIGTERM && sig != SIGINT && !atomic_load(&s->stop_wanted)) {
        sig = wait_signal(s, sigfd, atomic_load(&s->ticking) ? look : CLOCK_NEVER);
        if (sig == SIGHUP)
            reload(s);
        else if (sig == SIGUSR2)
            server_wish_upgrade(s);
        if (clock_now() >= look) {
            look_after(s);
            look = clock_now() + look_interval;
        }
    }
    if (!atomic_load(&s->stop_wanted))
        notify_send("STOPPING=1");
}

/* libfcgi has put handlers on some of these. */
static int
open_signals(struct err *err)
{
    static const int own[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR2, SIGUSR1, SIGPIPE };
    struct sigaction dfl = { .sa_handler = SIG_DFL };
    sigset_t set;
    size_t i;
    int fd;

    (void)sigemptyset(&set);
    for (i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        (void)sigaction(own[i], &dfl, NULL);
        if (own[i] != SIGUSR1 && own[i] != SIGPIPE)
            (void)sigaddset(&set, own[i]);
    }
    fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return fd < 0 ? err_sys(err, errno, "signalfd", NULL) : fd;
}

/* From here on we serve; whoever started us may know. */
static int
announce(struct server *s, struct err *err)
{
    struct log_line l;
    int r = 0;

    if (s->conf->pid_file != NULL)
        r = pidfile_write(s->conf->pid_file, err);
    if (r == 0 && (r = server_accept_start(s)) < 0)
        err_sys(err, -r, "epoll_ctl", "socket");
    if (r < 0)
        return r;
    log_begin(&l, LOG_AT_INFO, "ready");
    log_str(&l, "version", PACKAGE_VERSION);
    log_str(&l, "configuration", s->conf->file != NULL ? s->conf->file : "built-in");
    log_int(&l, "routes", (int64_t)s->conf->nroutes);
    log_int(&l, "workers", (int64_t)s->nworkers);
    log_int(&l, "output_max", (int64_t)s->output_cap);
    log_end(&l);
    notify_send("READY=1");
    successor_report(NULL);
    return 0;
}

int
serve_main(int listen_fd, struct conf *conf, char *const *args)
{
    /* Not on the stack: what runs on at the end of a drain points into it. */
    static struct server server;
    struct server *s = &server;
    FD_AUTO int sigfd = -1;
    bool empty = true;
    struct err err;
    int r;

    r = server_open(s, listen_fd, conf, args, &err);
    if (r == 0)
        r = sigfd = open_signals(&err);
    if (r >= 0)
        r = announce(s, &err);
    if (r < 0) {
        log_event(LOG_AT_ERROR, "error", "%s", err.text);
        successor_report(err.text);
    } else {
        serve(s, sigfd);
        empty = drain(s, sigfd);
        if (s->conf->pid_file != NULL)
            pidfile_remove(s->conf->pid_file);
    }
    if (empty)
        server_close(s);
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
