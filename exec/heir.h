/* exec/heir.h -- what runs have handed over when they ended: members that stay in the roster.
 *
 * A detached run stands there for what it left running, and an abandoned one for
 * its own process, which SIGKILL has not ended yet.  The engine's lock is around
 * all of it.
 */
#ifndef EXEC_HEIR_H
#define EXEC_HEIR_H

#include <stdbool.h>

#include "exec/capture.h"
#include "exec/roster.h"

struct heir;

struct heirs {
    /* Private. */
    struct heir *first; /* owned */
};

/* Puts an heir in the place of a member, which leaves the roster.  Returns its
 * pipes, none of which is open, or NULL when memory is short; nothing has changed
 * then. */
struct capture *heir_add(struct heirs *all, struct roster *r, struct roster_member *m,
    enum roster_kind kind) __attribute__((warn_unused_result, nonnull));

/* Reads what they say, reaps the abandoned, and begins a look: no detached one is
 * seen yet.  Returns whether there is more to do. */
bool heir_tend(struct heirs *all) __attribute__((warn_unused_result, nonnull));

/* Drops the detached ones that this look has not seen anything of. */
void heir_drop_unseen(struct heirs *all) __attribute__((nonnull));

/* Drops all that are detached: there is no child. */
void heir_drop_detached(struct heirs *all) __attribute__((nonnull));

/* Drops all. */
void heir_close(struct heirs *all) __attribute__((nonnull));

#endif
