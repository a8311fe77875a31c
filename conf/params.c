/* conf/params.c -- contracts are in params.h. */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "arena/region.h"
#include "base/err.h"
#include "base/hex.h"
#include "base/span.h"
#include "conf/params.h"
#include "conf/template.h"

enum {
    LABEL_MAX = 64 /* bytes of a parameter's name in a message */
};

static int
no_memory(struct err *err)
{
    return err_sys(err, ENOMEM, "region", NULL);
}

/* What a message calls a parameter: as it was sent, still encoded, and cut; a
 * byte that has no place in a query becomes '?'. */
static void
make_label(struct span sent, char label[LABEL_MAX + 1])
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                "0123456789_.%+-";
    size_t n = sent.n < LABEL_MAX ? sent.n : LABEL_MAX;

    for (size_t i = 0; i < n; i++) {
        char c = (char)sent.p[i];

        label[i] = c != '\0' && strchr(plain, c) ? c : '?';
    }
    label[n] = '\0';
}

/* Decodes to `out`, which has room for in.n + 1 bytes.  Returns why not, or NULL. */
static const char *
decode(struct span in, char *out)
{
    size_t n = 0;

    for (size_t i = 0; i < in.n; i++) {
        unsigned char c = in.p[i];

        if (c == '%') {
            if (in.n - i < 3 || !hex_decode((const char *)in.p + i + 1, 1, &c))
                return "has a '%' without two hexadecimal digits";
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        if (c == '\0')
            return "must not contain NUL";
        out[n++] = (char)c;
    }
    out[n] = '\0';
    return NULL;
}

/* The one word that is ours, on every route. */
static const struct param split = { .name = "_split", .type = PARAM_BOOL };

/* Finds a parameter and where its value goes, or NULL. */
static const struct param *
find(const struct route *rt, const char *name, struct params *params, const char ***ret_value)
{
    const struct param *p = route_param(rt, name, strlen(name));

    if (p) {
        *ret_value = &params->value[p - rt->params];
    } else if (strcmp(name, split.name) == 0) {
        *ret_value = &params->split;
        p = &split;
    }
    return p;
}

/* Takes one piece of the query, "name=value". */
static int
bind_piece(const struct route *rt, struct span piece, struct region *r, struct params *params,
    struct err *err)
{
    const unsigned char *equals = memchr(piece.p, '=', piece.n);
    struct span sent = { piece.p, equals ? (size_t)(equals - piece.p) : piece.n };
    char *text = region_alloc(r, piece.n + 1); /* the name, then the value */
    char label[LABEL_MAX + 1];
    const struct param *p;
    const char **value = NULL;
    const char *why;

    if (!text)
        return no_memory(err);
    if (sent.n == 0)
        return err_msg(err, EINVAL, "a parameter has no name");
    make_label(sent, label);
    why = decode(sent, text);
    if (why)
        return err_msg(err, EINVAL, "parameter %s: its name %s", label, why);
    p = find(rt, text, params, &value);
    if (!p)
        return err_msg(err, EINVAL, "parameter %s: unknown", label);
    if (*value)
        return err_msg(err, EINVAL, "parameter %s: given twice", p->name);
    if (!equals)
        return err_msg(err, EINVAL, "parameter %s: given without a value", p->name);
    why = decode((struct span){ equals + 1, piece.n - sent.n - 1 }, text);
    if (why)
        return err_msg(err, EINVAL, "parameter %s: %s", p->name, why);
    return param_check(p, text, r, value, err);
}

/* A default was checked when the configuration was read, except that what is
 * below a PARAM_PATH's root comes and goes. */
static int
bind_default(const struct param *p, struct region *r, const char **ret_value, struct err *err)
{
    if (!p->fallback)
        return err_msg(err, EINVAL, "parameter %s: missing", p->name);
    if (p->type == PARAM_PATH)
        return param_check(p, p->fallback, r, ret_value, err);
    *ret_value = p->fallback;
    return 0;
}

/* What the answer is to be made of. */
static int
bind_output(const struct route *rt, struct params *params, struct err *err)
{
    params->output = rt->output;
    if (!params->split)
        return 0;
    if (rt->output == ROUTE_RAW)
        return err_msg(err, EINVAL, "parameter %s: output of this route is raw", split.name);
    /* What is shared has one form. */
    if (rt->on_busy == ROUTE_COALESCE)
        return err_msg(
            err, EINVAL, "parameter %s: requests of this route share their runs", split.name);
    params->output = strcmp(params->split, "true") == 0 ? ROUTE_SPLIT : ROUTE_JOINED;
    return 0;
}

int
params_bind(const struct route *rt, const char *query, struct region *r, struct params *ret_params,
    struct err *err)
{
    struct params params = { .split = NULL };
    size_t n;
    int rc;

    assert(rt->nparams <= ROUTE_PARAMS_MAX);
    if (strlen(query) > PARAMS_QUERY_MAX)
        return err_msg(err, EINVAL, "the query is longer than %d bytes", PARAMS_QUERY_MAX);
    for (const char *s = query; *s; s += n + (s[n] == '&')) {
        n = strcspn(s, "&");
        if (n == 0)
            continue;
        rc = bind_piece(rt, (struct span){ (const unsigned char *)s, n }, r, &params, err);
        if (rc < 0)
            return rc;
    }
    for (size_t i = 0; i < rt->nparams; i++) {
        if (params.value[i])
            continue;
        rc = bind_default(&rt->params[i], r, &params.value[i], err);
        if (rc < 0)
            return rc;
    }
    rc = bind_output(rt, &params, err);
    if (rc == 0)
        *ret_params = params;
    return rc;
}

/* What stands in a piece of a template; *ret_param is NULL when it is literal. */
static struct span
piece_text(const struct route *rt, const struct params *params, const struct template_piece *piece,
    const struct param **ret_param)
{
    const struct param *p = NULL;

    if (piece->place) {
        p = route_param(rt, piece->text, piece->n);
        assert(p); /* checked when the configuration was read */
    }
    *ret_param = p;
    if (p)
        return span_str(params->value[p - rt->params]);
    return (struct span){ (const unsigned char *)piece->text, piece->n };
}

/* What decides about a built argument. */
struct argument {
    size_t n;                   /* bytes */
    size_t pieces;              /* of the template */
    const struct param *begins; /* whose value its first byte is, or NULL */
    const struct param *any;    /* a parameter in it, or NULL */
};

/* Measures an argument, and writes it where `out` is not NULL. */
static struct argument
expand(const struct route *rt, const struct params *params, const char *template, char *out)
{
    struct argument arg = { 0 };
    struct template_piece piece;
    struct err ignored; /* templates were checked when the configuration was read */

    while (template_next(&template, &piece, &ignored) > 0) {
        const struct param *p;
        struct span text = piece_text(rt, params, &piece, &p);

        if (arg.n == 0 && text.n > 0)
            arg.begins = p;
        if (!arg.any)
            arg.any = p;
        if (out)
            memcpy(out + arg.n, text.p, text.n);
        arg.n += text.n;
        arg.pieces++;
    }
    if (out)
        out[arg.n] = '\0';
    return arg;
}

static int
build_argument(const struct route *rt, const struct params *params, const char *template,
    struct region *r, char **ret_arg, struct err *err)
{
    struct argument arg = expand(rt, params, template, NULL);
    char *out = region_alloc(r, arg.n + 1);

    if (!out)
        return no_memory(err);
    (void)expand(rt, params, template, out);
    if (arg.begins && out[0] == '-' && !arg.begins->allow_dash)
        return err_msg(err, EINVAL, "parameter %s: must not begin with '-'", arg.begins->name);
    if (arg.n == 0 && arg.any && arg.pieces > 1)
        return err_msg(err, EINVAL, "parameter %s: must not be empty", arg.any->name);
    *ret_arg = out;
    return 0;
}

int
params_argv(const struct route *rt, const struct params *params, struct region *r, char ***ret_argv,
    struct err *err)
{
    size_t n = 0;
    char **argv;

    while (rt->argv[n])
        n++;
    argv = region_zalloc(r, n + 1, sizeof *argv);
    if (!argv)
        return no_memory(err);
    for (size_t i = 0; i < n; i++) {
        int rc = build_argument(rt, params, rt->argv[i], r, &argv[i], err);

        if (rc < 0)
            return rc;
    }
    *ret_argv = argv;
    return 0;
}

/* The parameter whose value takes the place of an environment entry, or NULL. */
static const struct param *
replaces(const struct route *rt, const char *entry)
{
    size_t n = strcspn(entry, "=");

    for (size_t i = 0; i < rt->nparams; i++) {
        const char *env = rt->params[i].env;

        if (env && strlen(env) == n && memcmp(env, entry, n) == 0)
            return &rt->params[i];
    }
    return NULL;
}

int
params_env(const struct route *rt, const struct params *params, struct region *r,
    char *const **ret_envp, struct err *err)
{
    size_t n = 0, carried = 0;
    char **envp;

    for (size_t i = 0; i < rt->nparams; i++)
        carried += rt->params[i].env != NULL;
    if (carried == 0) {
        *ret_envp = rt->env;
        return 0;
    }
    while (rt->env[n])
        n++;
    envp = region_zalloc(r, n + carried + 1, sizeof *envp);
    if (!envp)
        return no_memory(err);

    n = 0;
    for (char *const *entry = rt->env; *entry; entry++) {
        if (!replaces(rt, *entry))
            envp[n++] = *entry;
    }
    for (size_t i = 0; i < rt->nparams; i++) {
        const char *env = rt->params[i].env;

        if (!env)
            continue;
        envp[n] = region_printf(r, "%s=%s", env, params->value[i]);
        if (!envp[n++])
            return no_memory(err);
    }
    *ret_envp = envp;
    return 0;
}
