/* fcgi/command.h -- the command of a request: queued, started, stepped, ended.
 *
 * The caller holds the connection's lock, but for the last two.
 */
#ifndef FCGI_COMMAND_H
#define FCGI_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

struct conf;
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

/* Does what the calls above have left to be done without a lock: starts those
 * who wait while there are places, tells those who share a run what came of
 * it, and ends a run that nobody wants any more.  Takes locks, one at a time. */
void command_settle(struct worker *w) __attribute__((nonnull));

/* Makes the limits of a configuration those that hold, and starts who may now
 * run. */
void command_set_limits(struct worker *w, const struct conf *conf) __attribute__((nonnull));

#endif
