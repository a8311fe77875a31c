/* fcgi/upgrade.h -- a new process takes over the socket; this one drains.
 *
 * Only a successor that serves (successor.h) changes anything here.
 */
#ifndef FCGI_UPGRADE_H
#define FCGI_UPGRADE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fcgi/successor.h"

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
    struct successor successor;
    bool under_way;
    bool let;          /* the successor may have accepted something */
    bool done;         /* it has taken over */
    int64_t deadline;  /* ns */
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

/* SIGUSR2: as POST /restart, but what comes of it is only logged. */
void upgrade_signal(struct worker *w) __attribute__((nonnull));

/* The new process has said something, or ended. */
void upgrade_event(struct worker *w) __attribute__((nonnull));

/* The new process is late: ends it. */
void upgrade_deadline(struct worker *w) __attribute__((nonnull));

/* We stop: ends a new process that has not taken over yet.  After draining has
 * begun. */
void upgrade_cancel(struct server *s) __attribute__((nonnull));

/* Whether another process serves in our place. */
bool upgrade_is_done(struct server *s) __attribute__((warn_unused_result, nonnull));

#endif
