/* conf/conf_param.c -- contracts are in conf_param.h. */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "arena/region.h"
#include "base/err.h"
#include "base/utf8.h"
#include "conf/conf.h"
#include "conf/conf_build.h"
#include "conf/conf_param.h"
#include "conf/conf_say.h"
#include "conf/param.h"
#include "conf/pattern.h"

enum {
    NAME_MAX_BYTES = 64
};

static const char *
refuse_name(const char *name)
{
    size_t n = strlen(name);

    if (name[0] == '_')
        return "names that begin with '_' are ours";
    if (n == 0 || n > NAME_MAX_BYTES || name[0] < 'a' || name[0] > 'z' ||
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != n)
        return "a name must be [a-z][a-z0-9_]*, and not longer than 64";
    return NULL;
}

/* Variables by which a value would choose what runs, for the programs that one
 * meets most.  No such list is complete; it catches the slip, not the will. */
static bool
chooses_code(const char *variable)
{
    static const char *const names[] = { "PATH", "IFS", "ENV", "BASH_ENV", "SHELLOPTS", "BASHOPTS",
        "PERL5OPT", "PERL5LIB", "PYTHONPATH", "PYTHONSTARTUP", "RUBYOPT", "NODE_OPTIONS",
        "JAVA_TOOL_OPTIONS", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_ASKPASS", "GIT_EDITOR", "GIT_PAGER",
        "GIT_EXEC_PATH", "GIT_EXTERNAL_DIFF", "EDITOR", "PAGER" };
    static const char *const beginnings[] = { "LD_", "GIT_CONFIG", "BASH_FUNC_" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], variable) == 0)
            return true;
    }
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
        if (strncmp(beginnings[i], variable, strlen(beginnings[i])) == 0)
            return true;
    }
    return false;
}

static int
build_variable(const struct conf_build *b, const struct conf_block *block, struct param *p)
{
    int line = 0;
    const char *text = conf_build_text(block, "env", &line);

    if (!text)
        return 0;
    if (!conf_build_is_variable(text, strlen(text))) {
        conf_build_error(b, block, line, "env: must be the name of a variable");
    } else if (chooses_code(text)) {
        conf_build_error(b, block, line, "env: %s would let a request choose what runs", text);
    } else {
        p->env = region_strdup(b->mem, text);
        return p->env ? 0 : -ENOMEM;
    }
    return 0;
}

/* Options that mean something to one type only. */
static void
check_options(const struct conf_build *b, const struct conf_block *block, enum param_type type)
{
    static const struct {
        const char *name;
        enum param_type type;
    } special[] = {
        { "min", PARAM_INT },
        { "max", PARAM_INT },
        { "values", PARAM_ENUM },
        { "root", PARAM_PATH },
        { "pattern", PARAM_TEXT },
        { "max_len", PARAM_TEXT },
    };

    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++) {
        const struct conf_option *o = conf_tree_find(block, special[i].name);

        if (o && type != special[i].type)
            conf_build_error(
                b, block, o->line, "%s: means nothing to type %s", o->name, param_type_name(type));
    }
}

static void
build_int(const struct conf_build *b, const struct conf_block *block, struct param *p)
{
    conf_build_number(b, block, "min", CONF_COUNT, INT64_MIN, INT64_MAX, &p->min);
    conf_build_number(b, block, "max", CONF_COUNT, INT64_MIN, INT64_MAX, &p->max);
    if (p->min > p->max) {
        const struct conf_option *min = conf_tree_find(block, "min");

        conf_build_error(b, block, min ? min->line : block->line, "min: is above max");
    }
}

static int
build_values(const struct conf_build *b, const struct conf_block *block, struct param *p)
{
    static const char *const none[] = { NULL };
    const struct conf_option *o = conf_tree_find(block, "values");

    p->values = none;
    if (!o || !o->values) {
        conf_build_error(b, block, o ? o->line : block->line, "values: type enum must have some");
        return 0;
    }
    for (const struct conf_value *v = o->values; v; v = v->next) {
        if (!utf8_valid((const unsigned char *)v->text, strlen(v->text)))
            conf_build_error(b, block, v->line, "values: must be UTF-8");
        for (const struct conf_value *w = o->values; w != v; w = w->next) {
            if (strcmp(w->text, v->text) != 0)
                continue;
            conf_build_error(b, block, v->line, "values: \"%s\" is given twice", v->text);
            break;
        }
    }
    return conf_build_list(b, o, &p->values);
}

