/* fcgi/successor.c -- contracts are in successor.h. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "exec/engine.h"
#include "exec/spawn.h"
#include "fcgi/log.h"
#include "fcgi/successor.h"

#define MARK "CMON_READY"

int
successor_init(struct successor *s, char *const *args, struct err *err)
{
    char path[4096];
    ssize_t n;

    *s = (struct successor){ .args = args, .exitfd = -1, .pipefd = -1 };
    n = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (n < 0)
        return err_sys(err, errno, "readlink", "/proc/self/exe");
    path[n] = '\0';
    s->program = strdup(path);
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
    fd_close(&s->pipefd);
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
    struct spawn_spec spec = { .path = s->program, .argv = s->args };
    FD_AUTO int theirs = -1;
    char **env;
    int p[2];
    int r;

    if (pipe2(p, O_CLOEXEC) < 0)
        return err_sys(err, errno, "pipe", NULL);
    s->pipefd = p[0];
    theirs = p[1];
    env = marked_environ();
    spec.envp = env;
    spec.fd[0] = listen_fd;
    spec.fd[1] = theirs;
    spec.fd[2] = STDERR_FILENO;
    if (env == NULL)
        r = err_sys(err, ENOMEM, "successor", NULL);
    else if (fcntl(s->pipefd, F_SETFL, O_NONBLOCK) < 0)
        r = err_sys(err, errno, "fcntl", "pipe");
    else
        r = engine_launch(e, &s->member, ROSTER_GUEST, &spec, &s->exitfd, err);
    free(env);
    if (r < 0)
        fd_close(&s->pipefd);
    return r;
}

void
successor_release(struct successor *s)
{
    fd_close(&s->pipefd);
}

void
successor_discard(struct successor *s, struct engine *e)
{
    fd_close(&s->pipefd);
    if (s->exitfd < 0)
        return;
    engine_end_guest(e, &s->member);
    fd_close(&s->exitfd);
}

void
successor_report(const char *text)
{
    const char *mark = getenv(MARK);

    if (mark == NULL || strcmp(mark, "1") != 0)
        return;
    if (text == NULL)
        text = SUCCESSOR_READY;
    /* Whoever waited may have given up; we go on, or end, as we would. */
    if (fd_write_all(STDOUT_FILENO, text, strlen(text)) < 0 || fd_null(STDOUT_FILENO) < 0)
        log_event(LOG_AT_WARNING, "restart", "the old process does not listen");
    (void)unsetenv(MARK);
}
