/* fcgi/upgrade.c -- contracts are in upgrade.h. */
#include "config.h"

#include "fcgi/upgrade.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "exec/engine.h"
#include "exec/spawn.h"
#include "fcgi/conf.h"
#include "fcgi/conn.h"
#include "fcgi/log.h"
#include "fcgi/notify.h"
#include "fcgi/server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define READY "ready\n"

static const char successor_env[] = "CMON_READY=1";
static const int64_t ready_timeout = 10 * CLOCK_SEC;

int
upgrade_init(struct upgrade *u, char *const *args, struct err *err)
{
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

    *u = (struct upgrade){ .args = args, .pidfd = -1, .pipefd = -1 };
    (void)pthread_mutex_init(&u->lock, NULL);
    if (n < 0)
        return err_sys(err, errno, "readlink", "/proc/self/exe");
    path[n] = '\0';
    u->program = strdup(path);
    return u->program != NULL ? 0 : err_sys(err, ENOMEM, "upgrade", NULL);
}

void
upgrade_done(struct server *s)
{
    struct upgrade *u = &s->upgrade;

    if (u->succeeded)
        engine_forget(s->engine, &u->member);
    fd_close(&u->pidfd);
    fd_close(&u->pipefd);
    free(u->program);
    (void)pthread_mutex_destroy(&u->lock);
}

/* Our own environment, told that it is the successor's, without the socket
 * that a supervisor gave to us by number. */
static char **
successor_environ(void)
{
    static const char *const drop[] = {
        "LISTEN_PID=", "LISTEN_FDS=", "LISTEN_FDNAMES=", "CMON_READY="
    };
    size_t n = 0, i, k;
    char **env;

    while (environ[n] != NULL)
        n++;
    env = calloc(n + 2, sizeof(*env));
    if (env == NULL)
        return NULL;
    for (i = 0, n = 0; environ[i] != NULL; i++) {
        for (k = 0; k < sizeof(drop) / sizeof(drop[0]); k++)
            if (strncmp(environ[i], drop[k], strlen(drop[k])) == 0)
                break;
        if (k == sizeof(drop) / sizeof(drop[0]))
            env[n++] = environ[i];
    }
    /* execve(2) only reads, whatever its type says. */
    env[n] = (char *)(uintptr_t)successor_env;
    return env;
}

