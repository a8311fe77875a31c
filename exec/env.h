/* exec/env.h -- the environment of a command, built from nothing. */
#ifndef EXEC_ENV_H
#define EXEC_ENV_H

#include <stddef.h>

struct err;
struct region;

/* The directories where bare command names are looked up. */
#define ENV_PATH_DEFAULT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Builds a NULL-terminated "NAME=value" array in `r`: PATH (given), HOME and
 * USER (of our effective user, from the user database; "/" and the number when
 * it has no entry), LANG=C.UTF-8, then the `n` entries of `extra`, which
 * replace a variable of the same name.  Returns 0, -ENOMEM, or -EINVAL for an
 * entry without a valid name ([A-Za-z_][A-Za-z0-9_]*). */
int env_build(struct region *r, const char *path, const char *const *extra, size_t n,
    char ***ret_envp, struct err *err) __attribute__((warn_unused_result, nonnull(1, 2, 5, 6)));

#endif
