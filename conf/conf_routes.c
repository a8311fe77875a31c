/* conf/conf_routes.c -- contracts are in conf_routes.h. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arena/region.h"
#include "base/err.h"
#include "conf/builtin.h"
#include "conf/conf.h"
#include "conf/conf_build.h"
#include "conf/conf_cgroup.h"
#include "conf/conf_limits.h"
#include "conf/conf_output.h"
#include "conf/conf_param.h"
#include "conf/conf_routes.h"
#include "conf/conf_say.h"
#include "conf/conf_turns.h"
#include "conf/template.h"
#include "exec/env.h"
#include "exec/path.h"

/* A route on its way: what is built in, what the file says, what becomes of it. */
struct draft {
    const struct conf_build *b;
    const struct builtin *base;     /* or NULL */
    const struct conf_block *block; /* or NULL */
    struct route *rt;
    struct param *params; /* rt->params */
    bool inherited[ROUTE_PARAMS_MAX];
    bool used[ROUTE_PARAMS_MAX];
};

static void
build_methods(struct draft *d)
{
    const struct conf_option *o = conf_tree_find(d->block, "method");
    unsigned methods = 0;

    d->rt->methods = d->base ? d->base->methods : METHOD_GET;
    if (!o)
        return;
    for (const struct conf_value *v = o->values; v; v = v->next) {
        unsigned bit = method_from_name(v->text);

        if (bit == 0)
            conf_build_error(d->b, d->block, v->line,
                "method: \"%s\" is none of GET, POST, PUT, DELETE and PATCH", v->text);
        else if (bit & METHOD_OURS)
            conf_build_error(d->b, d->block, v->line, "method: %s is answered by cmon", v->text);
        else if (bit & methods)
            conf_build_error(d->b, d->block, v->line, "method: %s is given twice", v->text);
        methods |= bit;
    }
    if (!o->values)
        conf_build_error(d->b, d->block, o->line, "method: is empty");
    d->rt->methods = methods;
}

static int
build_limits(struct draft *d)
{
    const struct conf *c = d->b->conf;
    struct route *rt = d->rt;

    rt->timeout = c->timeout;
    rt->grace = c->grace;
    rt->workdir = c->workdir;
    rt->detach = d->base && d->base->detach;
    conf_build_number(
        d->b, d->block, "timeout", CONF_TIME, CONF_TIMEOUT_MIN, CONF_TIMEOUT_MAX, &rt->timeout);
    conf_build_number(d->b, d->block, "grace", CONF_TIME, 0, CONF_TIMEOUT_MAX, &rt->grace);
    rt->limits = c->limits;
    conf_limits_build(d->b, d->block, &rt->limits);
    conf_limits_input(d->b, d->block, rt);
    conf_build_switch(d->b, d->block, "detach", &rt->detach);
    rt->delays = c->delays;
    conf_build_switch(d->b, d->block, "delays", &rt->delays);
    if (conf_output_build(d->b, d->block, rt) < 0 || conf_cgroup_build(d->b, d->block, rt) < 0)
        return -ENOMEM;
    return conf_build_path(d->b, d->block, "workdir", &rt->workdir);
}

static int
build_argv(struct draft *d)
{
    const struct conf_option *o = conf_tree_find(d->block, "argv");

    d->rt->action = d->base ? d->base->action : ROUTE_RUN;
    d->rt->argv = d->base ? d->base->argv : NULL;
    if (!o) {
        if (!d->base)
            conf_build_error(d->b, d->block, d->block->line, "argv: is missing");
        return 0;
    }
    d->rt->action = ROUTE_RUN;
    if (!o->values)
        conf_build_error(d->b, d->block, o->line, "argv: is empty");
    else if (*o->values->text == '\0')
        conf_build_error(d->b, d->block, o->values->line, "argv: the command is empty");
    else
        return conf_build_list(d->b, o, &d->rt->argv);
    d->rt->argv = NULL;
    return 0;
}

