/* exec/path.h -- where a command's file is. */
#ifndef EXEC_PATH_H
#define EXEC_PATH_H

struct err;
struct region;

/* Finds what execve(2) shall get for argv[0] `name`: itself when it has a
 * slash, else the first executable regular file of that name in the
 * colon-separated absolute directories of `path` (others are skipped).
 * Stores a string that lives in `r` (or `name` itself).  Returns 0, -ENOMEM,
 * -EINVAL (empty name) or -ENOENT ("journalctl: not found in PATH ..."). */
int path_resolve(struct region *r, const char *name, const char *path, const char **ret_file,
    struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
