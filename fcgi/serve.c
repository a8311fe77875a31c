/* fcgi/serve.c -- contracts are in serve.h. */
#include "config.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "conf/conf.h"
#include "fcgi/budget.h"
#include "fcgi/command.h"
#include "fcgi/conn.h"
#include "fcgi/drain.h"
#include "fcgi/log.h"
#include "fcgi/notify.h"
#include "fcgi/orphans.h"
#include "fcgi/pidfile.h"
#include "fcgi/serve.h"
#include "fcgi/server.h"
#include "fcgi/signals.h"
#include "fcgi/successor.h"
#include "fcgi/upgrade.h"
#include "fcgi/worker.h"

static void
say_to_log(void *ctx, enum conf_level level, const char *file, int line, const char *msg)
{
    const char *event = ctx;
    enum log_level at = level == CONF_ERROR ? LOG_AT_ERROR : LOG_AT_WARNING;
    char where[CONF_WHERE_MAX];

    log_event(at, event, "%s%s", conf_where(where, file, line), msg);
}

/* Whether something differs that is looked at once, at the start. */
static bool
needs_restart(const struct conf *old, const struct conf *new)
{
    const char *was = old->pid_file != NULL ? old->pid_file : "";
    const char *is = new->pid_file != NULL ? new->pid_file : "";

    return new->arena_chunk != old->arena_chunk || new->arena_chunks != old->arena_chunks ||
           new->arena_hardened != old->arena_hardened ||
           new->max_connections != old->max_connections || new->core_dumps != old->core_dumps ||
           strcmp(was, is) != 0;
}

static void
reload(struct server *s)
{
    struct worker self = { .server = s };
    char event[] = "reload";
    const struct conf *conf;
    const char *root;

    notify_send("RELOADING=1");
    if (conf_load(s->conf->file, true, say_to_log, event, &conf) < 0) {
        log_event(LOG_AT_ERROR, event, "the configuration in use stays");
    } else if ((root = guard_exposed_at_start(&conf->guard)) != NULL) {
        log_event(LOG_AT_ERROR, event,
            "DOCUMENT_ROOT=%s: " GUARD_EXPOSED "; the configuration in use stays", root);
        conf_unref(conf);
    } else {
        if (needs_restart(s->conf, conf))
            log_event(LOG_AT_WARNING, event,
                "arena, max_connections, pid_file and core_dumps change with a restart");
        if (budget_output_wish(conf) > s->output_cap[ROUTE_JOINED])
            log_event(LOG_AT_WARNING, event,
                "output of a run stays limited to %zu bytes until a restart",
                s->output_cap[ROUTE_JOINED]);
        server_prepare(s, conf);
        server_change_conf(s, conf);
        command_set_limits(&self, conf);
        log_open(conf->log_stderr, conf->log_syslog);
        log_event(LOG_AT_INFO, event, "%zu routes", conf->nroutes);
    }
    notify_send("READY=1");
}

/* Looks after what has come of requests.  Returns when to look again. */
static int64_t
look_around(struct server *s)
{
    int64_t orphans = orphans_look(s);
    int64_t memory = server_tend(s);

    return orphans < memory ? orphans : memory;
}

/* Returns whether a signal has ended it. */
static bool
serve(struct server *s)
{
    int sig = 0;

    orphans_of_others(s);
    while (!signals_ends(sig) && !atomic_load(&s->stop_wanted)) {
        sig = signals_wait(s, look_around(s));
        if (sig == SIGHUP)
            reload(s);
        else if (sig == SIGUSR2)
            server_wish_upgrade(s);
    }
    if (!atomic_load(&s->stop_wanted))
        notify_send("STOPPING=1");
    return signals_ends(sig);
}

/* From here on we serve; whoever started us may know. */
static int
announce(struct server *s, struct err *err)
{
    struct log_line l;
    int r = 0;

    /* All that may fail has been done but for this. */
    s->predecessor = successor_wait();
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
    log_int(&l, "output_room", (int64_t)s->output_cap[ROUTE_JOINED]);
    log_str(&l, "spawn", s->way);
    log_end(&l);
    notify_send("READY=1");
    successor_serves();
    return 0;
}

static int
open_all(
    struct server *s, int listen_fd, const struct conf *conf, char *const *args, struct err *err)
{
    struct worker self = { .server = s };
    int r = server_open(s, listen_fd, conf, err);

    if (r == 0)
        r = upgrade_init(&s->upgrade, args, err);
    if (r == 0)
        r = conn_table_open(s, conf->max_connections, err);
    if (r == 0)
        command_set_limits(&self, conf);
    return r == 0 ? worker_start(s, err) : r;
}

static void
close_all(struct server *s)
{
    worker_stop(s);
    conn_table_close(s);
    upgrade_done(s);
    server_close(s);
}

int
serve_main(int listen_fd, const struct conf *conf, char *const *args)
{
    /* Not on the stack: what runs on at the end of a drain points into it. */
    static struct server server;
    struct server *s = &server;
    const struct conf *first = conf_ref(conf);
    bool empty = true;
    struct err err;
    bool told;
    int r;

    r = open_all(s, listen_fd, conf, args, &err);
    if (r == 0)
        r = signals_open(s, &err);
    if (r == 0)
        r = announce(s, &err);
    if (r < 0) {
        log_event(LOG_AT_ERROR, "error", "%s", err.text);
        successor_complain(err.text);
    } else {
        told = serve(s);
        empty = drain_run(s, !told && upgrade_is_done(s));
        /* A reload may name another one, which is the next process's. */
        if (first->pid_file != NULL)
            pidfile_remove(first->pid_file);
    }
    conf_unref(first);
    if (empty)
        close_all(s);
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