static int
launch(struct server *s, struct err *err)
{
    struct upgrade *u = &s->upgrade;
    struct spawn_spec spec = { .path = u->program, .argv = u->args };
    FD_AUTO int theirs = -1;
    FD_AUTO int ours = -1;
    char **env = successor_environ();
    int p[2];
    int r;

    if (env == NULL)
        return err_sys(err, ENOMEM, "upgrade", NULL);
    spec.envp = env;
    r = pipe2(p, O_CLOEXEC) < 0 ? err_sys(err, errno, "pipe", NULL) : 0;
    if (r == 0) {
        ours = p[0];
        theirs = p[1];
        spec.fd[0] = s->listen_fd;
        spec.fd[1] = theirs;
        spec.fd[2] = STDERR_FILENO;
        (void)fcntl(ours, F_SETFL, O_NONBLOCK);
        r = engine_launch(s->engine, &u->member, ROSTER_GUEST, &spec, &u->pidfd, err);
    }
    free(env);
    if (r < 0)
        return r;
    u->pipefd = fd_take(&ours);
    u->len = 0;
    r = server_watch(s, u->pipefd, false, EPOLLIN, EVENT_UPGRADE, 0, 0);
    if (r < 0)
        return err_sys(err, -r, "epoll_ctl", "upgrade");
    timer_set(&s->timer, s->nconns + SERVER_TIMER_UPGRADE, clock_now() + ready_timeout);
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

/* What did not get ready is ended. */
static void
discard(struct server *s)
{
    struct upgrade *u = &s->upgrade;
    siginfo_t gone;

    if (u->pidfd < 0)
        return;
    (void)pidfd_send_signal(u->pidfd, SIGKILL, NULL, 0);
    (void)waitid(P_PIDFD, (id_t)u->pidfd, &gone, WEXITED);
    engine_forget(s->engine, &u->member);
}

/* Forgets the upgrade and lets the lock go. */
static struct conn *
forget(struct upgrade *u)
{
    struct conn *c = u->conn;

    fd_close(&u->pidfd);
    fd_close(&u->pipefd);
    u->conn = NULL;
    u->under_way = false;
    (void)pthread_mutex_unlock(&u->lock);
    return c;
}

/* With the lock, which is given up: a connection's is never taken under it. */
static void
succeed(struct server *s)
{
    struct upgrade *u = &s->upgrade;
    char text[64];
    struct conn *c;

    timer_set(&s->timer, s->nconns + SERVER_TIMER_UPGRADE, CLOCK_NEVER);
    (void)snprintf(text, sizeof(text), "MAINPID=%ld\nREADY=1", (long)u->member.pid);
    notify_send(text);
    (void)snprintf(text, sizeof(text), "process %ld serves now", (long)u->member.pid);
    u->succeeded = true;
    c = forget(u);
    log_event(LOG_AT_INFO, "restart", "%s", text);
    answer(c, true, text);
    server_stop(s);
}

/* As succeed(). */
static void
fail(struct server *s, const char *why)
{
    struct upgrade *u = &s->upgrade;
    char text[UPGRADE_TEXT_MAX + 64];
    struct conn *c;

    timer_set(&s->timer, s->nconns + SERVER_TIMER_UPGRADE, CLOCK_NEVER);
    discard(s);
    (void)snprintf(text, sizeof(text), "the new process %s: %.*s", why, (int)u->len, u->text);
    c = forget(u);
    log_event(LOG_AT_ERROR, "restart", "%s", text);
    answer(c, false, text);
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
        discard(s);
        (void)forget(u);
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
    struct err err;

    if (begin(w->server, NULL, &err) < 0)
        log_event(LOG_AT_ERROR, "restart", "%s", err.text);
}

void
upgrade_event(struct worker *w)
{
    struct server *s = w->server;
    struct upgrade *u = &s->upgrade;
    size_t ready = sizeof(READY) - 1;
    ssize_t n;

    (void)pthread_mutex_lock(&u->lock);
    if (!u->under_way) {
        (void)pthread_mutex_unlock(&u->lock);
        return;
    }
    n = read(u->pipefd, u->text + u->len, sizeof(u->text) - u->len);
    if (n > 0)
        u->len += (size_t)n;
    if (u->len >= ready && memcmp(u->text + u->len - ready, READY, ready) == 0) {
        succeed(s);
    } else if (n == 0 || u->len == sizeof(u->text)) {
        fail(s, "did not get ready");
    } else {
        /* A failure to watch on leaves the deadline. */
        (void)server_watch(s, u->pipefd, true, EPOLLIN, EVENT_UPGRADE, 0, 0);
        (void)pthread_mutex_unlock(&u->lock);
    }
}

void
upgrade_deadline(struct worker *w)
{
    struct upgrade *u = &w->server->upgrade;

    (void)pthread_mutex_lock(&u->lock);
    if (u->under_way)
        fail(w->server, "did not get ready in time");
    else
        (void)pthread_mutex_unlock(&u->lock);
}

bool
upgrade_is_successor(void)
{
    const char *set = getenv("CMON_READY");

    return set != NULL && strcmp(set, "1") == 0;
}

void
upgrade_report(const char *text)
{
    if (!upgrade_is_successor())
        return;
    /* Whoever waited may have given up; we go on or end as we would. */
    if (text == NULL)
        text = READY;
    if (fd_write_all(STDOUT_FILENO, text, strlen(text)) < 0 || fd_null(STDOUT_FILENO) < 0)
        log_event(LOG_AT_WARNING, "restart", "the old process does not listen");
    (void)unsetenv("CMON_READY");
}
