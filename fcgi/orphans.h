/* fcgi/orphans.h -- the main thread looks after what commands leave behind. */
#ifndef FCGI_ORPHANS_H
#define FCGI_ORPHANS_H

#include <stdbool.h>
#include <stdint.h>

struct server;

/* Looks, if it is time to.  Returns when to call again: clock_now() time, or
 * CLOCK_NEVER as long as server_tick() does not wake the main thread. */
int64_t orphans_look(struct server *s) __attribute__((warn_unused_result, nonnull));

/* At the start: ends what a responder that was killed has left (stray.h), and has
 * orphans_look() do so once more, for those that had not reached their exec(2), and
 * again when whose place we have taken has gone, however it has. */
void orphans_of_others(struct server *s) __attribute__((nonnull));

/* Before the end: whoever outlived its command in spite of all is ended now.
 * Returns whether something goes on. */
bool orphans_end(struct server *s) __attribute__((warn_unused_result, nonnull));

#endif
