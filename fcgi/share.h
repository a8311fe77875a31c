/* fcgi/share.h -- one run for many: who shares it, and what they are told.
 *
 * On a route with `on_busy = coalesce` those who wait for the same command with
 * the same words share one run (turns/coalesce.h says which).  Everybody is
 * authorised, answered and logged by itself.  Two configurations share
 * nothing: their routes are not the same.
 */
#ifndef FCGI_SHARE_H
#define FCGI_SHARE_H

#include <stdbool.h>

#include "turns/coalesce.h"

struct conn;

/* Whether the command of a request shall end when its client leaves. */
bool share_ends(const struct conn *c) __attribute__((warn_unused_result, nonnull));

/* coalesce_enter() for a request, with its lock. */
enum sched_answer share_enter(struct conn *c, const struct sched_want *want)
    __attribute__((warn_unused_result, nonnull));

/* Tells those who have joined, and then the leader, whose run is over, what
 * c->handled.reply says.  The leader is CONN_TELLING, so that nobody touches
 * its reply, its output and its run without its lock.  Takes locks, one at a
 * time. */
void share_tell(struct conn *leader) __attribute__((nonnull));

#endif