/* The built-in's entries, then the route's: both are added to the file's. */
static int
build_env(struct draft *d)
{
    const struct conf_build *b = d->b;
    const struct conf_option *o = conf_tree_find(d->block, "env");
    const char *const *base = d->base ? d->base->env : NULL;
    size_t n = 0, nbase = 0;
    const char **entries;
    struct err err;
    char **env;
    int r;

    d->rt->env = b->plain_env;
    while (base && base[nbase])
        nbase++;
    if (nbase == 0 && !o)
        return 0;
    entries = region_zalloc(b->tmp, b->nenv + nbase + (o ? o->nvalues : 0) + 1, sizeof *entries);
    if (!entries)
        return -ENOMEM;
    for (size_t i = 0; i < b->nenv; i++)
        entries[n++] = b->env[i];
    for (size_t i = 0; i < nbase; i++)
        entries[n++] = base[i];
    for (const struct conf_value *v = o ? o->values : NULL; v; v = v->next)
        entries[n++] = v->text;
    if (o)
        conf_build_check_env(b, d->block, o);
    r = env_build(b->mem, b->conf->path, entries, n, &env, &err);
    if (r == 0)
        d->rt->env = env;
    return r == -EINVAL ? 0 : r; /* -EINVAL: conf_build_check_env() has told */
}

static const struct param *
base_param(const struct draft *d, const char *name)
{
    for (size_t i = 0; d->base && i < d->base->nparams; i++) {
        if (strcmp(d->base->params[i].name, name) == 0)
            return &d->base->params[i];
    }
    return NULL;
}

/* The file's parameters, and behind them the built-in ones that it does not change. */
static int
build_params(struct draft *d)
{
    const struct conf_block *blk = NULL;
    struct route *rt = d->rt;
    size_t most = d->base ? d->base->nparams : 0;

    while ((blk = conf_tree_next(d->block, CONF_PARAM, NULL, blk)))
        most++;
    if (most > ROUTE_PARAMS_MAX) {
        conf_build_error(
            d->b, d->block, d->block->line, "has more than %d parameters", ROUTE_PARAMS_MAX);
        return 0;
    }
    d->params = region_zalloc(d->b->mem, most, sizeof *d->params);
    if (!d->params)
        return -ENOMEM;
    rt->params = d->params;
    while ((blk = conf_tree_next(d->block, CONF_PARAM, NULL, blk))) {
        struct param *p = &d->params[rt->nparams++];
        int r = conf_param_build(d->b, blk, base_param(d, blk->title), p);

        if (r < 0)
            return r;
    }
    for (size_t i = 0; d->base && i < d->base->nparams; i++) {
        if (conf_tree_next(d->block, CONF_PARAM, d->base->params[i].name, NULL))
            continue;
        d->inherited[rt->nparams] = true;
        d->params[rt->nparams++] = d->base->params[i];
    }
    return 0;
}

/* Whether the configuration itself gives a parameter a value that would be an
 * option where an argument begins. */
static bool
has_dash_value(const struct param *p)
{
    if (p->allow_dash || p->type == PARAM_PATH) /* a path becomes absolute */
        return false;
    if (p->fallback && p->fallback[0] == '-')
        return true;
    for (const char *const *v = p->type == PARAM_ENUM ? p->values : NULL; v && *v; v++) {
        if ((*v)[0] == '-')
            return true;
    }
    return false;
}

/* Notes what is wrong with one argument's template. */
static void
check_template(struct draft *d, const char *text, int line)
{
    const char *pos = text;
    struct template_piece piece;
    struct err err;
    int r;

    while ((r = template_next(&pos, &piece, &err)) > 0) {
        const struct param *p;

        if (!piece.place)
            continue;
        p = route_param(d->rt, piece.text, piece.n);
        if (!p) {
            conf_build_error(d->b, d->block, line, "argv: {%.*s} is no parameter of this route",
                (int)piece.n, piece.text);
            continue;
        }
        d->used[p - d->params] = true;
        if (piece.text == text + 1 && has_dash_value(p))
            conf_build_error(d->b, d->block, line,
                "argv: {%s} begins an argument and can be a value with '-': see allow_dash",
                p->name);
    }
    if (r < 0)
        conf_build_error(d->b, d->block, line, "argv: %s", err.text);
}

static void
check_templates(struct draft *d)
{
    const struct conf_option *o = conf_tree_find(d->block, "argv");
    const struct conf_value *v = o ? o->values : NULL;

    if (v && strpbrk(v->text, "{}"))
        conf_build_error(
            d->b, d->block, v->line, "argv: the command cannot hold braces or a parameter");
    for (size_t i = 0; d->rt->argv && d->rt->argv[i]; i++) {
        check_template(d, d->rt->argv[i], v ? v->line : d->rt->line);
        v = v ? v->next : NULL;
    }
}

