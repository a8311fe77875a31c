/* fcgi/serve.h -- the responder's main thread: signals, reload, drain. */
#ifndef FCGI_SERVE_H
#define FCGI_SERVE_H

struct conf;

/* Serves FastCGI on a listening socket until SIGTERM, SIGINT or a restart, and
 * drains.  Takes over the descriptor and one reference to `conf`; `args` is
 * our own argv, for a restart.  All signals but SIGCHLD and the synchronous
 * ones MUST be blocked.  Returns the exit code. */
int serve_main(int listen_fd, const struct conf *conf, char *const *args) __attribute__((nonnull));

#endif
