/* fcgi/drain.h -- the end of serving: what runs may end, nothing new begins. */
#ifndef FCGI_DRAIN_H
#define FCGI_DRAIN_H

#include <stdbool.h>

struct server;

/* Stops accepting and waits for every connection to end, up to the drain
 * timeout of the configuration; then, or at a second SIGTERM or SIGINT, ends
 * the commands that do not detach and waits a moment more.  Returns whether
 * nothing is left at work: if not, the process may end, but what it holds MUST
 * NOT be freed. */
bool drain_run(struct server *s) __attribute__((warn_unused_result, nonnull));

#endif
