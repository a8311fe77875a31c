/* conf/param.c -- contracts are in param.h. */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arena/region.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/utf8.h"
#include "conf/branch.h"
#include "conf/param.h"
#include "conf/pattern.h"

/* In the order of enum param_type. */
static const char *const type_names[PARAM_TYPE_MAX] = {
    "git-branch",
    "int",
    "enum",
    "bool",
    "path",
    "text",
};

static int
refuse(const struct param *p, const char *why, struct err *err)
{
    return err_msg(err, EINVAL, "parameter %s: %s", p->name, why);
}

/* Reads canonical decimal: what prints the same.  "010" would be eight to
 * some commands and ten to others. */
static int
parse_int(const char *s, int64_t *ret_n)
{
    bool negative = *s == '-';
    const char *digits = s + negative;
    int64_t n = 0;

    if (*digits == '\0' || (*digits == '0' && (digits[1] != '\0' || negative)))
        return -EINVAL;
    for (const char *c = digits; *c; c++) {
        int64_t digit = *c - '0';

        if (digit < 0 || digit > 9)
            return -EINVAL;
        /* Downwards, because INT64_MIN has no positive twin. */
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_sub_overflow(n, digit, &n))
            return -ERANGE;
    }
    if (!negative && __builtin_sub_overflow(0, n, &n))
        return -ERANGE;
    *ret_n = n;
    return 0;
}

static int
check_int(const struct param *p, const char *value, struct err *err)
{
    int64_t n = 0;
    int r = parse_int(value, &n);

    if (r == -EINVAL)
        return refuse(p, "must be a decimal number without '+' and leading zeros", err);
    if (r < 0 || n < p->min || n > p->max)
        return err_msg(err, EINVAL, "parameter %s: must be between %lld and %lld", p->name,
            (long long)p->min, (long long)p->max);
    return 0;
}

static int
check_enum(const struct param *p, const char *value, struct err *err)
{
    for (const char *const *v = p->values; *v; v++) {
        if (strcmp(*v, value) == 0)
            return 0;
    }
    return refuse(p, "is none of the values that are allowed", err);
}

static int
check_bool(const struct param *p, const char *value, const char **ret_value, struct err *err)
{
    static const char *const words[][2] = {
        { "false", "true" },
        { "no", "yes" },
        { "off", "on" },
        { "0", "1" },
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        for (size_t truth = 0; truth < 2; truth++) {
            if (strcmp(words[i][truth], value) == 0) {
                *ret_value = words[0][truth];
                return 0;
            }
        }
    }
    return refuse(p, "must be true or false", err);
}

/* C0, DEL, and the C1 of Unicode, which terminals obey too. */
static bool
has_control(const char *s)
{
    const unsigned char *p = (const unsigned char *)s;
    size_t n = strlen(s);

    while (n > 0) {
        struct utf8_step step = utf8_next(p, n);

        if (step.cp < 0x20 || (step.cp >= 0x7f && step.cp <= 0x9f))
            return true;
        p += step.n;
        n -= step.n;
    }
    return false;
}

static int
check_text(const struct param *p, const char *value, struct err *err)
{
    size_t n = strlen(value);

    if (n > p->max_len)
        return err_msg(
            err, EINVAL, "parameter %s: must not be longer than %zu bytes", p->name, p->max_len);
    if (has_control(value))
        return refuse(p, "must not contain control characters", err);
    if (!p->pattern)
        return 0;
    switch (pattern_match(p->pattern, value, n)) {
    case PATTERN_YES:
        return 0;
    case PATTERN_NO:
        return refuse(p, "does not have the form that is asked for", err);
    case PATTERN_TOO_HARD:
        break;
    }
    return refuse(p, "is too hard to compare with its pattern", err);
}

/* Every part of a path is a name: that leaves nothing for a command to
 * normalise its own way. */
const char *
param_refuse_path(const char *value)
{
    const char *part = value;

    if (*value == '\0')
        return "must not be empty";
    if (*value == '/')
        return "must not begin with '/'";
    if (strlen(value) > PARAM_PATH_MAX)
        return "must not be longer than 1024 bytes";
    if (has_control(value))
        return "must not contain control characters";
    for (;;) {
        size_t n = strcspn(part, "/");

        if (n == 0)
            return "must not contain '//' or end in '/'";
        if (n == 1 && part[0] == '.')
            return "must not contain '.' as a part";
        if (n == 2 && part[0] == '.' && part[1] == '.')
            return "must not contain '..'";
        if (part[n] == '\0')
            return NULL;
        part += n + 1;
    }
}

/* Opens below the root without reading: O_PATH waits for nothing. */
static int
look_up(const struct param *p, const char *value, struct err *err)
{
    FD_AUTO int root = open(p->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct open_how how = {
        .flags = O_PATH | O_CLOEXEC,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    FD_AUTO int fd = -1;

    if (root < 0)
        return refuse(p, "cannot be looked up: its root is not there", err);
    do {
        fd = (int)syscall(SYS_openat2, root, value, &how, sizeof how);
    } while (fd < 0 && errno == EINTR);
    if (fd >= 0)
        return 0;
    switch (errno) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
        return refuse(p, "does not exist", err);
    case EXDEV:
    case ELOOP:
        return refuse(p, "leads out of its root", err);
    default:
        return refuse(p, "cannot be looked up", err);
    }
}

static int
check_path(const struct param *p, const char *value, struct region *r, const char **ret_value,
    struct err *err)
{
    const char *why = param_refuse_path(value);
    const char *slash = p->root[strlen(p->root) - 1] == '/' ? "" : "/";
    char *path;
    int rc;

    if (why)
        return refuse(p, why, err);
    rc = look_up(p, value, err);
    if (rc < 0)
        return rc;
    path = region_printf(r, "%s%s%s", p->root, slash, value);
    if (!path)
        return err_sys(err, ENOMEM, "region", NULL);
    *ret_value = path;
    return 0;
}

static int
check_branch(const struct param *p, const char *value, struct err *err)
{
    const char *why = branch_refuse(value);

    return why ? refuse(p, why, err) : 0;
}

const char *
param_type_name(enum param_type type)
{
    assert(type < PARAM_TYPE_MAX);
    return type_names[type];
}

int
param_type_from_name(const char *name, enum param_type *ret_type)
{
    for (size_t i = 0; i < PARAM_TYPE_MAX; i++) {
        if (strcmp(type_names[i], name) == 0) {
            *ret_type = (enum param_type)i;
            return 0;
        }
    }
    return -ENOENT;
}

int
param_check(const struct param *p, const char *value, struct region *r, const char **ret_value,
    struct err *err)
{
    const char *result = value;
    int rc = -EINVAL;

    assert(p->type < PARAM_TYPE_MAX);
    if (!utf8_valid((const unsigned char *)value, strlen(value)))
        return refuse(p, "is not valid UTF-8", err);
    switch (p->type) {
    case PARAM_GIT_BRANCH:
        rc = check_branch(p, value, err);
        break;
    case PARAM_INT:
        rc = check_int(p, value, err);
        break;
    case PARAM_ENUM:
        rc = check_enum(p, value, err);
        break;
    case PARAM_BOOL:
        rc = check_bool(p, value, &result, err);
        break;
    case PARAM_PATH:
        rc = check_path(p, value, r, &result, err);
        break;
    case PARAM_TEXT:
        rc = check_text(p, value, err);
        break;
    case PARAM_TYPE_MAX:
        break;
    }
    if (rc == 0)
        *ret_value = result;
    return rc;
}
