/* fcgi/server.h -- the responder: one epoll set, a few workers, many slots.
 *
 * Every descriptor is EPOLLONESHOT, so one worker owns an event; every event
 * carries a slot and its generation, never a pointer, so that one that comes
 * late finds nobody.  A slot is one connection with the request on it; whoever
 * works on it has its lock.  Workers block in epoll_wait(2) and nowhere else.
 */
#ifndef FCGI_SERVER_H
#define FCGI_SERVER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena/region.h"
#include "exec/input.h"
#include "exec/run.h"
#include "fcgi/handle.h"
#include "fcgi/record.h"
#include "fcgi/req.h"
#include "fcgi/upgrade.h"
#include "fcgi/wire.h"
#include "turns/coalesce.h"
#include "turns/sched.h"
#include "turns/timer.h"

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
    EVENT_ERRORS, /* its second one */
    EVENT_EXIT,   /* a run's end */
    EVENT_UPGRADE_WISH,
    EVENT_UPGRADE, /* the new process says something */
};

enum conn_state {
    CONN_FREE,    /* in the pool */
    CONN_READING, /* a request comes in */
    CONN_QUEUED,  /* waits for a place to run */
    CONN_RUNNING, /* its command runs */
    CONN_TELLING, /* its command is over, and those who share it are told */
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
    int64_t started;      /* ns, the first byte of the request; 0: none has come */
    int64_t deadline;     /* ns */
    int64_t queued_at;    /* ns, when it began to wait for a place; 0: it did not */
    int64_t queued;       /* ns that it waited */
    unsigned char *raw;   /* RECORD_RAW_MAX bytes of the slot's memory */
    struct region region; /* the rest of it: the request's small things */
    struct record_in in;
    const struct conf *conf; /* a reference while a request is at work */
    struct identity who;
    struct req req;
    struct input input; /* the body, for a command that reads it */
    size_t body_max;    /* bytes, of this request */
    int body_num;       /* errno value: why the body could not be kept, else 0 */
    struct handled handled;
    struct run run;
    bool shared;            /* its route says so: see share.h */
    size_t joined;          /* who are to be told, once the run is over */
    int64_t began;          /* ns, when the run was started */
    struct conn *next_over; /* of worker.over */
    unsigned unwatched;     /* enum run_wake: what of the run is not in the epoll set */
    unsigned char *output;  /* blocks of the arena, or NULL */
    unsigned char *answer;
    struct wire_out out;
};

struct worker {
    struct server *server;
    struct gate *gate;
    pthread_t thread;
    /* What is left to do without a lock held, by command_settle(). */
    bool left;             /* a place to run became free: look at the queue */
    struct conn *over;     /* whose runs are over, with others to be told */
    struct conn *deserted; /* whose run perhaps nobody wants any more */
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
    struct coalesce coalesce;
    struct upgrade upgrade;
    size_t output_cap[ROUTE_OUTPUT_MAX]; /* bytes, what the arena allows a run */
    const char *way;                     /* how commands are started, for the log */

    pthread_mutex_t conf_lock;
    const struct conf *conf;
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
    atomic_bool draining, ticking;  /* the second: the main thread wakes every second */
    int64_t next_look, late_look;   /* ns, when it does; when for strays; its own */
    pid_t predecessor;              /* that drains, or did a moment ago; 0: none; its own */
    unsigned long damaged, refused; /* by the arena, as far as told; its own */
    atomic_bool stop_wanted;        /* by POST /restart */
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
int server_open(struct server *s, int listen_fd, const struct conf *conf, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Has the kernel get ready for the limits of routes, and logs what it refuses. */
void server_prepare(struct server *s, const struct conf *conf) __attribute__((nonnull));

/* Frees it, last of all. */
void server_close(struct server *s) __attribute__((nonnull));

/* Begins to accept.  Returns 0 or -errno. */
int server_accept_start(struct server *s) __attribute__((warn_unused_result, nonnull));

/* Watches the listening socket again, after each connection or a pause. */
void server_accept_again(struct server *s) __attribute__((nonnull));

/* Accepts no more; from now on connections are closed after their reply. */
void server_accept_stop(struct server *s) __attribute__((nonnull));

/* The current configuration, with a reference for the caller. */
const struct conf *server_conf(struct server *s) __attribute__((nonnull));

/* Makes another configuration the current one; takes over the caller's
 * reference.  Whoever has the old one keeps it. */
void server_change_conf(struct server *s, const struct conf *conf) __attribute__((nonnull));

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

/* Has the arena give memory back that nobody has needed for some seconds.  The
 * main thread calls it whenever it is awake.  Returns when to call again:
 * clock_now() time, or CLOCK_NEVER as long as server_tick() does not wake it. */
int64_t server_tend(struct server *s) __attribute__((warn_unused_result, nonnull));

/* Has a worker begin an upgrade, as SIGUSR2 does. */
void server_wish_upgrade(struct server *s) __attribute__((nonnull));

/* Has the main thread begin the drain. */
void server_stop(struct server *s) __attribute__((nonnull));

#endif
