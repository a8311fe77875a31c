/* fcgi/upgrade.h -- a new process takes over the socket; this one drains.
 *
 * The new process gets the listening socket as fd 0 and a pipe as fd 1, on
 * which it says "ready" once its configuration stands, or what is wrong.  Only
 * "ready" changes anything here.
 */
#ifndef FCGI_UPGRADE_H
#define FCGI_UPGRADE_H

#include "exec/roster.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct conn;
struct err;
struct server;
struct worker;

enum {
    UPGRADE_TEXT_MAX = 1024
};

struct upgrade {
    /* Private. */
    pthread_mutex_t lock;
    char *program;     /* our own file, as it was when we started */
    char *const *args; /* our own argv */
    bool under_way;
    bool succeeded;
    struct roster_member member; /* the new process, known to the engine */
    int pidfd;
    int pipefd;
    struct conn *conn; /* who asked, parked; NULL: a signal did */
    char text[UPGRADE_TEXT_MAX];
    size_t len;
};

/* Remembers how we were started.  Returns 0 or -errno. */
int upgrade_init(struct upgrade *u, char *const *args, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Forgets the successor, which goes on without us.  Before engine_close(). */
void upgrade_done(struct server *s) __attribute__((nonnull));

/* POST /restart: begins, and parks the connection (locked by the caller) until
 * it is decided; or replies at once. */
void upgrade_request(struct worker *w, struct conn *c) __attribute__((nonnull));

/* SIGUSR2: begins, and logs what comes of it. */
void upgrade_signal(struct worker *w) __attribute__((nonnull));

/* The new process has said something, or ended. */
void upgrade_event(struct worker *w) __attribute__((nonnull));

/* The new process is late: ends it. */
void upgrade_deadline(struct worker *w) __attribute__((nonnull));

/* In the new process, before anything else is written: whether we are one. */
bool upgrade_is_successor(void) __attribute__((warn_unused_result));

/* In the new process: says "ready" (text is NULL) or what is wrong, and lets
 * go of the pipe.  Does nothing in any other. */
void upgrade_report(const char *text);

#endif
