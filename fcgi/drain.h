/* fcgi/drain.h -- the end of serving: what runs may end, nothing new begins. */
#ifndef FCGI_DRAIN_H
#define FCGI_DRAIN_H

#include <stdbool.h>

struct server;

/* Stops accepting and waits for every connection to end: when another process
 * serves in our place (`replaced`) as long as that takes, and that ends, because
 * everything has its own deadline; else, or once a signal tells us to end, up to
 * the drain timeout of the configuration.  Then, or at one more such signal, the
 * commands that do not detach get SIGTERM and their grace; after that, or at
 * one more, SIGKILL.  Returns whether nothing is left at work: if not, the
 * process may end, but what it holds MUST NOT be freed. */
bool drain_run(struct server *s, bool replaced) __attribute__((warn_unused_result, nonnull));

#endif
