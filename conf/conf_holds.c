/* conf/conf_holds.c -- contracts are in conf_holds.h. */
#include "config.h"

#include "conf/conf.h"
#include "conf/conf_build.h"
#include "conf/conf_holds.h"
#include "conf/conf_say.h"
#include "exec/limits.h"

/* Looks at what one `limits` block says; `limits` is what became of it. */
static void
check_block(
    const struct conf_build *b, const struct conf_block *outer, const struct exec_limits *limits)
{
    const struct conf_block *block = conf_tree_next(outer, CONF_LIMITS, NULL, NULL);
    bool route = outer != NULL && outer->kind == CONF_ROUTE;
    char why[LIMITS_DOUBT_MAX];

    for (enum limits_what what = 0; what < LIMITS_MAX; what++) {
        const struct conf_option *o = conf_tree_find(block, limits_name(what));

        if (o && !limits_holds(limits, what, why))
            conf_say_warning(b->say, o->line, "%s%s%slimits: %s: %s", route ? "route " : "",
                route ? outer->title : "", route ? ": " : "", limits_name(what), why);
    }
}

void
conf_holds_warn(const struct conf_build *b)
{
    check_block(b, b->root, &b->conf->limits);
    for (size_t i = 0; i < b->conf->nroutes; i++) {
        const struct route *rt = &b->conf->routes[i];

        check_block(b, conf_tree_next(b->root, CONF_ROUTE, rt->path, NULL), &rt->limits);
    }
}
