/* fcgi/intake.h -- requests come in: accepted, read, identified, decided on.
 *
 * The top of a request's way: from here it goes to command.c or upgrade.c, or
 * is answered at once.
 */
#ifndef FCGI_INTAKE_H
#define FCGI_INTAKE_H

struct conn;
struct worker;

/* The listening socket is readable: accepts one connection and reads what is
 * there.  Takes and leaves the new connection's lock. */
void intake_accept(struct worker *w) __attribute__((nonnull));

/* The connection, locked by the caller, is readable, writable or hung up. */
void intake_event(struct worker *w, struct conn *c) __attribute__((nonnull));

/* The deadline of the connection, locked by the caller, has come, whatever it
 * was for. */
void intake_deadline(struct worker *w, struct conn *c) __attribute__((nonnull));

#endif
