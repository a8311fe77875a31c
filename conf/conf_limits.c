/* conf/conf_limits.c -- contracts are in conf_limits.h. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "conf/conf.h"
#include "conf/conf_build.h"
#include "conf/conf_limits.h"
#include "exec/limits.h"

#define KIB INT64_C(1024)
#define MOST_BYTES (INT64_C(1) << 60)

enum {
    LEVEL_DEFAULT = 4, /* of ioprio_set(2) */
    LEVELS = 8,
};

/* Those that are a number. */
static const struct {
    enum limits_what what;
    enum conf_measure measure;
    int64_t min, max;
} numbers[] = {
    { LIMITS_CORE, CONF_SIZE, 0, MOST_BYTES },
    { LIMITS_FSIZE, CONF_SIZE, 0, MOST_BYTES },
    { LIMITS_NOFILE, CONF_COUNT, 3, INT64_C(1) << 30 },
    { LIMITS_NPROC, CONF_COUNT, 1, INT64_C(1) << 22 },
    { LIMITS_CPU, CONF_TIME, CLOCK_SEC, CONF_TIMEOUT_MAX },
    { LIMITS_AS, CONF_SIZE, 1024 * KIB, MOST_BYTES },
    { LIMITS_STACK, CONF_SIZE, 64 * KIB, MOST_BYTES },
    { LIMITS_NICE, CONF_COUNT, -20, 19 },
};

static void
build_number(const struct conf_build *b, const struct conf_block *block, size_t i,
    struct exec_limits *limits)
{
    enum limits_what what = numbers[i].what;
    int64_t value = -1;
    int64_t unset = INT64_MIN;
    int line = 0;
    const char *text = conf_build_text(block, limits_name(what), &line);

    if (text == NULL)
        return;
    if (what < LIMITS_RLIMITS && strcmp(text, "unlimited") == 0) {
        limits_set(limits, what, (int64_t)LIMITS_UNLIMITED);
        return;
    }
    value = unset;
    conf_build_number(
        b, block, limits_name(what), numbers[i].measure, numbers[i].min, numbers[i].max, &value);
    if (value == unset)
        return;                          /* and a mistake was noted */
    if (numbers[i].measure == CONF_TIME) /* whole seconds, of which a part is one */
        value = (value + CLOCK_SEC - 1) / CLOCK_SEC;
    limits_set(limits, what, value);
}

/* "idle", "none", or a class with a level behind it: "best-effort:7".  Returns
 * what ioprio_set(2) gets, or -EINVAL. */
static int
parse_ionice(const char *text)
{
    static const char *const classes[] = { "none", "realtime", "best-effort", "idle" };
    size_t n = strcspn(text, ":");
    enum limits_io class = LIMITS_IO_NONE;
    int level = LEVEL_DEFAULT;

    while (strlen(classes[class]) != n || strncmp(classes[class], text, n) != 0)
        if (++class > LIMITS_IO_IDLE)
            return -EINVAL;
    if (class == LIMITS_IO_NONE || class == LIMITS_IO_IDLE)
        return text[n] == '\0' ? LIMITS_IO(class, 0) : -EINVAL;
    if (text[n] == ':') {
        level = text[n + 1] - '0';
        if (level < 0 || level >= LEVELS || text[n + 2] != '\0')
            return -EINVAL;
    }
    return LIMITS_IO(class, level);
}

static void
build_ionice(const struct conf_build *b, const struct conf_block *block, struct exec_limits *limits)
{
    int line = 0;
    const char *text = conf_build_text(block, limits_name(LIMITS_IONICE), &line);
    int value = text != NULL ? parse_ionice(text) : 0;

    if (text == NULL)
        return;
    if (value < 0)
        conf_build_error(b, block, line,
            "ionice: must be none, idle, best-effort:0 to best-effort:7 or realtime:0 to "
            "realtime:7");
    else
        limits_set(limits, LIMITS_IONICE, value);
}

static void
build_umask(const struct conf_build *b, const struct conf_block *block, struct exec_limits *limits)
{
    int line = 0;
    const char *text = conf_build_text(block, "umask", &line);
    size_t n = text != NULL ? strlen(text) : 0;
    unsigned mask = 0;

    if (text == NULL)
        return;
    if (n < 3 || n > 4 || strspn(text, "01234567") != n || (n == 4 && text[0] != '0')) {
        conf_build_error(b, block, line, "umask: must be three octal digits, such as 027");
        return;
    }
    for (; *text != '\0'; text++)
        mask = mask * 8 + (unsigned)(*text - '0');
    limits->umask = mask;
}

void
conf_limits_build(
    const struct conf_build *b, const struct conf_block *block, struct exec_limits *limits)
{
    const struct conf_block *inner = conf_tree_next(block, CONF_LIMITS, NULL, NULL);

    build_umask(b, block, limits);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        build_number(b, inner, i, limits);
    build_ionice(b, inner, limits);
}

void
conf_limits_input(const struct conf_build *b, const struct conf_block *block, struct route *rt)
{
    int64_t body_max = (int64_t)b->conf->body_max;
    int line = 0;
    const char *text = conf_build_text(block, "stdin", &line);

    conf_build_number(b, block, "body_max", CONF_SIZE, 0, CONF_OUTPUT_MAX, &body_max);
    rt->body_max = (size_t)body_max;
    rt->reads_body = text != NULL && strcmp(text, "body") == 0;
    if (text != NULL && !rt->reads_body && strcmp(text, "none") != 0)
        conf_build_error(b, block, line, "stdin: must be none or body");
}
