/* conf/conf_build.h -- from what a file says to a configuration: the common parts.
 *
 * Mistakes are noted and building goes on, so that all of them are told; a
 * call fails only when there is no memory.  An option that is not given
 * changes nothing.
 */
#ifndef CONF_CONF_BUILD_H
#define CONF_CONF_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "conf/conf_tree.h"

struct conf;
struct conf_say;
struct region;

/* What a route may say, and the file for all of them. */
#define CONF_TIMEOUT_MIN CLOCK_MSEC
#define CONF_TIMEOUT_MAX (7 * 24 * 60 * 60 * CLOCK_SEC)
#define CONF_MAX_RUNNING_MAX 4096
#define CONF_OUTPUT_MIN INT64_C(1024)                 /* bytes */
#define CONF_OUTPUT_MAX (INT64_C(1024) * 1024 * 1024) /* bytes */

struct conf_build {
    struct conf *conf;  /* what is built */
    struct region *mem; /* what stays, and is sealed at the end */
    struct region *tmp; /* what goes when it is built */
    struct conf_say *say;
    const struct conf_block *root; /* NULL without a file */
    const char *dir;               /* absolute: what relative paths are relative to */
    const char *const *env;        /* entries for every route */
    size_t nenv;
    char *const *plain_env; /* environment of routes that add nothing */
};

enum conf_measure {
    CONF_COUNT,
    CONF_SIZE,
    CONF_TIME
};

/* Notes a mistake about a block or an option of it: "route /x: parameter y: why". */
void conf_build_error(const struct conf_build *b, const struct conf_block *where, int line,
    const char *fmt, ...) __attribute__((nonnull(1, 2, 4), format(printf, 4, 5)));

/* Returns the text of an option with one value, or NULL. */
const char *conf_build_text(const struct conf_block *block, const char *name, int *ret_line)
    __attribute__((warn_unused_result, nonnull(2, 3)));

/* Reads a number, size or time. */
void conf_build_number(const struct conf_build *b, const struct conf_block *block, const char *name,
    enum conf_measure measure, int64_t min, int64_t max, int64_t *value)
    __attribute__((nonnull(1, 3, 7)));

/* Reads a switch. */
void conf_build_switch(const struct conf_build *b, const struct conf_block *block, const char *name,
    bool *value) __attribute__((nonnull(1, 3, 4)));

/* Reads a path of the file system and makes it absolute.  Returns 0 or -ENOMEM. */
int conf_build_path(const struct conf_build *b, const struct conf_block *block, const char *name,
    const char **value) __attribute__((warn_unused_result, nonnull(1, 3, 4)));

/* Makes `text` absolute.  Returns NULL when there is no memory. */
const char *conf_build_absolute(const struct conf_build *b, const char *text)
    __attribute__((warn_unused_result, nonnull));

/* Copies a list, NULL-terminated.  Returns 0 or -ENOMEM. */
int conf_build_list(const struct conf_build *b, const struct conf_option *option,
    const char *const **ret_list) __attribute__((warn_unused_result, nonnull));

/* Notes every entry of an `env` list that is no NAME=value, or is repeated. */
void conf_build_check_env(const struct conf_build *b, const struct conf_block *block,
    const struct conf_option *option) __attribute__((nonnull));

/* Whether `n` bytes are the name of a variable: [A-Za-z_][A-Za-z0-9_]*. */
bool conf_build_is_variable(const char *name, size_t n)
    __attribute__((warn_unused_result, nonnull));

/* Says why a request's path can never be `path` ("must begin with '/'"), or NULL. */
const char *conf_build_refuse_path(const char *path) __attribute__((warn_unused_result, nonnull));

#endif
