/* fcgi/conn.h -- a connection of the web server, from accept to close.
 *
 * Unless said otherwise, the caller holds the connection's lock.
 */
#ifndef FCGI_CONN_H
#define FCGI_CONN_H

#include <stddef.h>
#include <stdint.h>

struct conn;
struct err;
struct reply;
struct server;
struct worker;

/* Makes the table of slots, as many as the system's limits allow, at most
 * `max`.  Returns 0 or -errno. */
int conn_table_open(struct server *s, size_t max, struct err *err)
    __attribute__((warn_unused_result, nonnull));

void conn_table_close(struct server *s) __attribute__((nonnull));

/* The listening socket is readable: accepts one connection and reads what is
 * there.  Takes and leaves the new connection's lock. */
void conn_accept(struct worker *w) __attribute__((nonnull));

/* Watches the listening socket again after a pause for want of descriptors. */
void conn_accept_again(struct server *s) __attribute__((nonnull));

/* The connection is readable, writable or hung up. */
void conn_event(struct worker *w, struct conn *c) __attribute__((nonnull));

/* The connection's deadline has come, whatever it was for. */
void conn_deadline(struct worker *w, struct conn *c) __attribute__((nonnull));

/* Sets when conn_deadline() is called; CLOCK_NEVER: not. */
void conn_set_deadline(struct conn *c, int64_t when) __attribute__((nonnull));

/* Watches for the peer leaving, and nothing else. */
void conn_watch_gone(struct conn *c) __attribute__((nonnull));

/* Renders and sends a reply, logs the request, and goes on to the next request
 * or closes.  The connection's blocks of the arena are given back. */
void conn_reply(struct conn *c, const struct reply *reply) __attribute__((nonnull));

/* The drain has begun: a connection on which nothing has come yet is given a
 * moment, others go on. */
void conn_drain(struct conn *c) __attribute__((nonnull));

/* Ends the connection and returns the slot. */
void conn_close(struct conn *c) __attribute__((nonnull));

#endif
