/* conf/guard.h -- files that no web server may hand out.
 *
 * Remembers every directory that the key and the configuration lie in, by
 * device and inode, so that a document root is recognised whatever links and
 * mounts lead to it.
 */
#ifndef CONF_GUARD_H
#define CONF_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
    GUARD_DIRS_MAX = 64
};

/* What is to be said of it, to who may know. */
#define GUARD_EXPOSED "the key or the configuration lies under the document root; move it"

struct guard {
    /* Private. */
    size_t n;
    struct {
        dev_t dev;
        ino_t ino;
    } dir[GUARD_DIRS_MAX];
};

/* Begins with nothing to guard. */
void guard_init(struct guard *g) __attribute__((nonnull));

/* Guards a file: adds the directories above it, but not the root, which is no
 * document root of anybody (Caddy names it when it has none).  Returns 0, or
 * -errno when they cannot be told or are too many. */
int guard_add(struct guard *g, const char *file) __attribute__((warn_unused_result, nonnull));

/* Whether something guarded lies in or below `dir`, a document root.  Costs a
 * stat(2); false for one that is empty or not there. */
bool guard_is_exposed(const struct guard *g, const char *dir)
    __attribute__((warn_unused_result, nonnull));

/* Returns DOCUMENT_ROOT of our own environment if it is such a `dir`, else
 * NULL.  Whoever starts a responder may say so there; most web servers say it
 * with each request only. */
const char *guard_exposed_at_start(const struct guard *g)
    __attribute__((warn_unused_result, nonnull));

#endif
