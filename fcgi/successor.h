/* fcgi/successor.h -- the process that takes our place, seen from both sides.
 *
 * It is this program, from the same file with the same arguments, with the
 * listening socket as fd 0 and a pipe as fd 1, on which it says that it is
 * ready, or what is wrong.
 */
#ifndef FCGI_SUCCESSOR_H
#define FCGI_SUCCESSOR_H

#include <stdbool.h>

#include "exec/roster.h"

struct engine;
struct err;

/* What the new process says last. */
#define SUCCESSOR_READY "ready\n"

struct successor {
    char *program;     /* our own file, as it was when we started; owned */
    char *const *args; /* our own argv */
    struct roster_member member;
    int exitfd; /* -1: there is none */
    int pipefd; /* to watch for reading; -1: nothing is to be heard */
};

/* Remembers how we were started.  Returns 0 or -errno. */
int successor_init(struct successor *s, char *const *args, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Frees what successor_init() took, if it was ever called; *s was zeroed before.
 * One that lives goes on without us. */
void successor_done(struct successor *s, struct engine *e) __attribute__((nonnull(1)));

/* Starts one on a listening socket.  Returns 0 or -errno. */
int successor_launch(struct successor *s, struct engine *e, int listen_fd, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Lets go of the pipe; the process stays. */
void successor_release(struct successor *s) __attribute__((nonnull));

/* Ends one that did not get ready, with the pipe; does nothing when there is
 * none. */
void successor_discard(struct successor *s, struct engine *e) __attribute__((nonnull));

/* In the new process: says that it is ready (`text` is NULL) or what is wrong,
 * and lets go of the pipe.  Does nothing in any other. */
void successor_report(const char *text);

#endif
