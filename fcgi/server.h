/* fcgi/server.h -- the responder: one epoll set, a few workers, many slots.
 *
 * Every descriptor is EPOLLONESHOT, so one worker owns an event; every event
 * carries a slot and its generation, never a pointer, so that one that comes
 * late finds nobody.  A slot is one connection of the web server with the
 * request on it; its lock is held by whoever works on it.  Workers block in
 * epoll_wait(2) and nowhere else.
 *
 * Each of these uses only those above it:
 *   server.c   what all share: the epoll set, the arena, the engine
 *   conn.c     slots, replies, closing
 *   command.c  queues, starts, steps and ends the run of a request
 *   upgrade.c  replaces this process by a new one on the same socket
 *   intake.c   accepts, reads, decides
 *   worker.c   hands events to whom they concern
 *   signals.c  what the main thread waits for
 *   orphans.c  looks after what commands leave behind
 *   drain.c    the end: no new connections, then none
 *   serve.c    the main thread: signals, reload, drain
 */
#ifndef FCGI_SERVER_H
#define FCGI_SERVER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena/region.h"
#include "exec/run.h"
#include "fcgi/handle.h"
#include "fcgi/record.h"
#include "fcgi/req.h"
#include "fcgi/sched.h"
#include "fcgi/timer.h"
#include "fcgi/upgrade.h"
#include "fcgi/wire.h"

struct arena;
struct conf;
struct engine;
struct err;
struct gate;

enum server_event {
    EVENT_STOP,   /* workers leave */
    EVENT_LISTEN, /* somebody connects */
    EVENT_TIMER,  /* a deadline has passed */
    EVENT_CONN,   /* a connection: bytes, room to write, or gone */
    EVENT_OUTPUT, /* a run's pipe */
    EVENT_EXIT,   /* a run's pidfd */
    EVENT_UPGRADE_WISH,
    EVENT_UPGRADE, /* the new process says something */
};

enum conn_state {
    CONN_FREE,    /* in the pool */
    CONN_READING, /* a request comes in */
    CONN_QUEUED,  /* waits for a place to run */
    CONN_RUNNING, /* its command runs */
    CONN_PARKED,  /* waits for the new process of an upgrade */
    CONN_WRITING, /* the peer reads slowly */
    CONN_IDLE,    /* nothing of a (further) request has come */
};

struct conn {
    pthread_mutex_t lock;
    struct server *server;
    size_t slot;
    size_t next_free; /* slot, under pool_lock */
    uint32_t gen;     /* grows with every request and connection */
    enum conn_state state;
    int fd;
    bool watched;         /* fd is in the epoll set */
    bool gone;            /* the peer has left */
    int64_t started;      /* ns, the first byte of the request */
    int64_t deadline;     /* ns */
    unsigned char *raw;   /* RECORD_RAW_MAX bytes of the slot's memory */
    struct region region; /* the rest of it: the request's small things */
    struct record_in in;
    struct conf *conf; /* a reference while a request is at work */
    struct identity who;
    struct req req;
    struct handled handled;
    struct run run;
    unsigned unwatched;    /* enum run_wake: what of the run is not in the epoll set */
    unsigned char *output; /* blocks of the arena, or NULL */
    unsigned char *answer;
    struct wire_out out;
};

struct worker {
    struct server *server;
    struct gate *gate;
    pthread_t thread;
    bool left; /* a place to run became free: look at the queue */
};

struct server {
    int epfd;
    int listen_fd;
    bool unix_socket;
    int stop_fd;   /* eventfd: workers leave */
    int main_fd;   /* eventfd: the main thread looks around */
    int signal_fd; /* signalfd of the main thread */
    int wish_fd;   /* eventfd: somebody wants an upgrade */
    struct arena *arena;
    struct engine *engine;
    struct timer timer; /* slots of conns, then SERVER_TIMER_... */
    struct sched sched;
    struct upgrade upgrade;
    size_t output_cap; /* bytes, what the arena allows a run */

    pthread_mutex_t conf_lock;
    struct conf *conf;

    pthread_mutex_t pool_lock;
    unsigned char *memory; /* nconns slots */
    struct conn *conns;
    size_t nconns;
    size_t nfresh;    /* slots made so far; only these are looked at */
    size_t free_head; /* SCHED_NONE: none */
    size_t in_use;
    bool accept_paused; /* for want of slots */

    struct worker *workers;
    size_t nworkers;
    atomic_bool draining;
    atomic_bool ticking;     /* the main thread wakes every second */
    int64_t next_look;       /* ns, when it does; its own */
    atomic_bool stop_wanted; /* by POST /restart */
};

/* Timer slots behind those of the connections. */
enum {
    SERVER_TIMER_ACCEPT,
    SERVER_TIMER_UPGRADE,
    SERVER_TIMERS
};

/* Makes what all others share: the events, the arena, the engine.  Takes over
 * the descriptor and one reference to `conf`, also when it fails; call
 * server_close() either way.  `s` MUST be zeroed.  Returns 0 or -errno. */
int server_open(struct server *s, int listen_fd, struct conf *conf, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Frees it, last of all. */
void server_close(struct server *s) __attribute__((nonnull));

/* Begins to accept.  Returns 0 or -errno. */
int server_accept_start(struct server *s) __attribute__((warn_unused_result, nonnull));

/* Watches the listening socket again, after each connection or a pause. */
void server_accept_again(struct server *s) __attribute__((nonnull));

/* Accepts no more; from now on connections are closed after their reply. */
void server_accept_stop(struct server *s) __attribute__((nonnull));

/* The current configuration, with a reference for the caller. */
struct conf *server_conf(struct server *s) __attribute__((nonnull));

/* Watches a descriptor for one event: adds it to the set, or arms it again.
 * Returns 0 or -errno. */
int server_watch(struct server *s, int fd, bool again, uint32_t events, enum server_event kind,
    size_t slot, uint32_t gen) __attribute__((nonnull));

/* Makes an eventfd readable. */
void server_wake(int fd);

/* Wakes the main thread. */
void server_wake_main(struct server *s) __attribute__((nonnull));

/* A command starts: the main thread looks after orphans while any runs. */
void server_tick(struct server *s) __attribute__((nonnull));

/* Has a worker begin an upgrade, as SIGUSR2 does. */
void server_wish_upgrade(struct server *s) __attribute__((nonnull));

/* Has the main thread begin the drain. */
void server_stop(struct server *s) __attribute__((nonnull));

#endif
