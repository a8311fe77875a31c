/* fcgi/successor.h -- the process that takes our place, seen from both sides.
 *
 * It is this program, from the file that has its name now, with the same
 * arguments, the listening socket as fd 0 and a link to us as fd 1:
 *
 *   it says   SUCCESSOR_READY, or what is wrong and ends
 *   we say    that it may serve
 *   it says   SUCCESSOR_SERVES
 *
 * Before we have let it, it accepts nothing, and ending it loses nothing; until
 * it has said that it serves, we do.  So there is always one who accepts.
 */
#ifndef FCGI_SUCCESSOR_H
#define FCGI_SUCCESSOR_H

#include <stdbool.h>
#include <sys/types.h>

#include "exec/roster.h"

struct engine;
struct err;

#define SUCCESSOR_READY "ready\n"
#define SUCCESSOR_SERVES "serves\n"

struct successor {
    char *program;     /* the name that we were started by; owned */
    char *const *args; /* our own argv */
    unsigned umask;    /* that we were started with */
    struct roster_member member;
    int exitfd; /* -1: there is none */
    int link;   /* to watch for reading; -1: nothing is to be heard */
};

/* Remembers how we were started, while there is one thread.  Returns 0 or -errno. */
int successor_init(struct successor *s, char *const *args, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Frees what successor_init() took, if it was ever called; *s was zeroed before.
 * One that lives goes on without us. */
void successor_done(struct successor *s, struct engine *e) __attribute__((nonnull(1)));

/* Starts one on a listening socket.  Returns 0 or -errno. */
int successor_launch(struct successor *s, struct engine *e, int listen_fd, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Lets it serve.  Returns 0, or -errno when it has gone. */
int successor_let(struct successor *s) __attribute__((warn_unused_result, nonnull));

/* Lets go of the link; the process stays. */
void successor_release(struct successor *s) __attribute__((nonnull));

/* Ends one that was not let, or has failed, with the link; does nothing when
 * there is none. */
void successor_discard(struct successor *s, struct engine *e) __attribute__((nonnull));

/* Has one that was let drain and end, and lets go of the link. */
void successor_dismiss(struct successor *s) __attribute__((nonnull));

/* The rest is the new process's, and does nothing in any other. */

/* Says what is wrong, and lets go of the link. */
void successor_complain(const char *text) __attribute__((nonnull));

/* Says that all is ready, and waits to be let; if the old process has gone
 * meanwhile, we are.  Returns the old one's pid, which is getppid(2) as long as
 * it lives, or 0. */
pid_t successor_wait(void) __attribute__((warn_unused_result));

/* Says that we serve, and lets go of the link. */
void successor_serves(void);

#endif