static int
build_root(const struct conf_build *b, const struct conf_block *block, struct param *p)
{
    const struct conf_option *o = conf_tree_find(block, "root");
    int line = o ? o->line : block->line;
    struct stat st;

    p->root = "/";
    if (!o)
        conf_build_error(b, block, line, "root: type path must have one");
    else if (conf_build_path(b, block, "root", &p->root) < 0)
        return -ENOMEM;
    else if (stat(p->root, &st) < 0)
        conf_say_warning(b->say, line, "route %s: parameter %s: root: %s: %s", block->parent->title,
            block->title, p->root, strerror(errno));
    else if (!S_ISDIR(st.st_mode))
        conf_build_error(b, block, line, "root: %s: is no directory", p->root);
    return 0;
}

static int
build_text(const struct conf_build *b, const struct conf_block *block, struct param *p)
{
    int64_t max_len = (int64_t)p->max_len;
    struct pattern *pattern = NULL;
    struct err err;
    int line = 0;
    const char *text = conf_build_text(block, "pattern", &line);
    int r;

    conf_build_number(b, block, "max_len", CONF_COUNT, 1, PARAM_TEXT_MAX, &max_len);
    p->max_len = (size_t)max_len;
    if (!text)
        return 0;
    r = pattern_compile(text, b->mem, &pattern, &err);
    if (r == -ENOMEM)
        return r;
    if (r < 0)
        conf_build_error(b, block, line, "pattern: %s", err.text);
    p->pattern = pattern;
    return 0;
}

static int
build_type(const struct conf_build *b, const struct conf_block *block, struct param *p)
{
    check_options(b, block, p->type);
    switch (p->type) {
    case PARAM_INT:
        build_int(b, block, p);
        return 0;
    case PARAM_ENUM:
        return build_values(b, block, p);
    case PARAM_PATH:
        return build_root(b, block, p);
    case PARAM_TEXT:
        return build_text(b, block, p);
    case PARAM_GIT_BRANCH:
    case PARAM_BOOL:
    case PARAM_TYPE_MAX:
        break;
    }
    return 0;
}

/* A default goes the way of every value, but for the look at the files below a
 * PARAM_PATH's root, which come and go. */
static int
build_default(const struct conf_build *b, const struct conf_block *block, struct param *p)
{
    struct region *mem = b->mem;
    struct err err;
    int line = block->line;
    const char *text = conf_build_text(block, "default", &line);
    const char *why;
    int r;

    if (text)
        p->fallback = region_strdup(mem, text);
    if (text && !p->fallback)
        return -ENOMEM;
    if (!p->fallback)
        return 0;
    if (p->type == PARAM_PATH) {
        why = param_refuse_path(p->fallback);
        if (why)
            conf_build_error(b, block, line, "default: %s", why);
        return 0;
    }
    r = param_check(p, p->fallback, mem, &p->fallback, &err);
    if (r == -EINVAL) {
        why = strstr(err.text, ": ");
        conf_build_error(b, block, line, "default: %s", why ? why + 2 : err.text);
    }
    return r == -ENOMEM ? r : 0;
}

/* Reads the type.  Returns whether there is one. */
static bool
build_type_name(
    const struct conf_build *b, const struct conf_block *block, bool inherited, struct param *p)
{
    int line = block->line;
    const char *text = conf_build_text(block, "type", &line);

    if (!text && inherited)
        return true;
    if (text && param_type_from_name(text, &p->type) == 0)
        return true;
    conf_build_error(b, block, line, "type: %s",
        text ? "must be git-branch, int, enum, bool, path or text" : "is missing");
    return false;
}

int
conf_param_build(const struct conf_build *b, const struct conf_block *block,
    const struct param *base, struct param *ret_param)
{
    const char *why = refuse_name(block->title);
    struct param p = { .min = INT64_MIN, .max = INT64_MAX, .max_len = PARAM_TEXT_LEN };
    bool typed;
    int r;

    if (why)
        conf_build_error(b, block, block->line, "%s", why);
    if (base) {
        p.type = base->type;
        p.fallback = base->fallback;
        p.env = base->env;
    }
    p.name = region_strdup(b->mem, block->title);
    if (!p.name)
        return -ENOMEM;
    typed = build_type_name(b, block, base != NULL, &p);
    conf_build_switch(b, block, "allow_dash", &p.allow_dash);
    r = build_variable(b, block, &p);
    if (r == 0 && typed)
        r = build_type(b, block, &p);
    if (r == 0 && typed)
        r = build_default(b, block, &p);
    *ret_param = p;
    return r;
}
