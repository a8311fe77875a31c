/* conf/conf_tree.c -- contracts are in conf_tree.h. */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "arena/region.h"
#include "conf/conf_say.h"
#include "conf/conf_tree.h"

static const char *const kind_names[CONF_KIND_MAX] = {
    "root",
    "log",
    "arena",
    "route",
    "param",
    "limits",
};

static const struct conf_word words[] = {
    { CONF_ROOT, "key_file", false },
    { CONF_ROOT, "mount", false },
    { CONF_ROOT, "workdir", false },
    { CONF_ROOT, "umask", false },
    { CONF_ROOT, "path", false },
    { CONF_ROOT, "pid_file", false },
    { CONF_ROOT, "builtin_routes", false },
    { CONF_ROOT, "max_running", false },
    { CONF_ROOT, "queue", false },
    { CONF_ROOT, "queue_timeout", false },
    { CONF_ROOT, "timeout", false },
    { CONF_ROOT, "grace", false },
    { CONF_ROOT, "output_max", false },
    { CONF_ROOT, "output_keep", false },
    { CONF_ROOT, "body_max", false },
    { CONF_ROOT, "max_connections", false },
    { CONF_ROOT, "request_timeout", false },
    { CONF_ROOT, "drain_timeout", false },
    { CONF_ROOT, "read_timeout", false },
    { CONF_ROOT, "restart", false },
    { CONF_ROOT, "delays", false },
    { CONF_ROOT, "core_dumps", false },
    { CONF_ROOT, "env", true },
    { CONF_ROOT, "cgroup", false },
    { CONF_ROOT, "memory", false },
    { CONF_ROOT, "cpus", false },
    { CONF_ROOT, "pids", false },
    { CONF_ROOT, "io_read", true },
    { CONF_ROOT, "io_write", true },
    { CONF_LOG, "stderr", false },
    { CONF_LOG, "syslog", false },
    { CONF_ARENA, "chunk", false },
    { CONF_ARENA, "chunks", false },
    { CONF_ARENA, "prefault", false },
    { CONF_ARENA, "hardened", false },
    { CONF_ROUTE, "method", true },
    { CONF_ROUTE, "argv", true },
    { CONF_ROUTE, "workdir", false },
    { CONF_ROUTE, "umask", false },
    { CONF_ROUTE, "stdin", false },
    { CONF_ROUTE, "body_max", false },
    { CONF_ROUTE, "timeout", false },
    { CONF_ROUTE, "grace", false },
    { CONF_ROUTE, "output", false },
    { CONF_ROUTE, "content_type", false },
    { CONF_ROUTE, "output_max", false },
    { CONF_ROUTE, "output_keep", false },
    { CONF_ROUTE, "max_running", false },
    { CONF_ROUTE, "on_busy", false },
    { CONF_ROUTE, "on_disconnect", false },
    { CONF_ROUTE, "detach", false },
    { CONF_ROUTE, "delays", false },
    { CONF_ROUTE, "disabled", false },
    { CONF_ROUTE, "env", true },
    { CONF_ROUTE, "cgroup", false },
    { CONF_ROUTE, "memory", false },
    { CONF_ROUTE, "cpus", false },
    { CONF_ROUTE, "pids", false },
    { CONF_ROUTE, "io_read", true },
    { CONF_ROUTE, "io_write", true },
    { CONF_PARAM, "type", false },
    { CONF_PARAM, "default", false },
    { CONF_PARAM, "env", false },
    { CONF_PARAM, "allow_dash", false },
    { CONF_PARAM, "min", false },
    { CONF_PARAM, "max", false },
    { CONF_PARAM, "values", true },
    { CONF_PARAM, "root", false },
    { CONF_PARAM, "pattern", false },
    { CONF_PARAM, "max_len", false },
    { CONF_LIMITS, "nice", false },
    { CONF_LIMITS, "ionice", false },
    { CONF_LIMITS, "core", false },
    { CONF_LIMITS, "fsize", false },
    { CONF_LIMITS, "nofile", false },
    { CONF_LIMITS, "nproc", false },
    { CONF_LIMITS, "cpu", false },
    { CONF_LIMITS, "as", false },
    { CONF_LIMITS, "stack", false },
};

