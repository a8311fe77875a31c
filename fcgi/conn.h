/* fcgi/conn.h -- a connection of the web server: its slot, its reply, its end.
 *
 * Unless said otherwise, the caller holds the connection's lock.
 */
#ifndef FCGI_CONN_H
#define FCGI_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conn;
struct err;
struct reply;
struct server;

/* Makes the table of slots, their deadlines and their queue: as many as the
 * system's limits allow, at most `max`.  Call conn_table_close() also when it
 * fails.  Returns 0 or -errno. */
int conn_table_open(struct server *s, size_t max, struct err *err)
    __attribute__((warn_unused_result, nonnull));

void conn_table_close(struct server *s) __attribute__((nonnull));

/* Takes a free slot; its lock is not held.  NULL when there is none: accepting
 * is then paused until one is put back. */
struct conn *conn_take(struct server *s) __attribute__((warn_unused_result, nonnull));

/* Puts a slot back that holds no connection. */
void conn_put_back(struct conn *c) __attribute__((nonnull));

/* Begins a request, of which the first byte is here. */
void conn_begin(struct conn *c) __attribute__((nonnull));

/* Watches the connection for one of these epoll(7) events. */
void conn_watch(struct conn *c, uint32_t events) __attribute__((nonnull));

/* Sets when intake_deadline() is called; CLOCK_NEVER: not. */
void conn_set_deadline(struct conn *c, int64_t when) __attribute__((nonnull));

/* Returns when to look at what the kernel has no room to watch: soon, and by
 * `deadline`. */
int64_t conn_look(int64_t deadline) __attribute__((warn_unused_result));

/* Watches for the peer leaving, and nothing else. */
void conn_watch_gone(struct conn *c) __attribute__((nonnull));

/* Whether the peer has left, though the event that says so may still be on its
 * way. */
bool conn_has_left(const struct conn *c) __attribute__((warn_unused_result, nonnull));

/* Renders and sends a reply, logs the request, and goes on to the next request
 * or closes.  The connection's blocks of the arena are given back. */
void conn_reply(struct conn *c, const struct reply *reply) __attribute__((nonnull));

/* Goes on sending a reply. */
void conn_send(struct conn *c) __attribute__((nonnull));

/* The drain has begun: a connection on which nothing has come yet is given a
 * moment, others go on. */
void conn_drain(struct conn *c) __attribute__((nonnull));

/* Ends the connection and returns the slot. */
void conn_close(struct conn *c) __attribute__((nonnull));

#endif
