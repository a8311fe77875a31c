/* conf/param.h -- what a parameter may hold.
 *
 * A type decides what strangers may pass to a command, so each one says what
 * is good and refuses the rest.  Values are never echoed in a message.
 */
#ifndef CONF_PARAM_H
#define CONF_PARAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct pattern; /* conf/pattern.h */
struct region;

enum {
    PARAM_PATH_MAX = 1024, /* bytes of a PARAM_PATH value */
    PARAM_TEXT_MAX = 8192, /* bytes, the most that max_len may say */
    PARAM_TEXT_LEN = 256,  /* bytes, what max_len is when it is not said */
};

enum param_type {
    PARAM_GIT_BRANCH, /* a branch name that git cannot take for anything else */
    PARAM_INT,        /* decimal within min and max; no '+', no leading zeros */
    PARAM_ENUM,       /* one of values */
    PARAM_BOOL,       /* true/false, yes/no, on/off, 1/0; becomes "true" or "false" */
    PARAM_PATH,       /* something that exists below root, without "..", "." and
                         symbolic links out of it; becomes its absolute path */
    PARAM_TEXT,       /* UTF-8 without control characters, matching pattern */
    PARAM_TYPE_MAX
};

struct param {
    const char *name;
    const char *fallback; /* its default, or NULL: required */
    const char *env;      /* variable that carries the value, or NULL */
    enum param_type type;
    bool allow_dash;               /* the value may begin with '-' where an argument begins */
    int64_t min, max;              /* PARAM_INT */
    const char *const *values;     /* PARAM_ENUM, NULL-terminated */
    const char *root;              /* PARAM_PATH, absolute */
    size_t max_len;                /* bytes, PARAM_TEXT */
    const struct pattern *pattern; /* PARAM_TEXT, or NULL */
};

/* Returns the name that the configuration has for a type: "git-branch". */
const char *param_type_name(enum param_type type) __attribute__((warn_unused_result));

/* Finds the type of a name.  Returns 0 or -ENOENT. */
int param_type_from_name(const char *name, enum param_type *ret_type)
    __attribute__((warn_unused_result, nonnull));

/* Says why `value` has not the form of a PARAM_PATH ("must not contain '..'"),
 * or NULL.  Looks at no file. */
const char *param_refuse_path(const char *value) __attribute__((warn_unused_result, nonnull));

/* Checks `value`, any string, against the type and stores what the command
 * gets: the value itself, or another form of it that lives in `r`.  Whether a
 * PARAM_PATH exists is looked up now, without following links out of the root;
 * who may write below the root can still exchange it before the command looks.
 * Returns 0; -EINVAL with "parameter NAME: why"; -ENOMEM. */
int param_check(const struct param *p, const char *value, struct region *r, const char **ret_value,
    struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
