/* fcgi/successor.c -- contracts are in successor.h. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "exec/engine.h"
#include "exec/limits.h"
#include "exec/spawn.h"
#include "fcgi/log.h"
#include "fcgi/successor.h"

#define MARK "CMON_READY"

/* Whether the name that execve(2) was given names our file: not so when we were
 * started by an interpreter, or through a descriptor. */
static bool
is_ours(const char *name)
{
    struct stat named, ours;

    return name != NULL && stat(name, &named) == 0 && stat("/proc/self/exe", &ours) == 0 &&
           named.st_dev == ours.st_dev && named.st_ino == ours.st_ino;
}

/* Somebody may have put another file in the place of ours already. */
static void
strip_deleted(char *path)
{
    static const char mark[] = " (deleted)";
    size_t n = strlen(path);

    if (n >= sizeof(mark) && strcmp(path + n - (sizeof(mark) - 1), mark) == 0 &&
        access(path, F_OK) < 0)
        path[n - (sizeof(mark) - 1)] = '\0';
}

int
successor_init(struct successor *s, char *const *args, struct err *err)
{
    /* By this name a symbolic link that leads to another version is followed. */
    const char *name = (const char *)(uintptr_t)getauxval(AT_EXECFN);
    char path[4096];
    ssize_t n;

    *s = (struct successor){ .args = args, .exitfd = -1, .link = -1, .umask = umask(0) };
    (void)umask(s->umask);
    if (!is_ours(name)) {
        n = readlink("/proc/self/exe", path, sizeof(path) - 1);
        if (n < 0)
            return err_sys(err, errno, "readlink", "/proc/self/exe");
        path[n] = '\0';
        strip_deleted(path);
        name = path;
    }
    s->program = strdup(name);
    return s->program != NULL ? 0 : err_sys(err, ENOMEM, "successor", NULL);
}

void
successor_done(struct successor *s, struct engine *e)
{
    if (s->program == NULL)
        return; /* it never began */
    if (s->exitfd >= 0)
        engine_forget(e, &s->member);
    fd_close(&s->exitfd);
    fd_close(&s->link);
    free(s->program);
    s->program = NULL;
}

/* Our own environment, marked, without the socket that a supervisor passed to
 * us by our pid. */
static char **
marked_environ(void)
{
    static const char *const drop[] = { "LISTEN_PID=", "LISTEN_FDS=", "LISTEN_FDNAMES=", MARK "=" };
    static char mark[] = MARK "=1";
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
    env[n] = mark;
    return env;
}

int
successor_launch(struct successor *s, struct engine *e, int listen_fd, struct err *err)
{
    const struct exec_limits same = { .umask = s->umask }; /* and nothing else */
    struct spawn_spec spec = { .path = s->program, .argv = s->args, .limits = &same };
    FD_AUTO int theirs = -1;
    char **env;
    int p[2];
    int r;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p) < 0)
        return err_sys(err, errno, "socketpair", NULL);
    s->link = p[0];
    theirs = p[1];
    env = marked_environ();
    spec.envp = env;
    spec.fd[0] = listen_fd;
    spec.fd[1] = theirs;
    spec.fd[2] = STDERR_FILENO;
    if (env == NULL)
        r = err_sys(err, ENOMEM, "successor", NULL);
    else if (fcntl(s->link, F_SETFL, O_NONBLOCK) < 0)
        r = err_sys(err, errno, "fcntl", "socketpair");
    else
        r = engine_launch(e, &s->member, ROSTER_GUEST, &spec, &s->exitfd, err);
    free(env);
    if (r < 0)
        fd_close(&s->link);
    return r;
}

int
successor_let(struct successor *s)
{
    return send(s->link, "\n", 1, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

void
successor_release(struct successor *s)
{
    fd_close(&s->link);
}

void
successor_discard(struct successor *s, struct engine *e)
{
    if (s->exitfd >= 0) {
        engine_end_guest(e, &s->member);
        fd_close(&s->exitfd);
    }
    /* Not before: to it that would say that we have gone. */
    fd_close(&s->link);
}

void
successor_dismiss(struct successor *s)
{
    engine_signal_group(&s->member, SIGTERM); /* it may have ended by itself */
    fd_close(&s->link);
}

static bool
is_successor(void)
{
    const char *mark = getenv(MARK);

    return mark != NULL && strcmp(mark, "1") == 0;
}

static void
say(const char *text)
{
    /* Whoever waited may have gone; we go on, or end, as we would. */
    if (fd_write_all(STDOUT_FILENO, text, strlen(text)) < 0)
        log_event(LOG_AT_WARNING, "restart", "the old process does not listen");
}

static void
let_go(void)
{
    if (fd_null(STDOUT_FILENO) < 0)
        (void)close(STDOUT_FILENO); /* whoever waits there waits no longer */
    (void)unsetenv(MARK);
}

void
successor_complain(const char *text)
{
    if (!is_successor())
        return;
    say(text);
    let_go();
}

pid_t
successor_wait(void)
{
    struct ucred made_by = { .pid = 0 };
    socklen_t len = sizeof(made_by);
    char c;

    if (!is_successor())
        return 0;
    /* Not our parent: it may have gone already. */
    (void)getsockopt(STDOUT_FILENO, SOL_SOCKET, SO_PEERCRED, &made_by, &len);
    say(SUCCESSOR_READY);
    while (read(STDOUT_FILENO, &c, 1) < 0 && errno == EINTR)
        continue;
    return made_by.pid;
}

void
successor_serves(void)
{
    if (!is_successor())
        return;
    say(SUCCESSOR_SERVES);
    let_go();
}
