/* conf/conf_build.c -- contracts are in conf_build.h. */
#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "arena/region.h"
#include "base/err.h"
#include "base/utf8.h"
#include "conf/conf.h"
#include "conf/conf_build.h"
#include "conf/conf_say.h"
#include "conf/conf_unit.h"

enum {
    URL_PATH_MAX = 1024, /* bytes */
    TEXT_MAX = 512,      /* bytes of a message, including NUL */
};

void
conf_build_error(
    const struct conf_build *b, const struct conf_block *where, int line, const char *fmt, ...)
{
    const struct conf_block *outer = where->parent;
    bool nested = outer && outer->kind != CONF_ROOT;
    char text[TEXT_MAX];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap); /* cut when longer */
    va_end(ap);
    if (where->kind == CONF_PARAM && nested)
        conf_say_error(
            b->say, line, "route %s: parameter %s: %s", outer->title, where->title, text);
    else if (nested)
        conf_say_error(
            b->say, line, "route %s: %s: %s", outer->title, conf_tree_kind_name(where->kind), text);
    else if (where->kind == CONF_ROUTE)
        conf_say_error(b->say, line, "route %s: %s", where->title, text);
    else if (where->kind != CONF_ROOT)
        conf_say_error(b->say, line, "%s: %s", conf_tree_kind_name(where->kind), text);
    else
        conf_say_error(b->say, line, "%s", text);
}

const char *
conf_build_text(const struct conf_block *block, const char *name, int *ret_line)
{
    const struct conf_option *o = conf_tree_find(block, name);

    if (!o || !o->values)
        return NULL;
    *ret_line = o->values->line;
    return o->values->text;
}

void
conf_build_number(const struct conf_build *b, const struct conf_block *block, const char *name,
    enum conf_measure measure, int64_t min, int64_t max, int64_t *value)
{
    struct err err;
    int line = 0;
    const char *text = conf_build_text(block, name, &line);
    int r = 0;

    if (!text)
        return;
    switch (measure) {
    case CONF_COUNT:
        r = conf_unit_count(text, min, max, value, &err);
        break;
    case CONF_SIZE:
        r = conf_unit_size(text, min, max, value, &err);
        break;
    case CONF_TIME:
        r = conf_unit_time(text, min, max, value, &err);
        break;
    }
    if (r < 0)
        conf_build_error(b, block, line, "%s: %s", name, err.text);
}

void
conf_build_switch(
    const struct conf_build *b, const struct conf_block *block, const char *name, bool *value)
{
    struct err err;
    int line = 0;
    const char *text = conf_build_text(block, name, &line);

    if (text && conf_unit_switch(text, value, &err) < 0)
        conf_build_error(b, block, line, "%s: %s", name, err.text);
}

const char *
conf_build_absolute(const struct conf_build *b, const char *text)
{
    const char *slash = strcmp(b->dir, "/") == 0 ? "" : "/";

    if (text[0] == '/')
        return region_strdup(b->mem, text);
    while (text[0] == '.' && text[1] == '/')
        text += 2 + strspn(text + 2, "/");
    if (*text == '\0' || strcmp(text, ".") == 0)
        return region_strdup(b->mem, b->dir);
    return region_printf(b->mem, "%s%s%s", b->dir, slash, text);
}

int
conf_build_path(const struct conf_build *b, const struct conf_block *block, const char *name,
    const char **value)
{
    int line = 0;
    const char *text = conf_build_text(block, name, &line);
    const char *path;

    if (!text)
        return 0;
    if (*text == '\0') {
        conf_build_error(b, block, line, "%s: must not be empty", name);
        return 0;
    }
    path = conf_build_absolute(b, text);
    if (!path)
        return -ENOMEM;
    *value = path;
    return 0;
}

int
conf_build_list(
    const struct conf_build *b, const struct conf_option *option, const char *const **ret_list)
{
    const char **list = region_zalloc(b->mem, option->nvalues + 1, sizeof *list);
    size_t n = 0;

    if (!list)
        return -ENOMEM;
    for (const struct conf_value *v = option->values; v; v = v->next) {
        list[n] = region_strdup(b->mem, v->text);
        if (!list[n++])
            return -ENOMEM;
    }
    *ret_list = list;
    return 0;
}

bool
conf_build_is_variable(const char *name, size_t n)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";

    return n > 0 && strspn(name, letters) >= n && !(name[0] >= '0' && name[0] <= '9');
}

void
conf_build_check_env(
    const struct conf_build *b, const struct conf_block *block, const struct conf_option *option)
{
    for (const struct conf_value *v = option->values; v; v = v->next) {
        size_t n = strcspn(v->text, "=");

        if (v->text[n] != '=' || !conf_build_is_variable(v->text, n)) {
            conf_build_error(b, block, v->line, "env: an entry must be NAME=value");
            continue;
        }
        for (const struct conf_value *w = option->values; w != v; w = w->next) {
            if (strncmp(w->text, v->text, n + 1) != 0)
                continue;
            conf_build_error(b, block, v->line, "env: %.*s is given twice", (int)n, v->text);
            break;
        }
    }
}

/* The parts between slashes that web servers resolve before we see them. */
static bool
has_dot_part(const char *path)
{
    for (const char *part = path; *part; part += strcspn(part, "/")) {
        size_t n;

        part += *part == '/';
        n = strcspn(part, "/");
        if ((n == 1 && part[0] == '.') || (n == 2 && part[0] == '.' && part[1] == '.'))
            return true;
    }
    return false;
}

const char *
conf_build_refuse_path(const char *path)
{
    size_t n = strlen(path);

    if (path[0] != '/')
        return "must begin with '/'";
    if (n > URL_PATH_MAX)
        return "must not be longer than 1024 bytes";
    if (!utf8_valid((const unsigned char *)path, n))
        return "must be UTF-8";
    for (const char *c = path; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return "must not contain control characters";
    }
    if (strpbrk(path, "?#"))
        return "must not contain '?' or '#'";
    if (strstr(path, "//"))
        return "must not contain '//'";
    if (n > 1 && path[n - 1] == '/')
        return "must not end in '/'";
    if (has_dot_part(path))
        return "must not have '.' or '..' as a part";
    return NULL;
}