/* Every parameter has a use; a built-in one whose use is gone goes with it. */
static void
check_params(struct draft *d)
{
    struct route *rt = d->rt;
    size_t kept = 0;

    for (size_t i = 0; i < rt->nparams; i++) {
        const struct param *p = &d->params[i];
        const struct conf_block *blk = conf_tree_next(d->block, CONF_PARAM, p->name, NULL);

        for (size_t j = 0; blk && p->env && j < i; j++) {
            if (d->params[j].env && strcmp(d->params[j].env, p->env) == 0)
                conf_build_error(d->b, blk, blk->line, "env: %s carries parameter %s too", p->env,
                    d->params[j].name);
        }
        if (d->inherited[i] && !d->used[i])
            continue;
        /* Of two with one name the second was told already. */
        if (blk && !d->used[i] && !p->env && route_param(rt, p->name, strlen(p->name)) == p)
            conf_build_error(d->b, blk, blk->line, "is used neither in argv nor in env");
        d->params[kept++] = *p;
    }
    rt->nparams = kept;
}

static int
find_command(struct draft *d)
{
    struct route *rt = d->rt;
    struct err err;
    int r;

    if (!rt->argv)
        return 0;
    r = path_resolve(d->b->mem, rt->argv[0], d->b->conf->path, &rt->command, &err);
    if (r == -ENOENT)
        conf_say_warning(d->b->say, rt->line, "route %s: %s", rt->path, err.text);
    return r == -ENOMEM ? r : 0;
}

static int
build_route(const struct conf_build *b, const struct builtin *base, const struct conf_block *block,
    struct route *rt)
{
    struct draft d = { .b = b, .base = base, .block = block, .rt = rt };

    rt->path = base ? base->path : region_strdup(b->mem, block->title);
    if (!rt->path)
        return -ENOMEM;
    rt->builtin = base != NULL;
    rt->file = block ? b->conf->file : NULL;
    rt->line = block ? block->line : 0;
    build_methods(&d);
    if (build_limits(&d) < 0 || build_argv(&d) < 0 || build_env(&d) < 0 || build_params(&d) < 0)
        return -ENOMEM;
    conf_turns_build(b, block, rt);
    check_templates(&d);
    check_params(&d);
    return find_command(&d);
}

/* Whether the block takes its route away. */
static bool
is_disabled(const struct conf_build *b, const struct conf_block *block)
{
    bool disabled = false;

    conf_build_switch(b, block, "disabled", &disabled);
    return disabled;
}

static int
by_path(const void *a, const void *b)
{
    return strcmp(((const struct route *)a)->path, ((const struct route *)b)->path);
}

/* Makes room for every route there can be. */
static struct route *
make_room(const struct conf_build *b, size_t nbuiltin)
{
    const struct conf_block *blk = NULL;
    size_t n = nbuiltin;

    while ((blk = conf_tree_next(b->root, CONF_ROUTE, NULL, blk)))
        n++;
    return region_zalloc(b->mem, n, sizeof(struct route));
}

static int
build_plain_env(struct conf_build *b)
{
    struct err err;
    char **env;
    int r = env_build(b->mem, b->conf->path, b->env, b->nenv, &env, &err);

    if (r == 0)
        b->plain_env = env;
    return r == -EINVAL ? 0 : r; /* -EINVAL has been told */
}

int
conf_routes_build(struct conf_build *b)
{
    const struct conf_block *blk = NULL;
    const struct builtin *builtins;
    struct route *routes;
    bool wanted = true;
    size_t nbuiltin;
    int r = build_plain_env(b);

    if (r < 0)
        return r;
    conf_build_switch(b, b->root, "builtin_routes", &wanted);
    builtins = builtin_routes(&nbuiltin);
    routes = make_room(b, nbuiltin);
    if (!routes)
        return -ENOMEM;
    b->conf->routes = routes;

    for (size_t i = 0; wanted && i < nbuiltin; i++) {
        blk = conf_tree_next(b->root, CONF_ROUTE, builtins[i].path, NULL);
        if (blk && is_disabled(b, blk))
            continue;
        r = build_route(b, &builtins[i], blk, &routes[b->conf->nroutes++]);
        if (r < 0)
            return r;
    }
    for (blk = NULL; (blk = conf_tree_next(b->root, CONF_ROUTE, NULL, blk));) {
        const char *why = conf_build_refuse_path(blk->title);

        if (why)
            conf_build_error(b, blk, blk->line, "%s", why);
        if ((wanted && builtin_find(blk->title)) || is_disabled(b, blk))
            continue;
        r = build_route(b, NULL, blk, &routes[b->conf->nroutes++]);
        if (r < 0)
            return r;
    }
    qsort(routes, b->conf->nroutes, sizeof *routes, by_path);
    return 0;
}
