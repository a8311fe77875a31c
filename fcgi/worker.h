/* fcgi/worker.h -- the threads that do the work, one event at a time. */
#ifndef FCGI_WORKER_H
#define FCGI_WORKER_H

struct err;
struct server;

/* Starts the workers, two a core, as many as the system allows.  Returns 0, or
 * -errno when there is not even one. */
int worker_start(struct server *s, struct err *err) __attribute__((warn_unused_result, nonnull));

/* Ends the workers, each after the event it has in hand. */
void worker_stop(struct server *s) __attribute__((nonnull));

#endif