const struct conf_word *
conf_tree_words(size_t *ret_n)
{
    *ret_n = sizeof words / sizeof words[0];
    return words;
}

const char *
conf_tree_kind_name(enum conf_kind kind)
{
    assert(kind < CONF_KIND_MAX);
    return kind_names[kind];
}

struct conf_block *
conf_tree_open(
    struct region *r, struct conf_block *parent, enum conf_kind kind, const char *title, int line)
{
    struct conf_block *block = region_zalloc(r, 1, sizeof *block);

    if (!block)
        return NULL;
    if (title) {
        block->title = region_strdup(r, title);
        if (!block->title)
            return NULL;
    }
    block->kind = kind;
    block->line = line;
    block->parent = parent;
    block->options_end = &block->options;
    block->blocks_end = &block->blocks;
    if (parent) {
        *parent->blocks_end = block;
        parent->blocks_end = &block->next;
    }
    return block;
}

int
conf_tree_assign(struct region *r, struct conf_block *block, const char *name, int line)
{
    struct conf_option *option = region_zalloc(r, 1, sizeof *option);

    if (!option)
        return -ENOMEM;
    option->name = region_strdup(r, name);
    if (!option->name)
        return -ENOMEM;
    option->line = line;
    option->values_end = &option->values;
    *block->options_end = option;
    block->options_end = &option->next;
    return 0;
}

static struct conf_option *
find_last(const struct conf_block *block, const char *name)
{
    struct conf_option *found = NULL;

    for (struct conf_option *o = block->options; o; o = o->next) {
        if (strcmp(o->name, name) == 0)
            found = o;
    }
    return found;
}

int
conf_tree_append(
    struct region *r, struct conf_block *block, const char *name, const char *text, int line)
{
    struct conf_option *option = find_last(block, name);
    struct conf_value *value = region_zalloc(r, 1, sizeof *value);

    assert(option);
    if (!value)
        return -ENOMEM;
    value->text = region_strdup(r, text);
    if (!value->text)
        return -ENOMEM;
    value->line = line;
    *option->values_end = value;
    option->values_end = &value->next;
    option->nvalues++;
    return 0;
}

const struct conf_option *
conf_tree_find(const struct conf_block *block, const char *name)
{
    return block ? find_last(block, name) : NULL;
}

const struct conf_block *
conf_tree_next(const struct conf_block *block, enum conf_kind kind, const char *title,
    const struct conf_block *after)
{
    const struct conf_block *b = block ? block->blocks : NULL;

    for (b = after ? after->next : b; b; b = b->next) {
        if (b->kind == kind && (!title || (b->title && strcmp(b->title, title) == 0)))
            return b;
    }
    return NULL;
}

static void
check_options(const struct conf_block *block, struct conf_say *say)
{
    for (const struct conf_option *o = block->options; o; o = o->next) {
        for (const struct conf_option *p = block->options; p != o; p = p->next) {
            if (strcmp(p->name, o->name) != 0)
                continue;
            conf_say_error(say, o->line, "%s: given twice, in line %d too", o->name, p->line);
            break;
        }
    }
}

void
conf_tree_check(const struct conf_block *root, struct conf_say *say)
{
    check_options(root, say);
    for (const struct conf_block *b = root->blocks; b; b = b->next) {
        const struct conf_block *first = conf_tree_next(root, b->kind, b->title, NULL);

        if (first != b)
            conf_say_error(say, b->line, "%s%s%s: given twice, in line %d too",
                conf_tree_kind_name(b->kind), b->title ? " " : "", b->title ? b->title : "",
                first->line);
        conf_tree_check(b, say);
    }
}
