/* conf/conf_global.c -- contracts are in conf_global.h. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "arena/arena.h"
#include "arena/region.h"
#include "conf/conf.h"
#include "conf/conf_build.h"
#include "conf/conf_global.h"
#include "conf/conf_limits.h"
#include "conf/conf_output.h"
#include "exec/env.h"
#include "exec/limits.h"

#define KIB INT64_C(1024)

/* Where a number goes: a size_t, or an int64_t when it is a time. */
struct number {
    enum conf_kind where;
    enum conf_measure measure;
    const char *name;
    size_t offset; /* in struct conf */
    int64_t min, max, fallback;
};

#define AT(member) offsetof(struct conf, member)

#define ROOT_COUNT(name, min, max, fallback)                       \
    {                                                              \
        CONF_ROOT, CONF_COUNT, #name, AT(name), min, max, fallback \
    }
#define ROOT_SIZE(name, min, max, fallback)                       \
    {                                                             \
        CONF_ROOT, CONF_SIZE, #name, AT(name), min, max, fallback \
    }
#define ROOT_TIME(name, min, seconds)                                                     \
    {                                                                                     \
        CONF_ROOT, CONF_TIME, #name, AT(name), min, CONF_TIMEOUT_MAX, (seconds)*CLOCK_SEC \
    }

static const struct number numbers[] = {
    ROOT_COUNT(max_running, 1, CONF_MAX_RUNNING_MAX, 8),
    ROOT_COUNT(queue, 0, 65536, 32),
    ROOT_COUNT(max_connections, 1, 65536, 1024),
    ROOT_SIZE(output_max, CONF_OUTPUT_MIN, CONF_OUTPUT_MAX, 1024 * KIB),
    ROOT_SIZE(body_max, 0, CONF_OUTPUT_MAX, 64 * KIB),
    ROOT_TIME(queue_timeout, 0, 15),
    ROOT_TIME(timeout, CONF_TIMEOUT_MIN, 30),
    ROOT_TIME(grace, 0, 5),
    ROOT_TIME(request_timeout, CONF_TIMEOUT_MIN, 10),
    ROOT_TIME(drain_timeout, 0, 30),
    ROOT_TIME(read_timeout, CONF_TIMEOUT_MIN, 60),
    { CONF_ARENA, CONF_SIZE, "chunk", AT(arena_chunk), ARENA_CHUNK_MIN, ARENA_CHUNK_MAX, 64 * KIB },
    { CONF_ARENA, CONF_COUNT, "chunks", AT(arena_chunks), 0, ARENA_CHUNKS_MAX, 0 },
};

static const struct {
    enum conf_kind where;
    const char *name;
    size_t offset; /* of a bool in struct conf */
    bool fallback;
} switches[] = {
    { CONF_ROOT, "delays", AT(delays), true },
    { CONF_ROOT, "core_dumps", AT(core_dumps), false },
    { CONF_LOG, "stderr", AT(log_stderr), true },
    { CONF_LOG, "syslog", AT(log_syslog), true },
    { CONF_ARENA, "prefault", AT(arena_prefault), false },
    { CONF_ARENA, "hardened", AT(arena_hardened), false },
};

static const struct conf_block *
find_block(const struct conf_build *b, enum conf_kind kind)
{
    return kind == CONF_ROOT ? b->root : conf_tree_next(b->root, kind, NULL, NULL);
}

static void
build_numbers(const struct conf_build *b)
{
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        const struct number *n = &numbers[i];
        char *at = (char *)b->conf + n->offset;
        int64_t value = n->fallback;
        size_t count;

        conf_build_number(b, find_block(b, n->where), n->name, n->measure, n->min, n->max, &value);
        if (n->measure == CONF_TIME) {
            memcpy(at, &value, sizeof value);
        } else {
            count = (size_t)value;
            memcpy(at, &count, sizeof count);
        }
    }
}

static void
build_switches(const struct conf_build *b)
{
    for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++) {
        bool *at = (bool *)((char *)b->conf + switches[i].offset);

        *at = switches[i].fallback;
        conf_build_switch(b, find_block(b, switches[i].where), switches[i].name, at);
    }
}

static int
build_paths(const struct conf_build *b)
{
    struct conf *c = b->conf;

    if (conf_build_path(b, b->root, "key_file", &c->key_file) < 0 ||
        conf_build_path(b, b->root, "pid_file", &c->pid_file) < 0 ||
        conf_build_path(b, b->root, "workdir", &c->workdir) < 0)
        return -ENOMEM;
    if (!c->workdir)
        c->workdir = conf_build_absolute(b, ".");
    return c->workdir ? 0 : -ENOMEM;
}

static int
build_mount(const struct conf_build *b)
{
    int line = 0;
    const char *text = conf_build_text(b->root, "mount", &line);
    const char *why;

    b->conf->mount = "";
    if (!text || *text == '\0')
        return 0;
    why = strcmp(text, "/") == 0 ? "must be \"\" when nothing is in front"
                                 : conf_build_refuse_path(text);
    if (why) {
        conf_build_error(b, b->root, line, "mount: %s", why);
        return 0;
    }
    b->conf->mount = region_strdup(b->mem, text);
    return b->conf->mount ? 0 : -ENOMEM;
}

/* A directory that is found by where somebody stands is an invitation. */
static int
build_search_path(const struct conf_build *b)
{
    int line = 0;
    const char *text = conf_build_text(b->root, "path", &line);

    b->conf->path = ENV_PATH_DEFAULT;
    if (!text)
        return 0;
    for (const char *dir = text;; dir++) {
        if (*dir != '/') {
            conf_build_error(b, b->root, line, "path: must be absolute directories between ':'");
            return 0;
        }
        dir += strcspn(dir, ":");
        if (*dir == '\0')
            break;
    }
    b->conf->path = region_strdup(b->mem, text);
    return b->conf->path ? 0 : -ENOMEM;
}

static void
build_restart(const struct conf_build *b)
{
    int line = 0;
    const char *text = conf_build_text(b->root, "restart", &line);

    if (!text || strcmp(text, "replace") == 0)
        b->conf->restart = CONF_RESTART_REPLACE;
    else if (strcmp(text, "exit") == 0)
        b->conf->restart = CONF_RESTART_EXIT;
    else
        conf_build_error(b, b->root, line, "restart: must be replace or exit");
}

static void
check_chunk(const struct conf_build *b)
{
    const struct conf_block *arena = find_block(b, CONF_ARENA);
    size_t chunk = b->conf->arena_chunk;
    int line = 0;

    if ((chunk & (chunk - 1)) != 0 && conf_build_text(arena, "chunk", &line))
        conf_build_error(b, arena, line, "chunk: must be a power of two");
}

static int
build_env(struct conf_build *b)
{
    const struct conf_option *env = conf_tree_find(b->root, "env");

    if (env) {
        conf_build_check_env(b, b->root, env);
        if (conf_build_list(b, env, &b->env) < 0)
            return -ENOMEM;
        b->nenv = env->nvalues;
    }
    return 0;
}

int
conf_global_build(struct conf_build *b)
{
    build_numbers(b);
    build_switches(b);
    build_restart(b);
    limits_init(&b->conf->limits);
    conf_limits_build(b, b->root, &b->conf->limits);
    conf_output_keep(b, b->root, &b->conf->output_keep);
    check_chunk(b);
    if (build_paths(b) < 0 || build_mount(b) < 0 || build_search_path(b) < 0 || build_env(b) < 0)
        return -ENOMEM;
    return 0;
}
