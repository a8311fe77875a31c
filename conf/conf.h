/* conf/conf.h -- the configuration, as it stands after it was read and checked.
 *
 * A configuration is built once, in a mirror (arena/mirror.h) that is then
 * sealed, and lives until its last reader lets go: a reload builds another.
 * All of it is there: this struct, routes, patterns, the key.  What it points
 * at beside that is constant in the program, so that a write through any of its
 * pointers ends in SIGSEGV.
 * The conf_*.h beside this one are the rooms of the building and nobody else's.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/guard.h"
#include "conf/route.h"
#include "exec/limits.h"

struct mirror;
struct region;

enum {
    CONF_KEY_BYTES = 32
};

enum conf_restart {
    CONF_RESTART_REPLACE, /* a new process on the same socket, then we drain */
    CONF_RESTART_EXIT,    /* drain and exit; the supervisor starts the next */
};

struct conf {
    const char *file;     /* absolute path, or NULL: built-in configuration */
    const char *key_file; /* absolute path */
    const char *mount;    /* "" or "/cmon": begins with a slash, ends with none */
    const char *workdir;  /* absolute path, never NULL */
    const char *path;     /* PATH of commands, and where bare names are found */
    const char *pid_file; /* absolute path, or NULL */

    size_t max_running;      /* commands at once */
    size_t queue;            /* requests that may wait for one to end */
    size_t max_connections;  /* connections of the web server at once */
    size_t output_max;       /* bytes, default of routes */
    size_t body_max;         /* bytes of a request body, default of routes; 413 above */
    int64_t queue_timeout;   /* ns */
    int64_t timeout;         /* ns, default of routes */
    int64_t grace;           /* ns between SIGTERM and SIGKILL */
    int64_t request_timeout; /* ns for a request to arrive whole, and for a
                                reply to make progress */
    int64_t drain_timeout;   /* ns for running commands when we stop */
    int64_t read_timeout;    /* ns, the web server's, to warn against */

    struct exec_limits limits; /* default of routes */

    size_t arena_chunk;  /* bytes */
    size_t arena_chunks; /* 0: as many as the limits above can need */
    bool arena_prefault;
    bool arena_hardened;

    enum run_keep output_keep; /* default of routes */

    enum conf_restart restart;
    bool log_stderr;
    bool log_syslog;
    bool delays;     /* default of routes */
    bool core_dumps; /* never true outside of debugging */

    const struct route *routes; /* sorted by path */
    size_t nroutes;

    const unsigned char *key; /* CONF_KEY_BYTES, or NULL when loaded without */

    struct guard guard; /* of the key and the configuration, when loaded with key */

    /* Private. */
    struct mirror *mirror; /* we are in it, but for the count of its readers */
};

enum conf_level {
    CONF_WARNING,
    CONF_ERROR
};

/* Told of every complaint, in the order of the lines.  `file` is the name that
 * conf_load() was given; it may be NULL, and `line` 0, when the complaint is
 * not about a line. */
typedef void conf_say_fn(
    void *ctx, enum conf_level level, const char *file, int line, const char *msg);

enum {
    CONF_WHERE_MAX = 1024 /* bytes, including NUL */
};

/* Writes what a complaint begins with: "file:line: ", "file: " without a line,
 * nothing without a file; cut when it is longer.  Returns `buf`. */
const char *conf_where(char buf[CONF_WHERE_MAX], const char *file, int line)
    __attribute__((nonnull(1)));

/* Reads `file` (NULL: the seven routes as documented), checks everything that
 * can be checked now, and reports every mistake, not just the first.  With
 * `with_key` the key is read too.  Relative paths in it are relative to the
 * directory of the file; without a file, to the current directory.  Not for
 * two threads at once.
 * Returns 0 and a sealed configuration with one reference, or -EINVAL when
 * anything was reported as CONF_ERROR, or -errno, reported as well. */
int conf_load(const char *file, bool with_key, conf_say_fn *say, void *ctx,
    const struct conf **ret_conf) __attribute__((warn_unused_result, nonnull(3, 5)));

/* Finds the configuration file when none was named: $CMON_CONF, then
 * ~/.config/cmon/cmon.conf (~ is $HOME, else what the user database says), then
 * SYSCONFDIR/cmon/cmon.conf.
 * Returns a path in `r`, or NULL when there is none. */
const char *conf_find(struct region *r) __attribute__((nonnull));

/* Adds a reader. */
const struct conf *conf_ref(const struct conf *c) __attribute__((nonnull));

/* Lets go; the last reader cleanses and unmaps it.  NULL is allowed. */
void conf_unref(const struct conf *c);

/* Finds a route by its whole path, or NULL. */
const struct route *conf_route(const struct conf *c, const char *path) __attribute__((nonnull));

#endif
