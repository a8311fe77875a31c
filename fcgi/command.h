/* fcgi/command.h -- the command of a request: queued, started, stepped, ended.
 *
 * The caller holds the connection's lock, but for command_start_waiting().
 */
#ifndef FCGI_COMMAND_H
#define FCGI_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

struct conn;
struct worker;

/* Starts the request's command, queues it, or replies that we are busy. */
void command_begin(struct worker *w, struct conn *c) __attribute__((nonnull));

/* Goes on after enum run_wake bits. */
void command_step(struct worker *w, struct conn *c, unsigned wakes) __attribute__((nonnull));

/* Has waited long enough in the queue. */
void command_queue_timeout(struct worker *w, struct conn *c) __attribute__((nonnull));

/* The client has left while the command waited or ran. */
void command_gone(struct worker *w, struct conn *c) __attribute__((nonnull));

/* We are stopping and wait no longer: ends the command, unless it may outlive
 * us, with SIGTERM and, after its grace or `now`, SIGKILL; answers who still
 * waits.  Returns when it will have ended, clock_now() time, or 0. */
int64_t command_stop(struct worker *w, struct conn *c, bool now) __attribute__((nonnull));

/* Starts those who wait while there are places.  Takes their locks. */
void command_start_waiting(struct worker *w) __attribute__((nonnull));

#endif
