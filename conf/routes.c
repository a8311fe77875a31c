/* conf/routes.c -- contracts are in routes.h. */
#include "config.h"

#include <stdbool.h>
#include <string.h>

#include "arena/region.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "conf/conf.h"
#include "conf/routes.h"

enum {
    TABLE_MAX = 1024 * 1024
}; /* bytes */

static const unsigned method_bit[] = { METHOD_GET, METHOD_POST, METHOD_PUT, METHOD_DELETE,
    METHOD_PATCH };

enum {
    NMETHODS = sizeof(method_bit) / sizeof(method_bit[0])
};

static size_t
put_methods(struct buf *out, unsigned methods)
{
    size_t before = out->n;
    size_t i;

    for (i = 0; i < NMETHODS; i++)
        if (methods & method_bit[i])
            buf_printf(out, "%s%s", out->n > before ? "," : "", method_name(method_bit[i]));
    return out->n - before;
}

static void
pad(struct buf *out, size_t written, size_t width)
{
    buf_printf(out, "%*s", (int)(width > written ? width - written : 0) + 2, "");
}

static bool
is_plain(const char *word)
{
    const char *s;

    for (s = word; *s != '\0'; s++)
        if ((unsigned char)*s <= ' ' || *s == 0x7f || strchr("\"'\\", *s) != NULL)
            return false;
    return s > word;
}

/* A word as one would have to type it: quoted where it is not plain. */
static void
put_word(struct buf *out, const char *word)
{
    const char *s;

    if (is_plain(word)) {
        buf_puts(out, word);
        return;
    }
    buf_putc(out, '"');
    for (s = word; *s != '\0'; s++)
        if ((unsigned char)*s < ' ' || *s == 0x7f)
            buf_printf(out, "\\x%02x", (unsigned)(unsigned char)*s);
        else
            buf_printf(out, *s == '"' || *s == '\\' ? "\\%c" : "%c", *s);
    buf_putc(out, '"');
}

static size_t
put_command(struct buf *out, const struct route *rt)
{
    size_t before = out->n;
    size_t i;

    if (rt->action == ROUTE_RESTART)
        buf_puts(out, "(restarts cmon)");
    for (i = 0; rt->argv != NULL && rt->argv[i] != NULL; i++) {
        if (i > 0)
            buf_putc(out, ' ');
        put_word(out, rt->argv[i]);
    }
    return out->n - before;
}

static void
put_params(struct buf *out, const struct route *rt)
{
    const struct param *p;

    for (p = rt->params; p < rt->params + rt->nparams; p++) {
        buf_printf(out, "%s%s:%s", p > rt->params ? " " : "", p->name, param_type_name(p->type));
        if (p->fallback != NULL) {
            buf_putc(out, '=');
            put_word(out, p->fallback);
        }
    }
}

/* Measures a column by writing it. */
static size_t
width_of(const struct conf *conf, struct buf *out,
    size_t (*put)(struct buf *, const struct route *), size_t least)
{
    size_t mark = out->n;
    size_t i, n;

    for (i = 0; i < conf->nroutes; i++) {
        n = put(out, &conf->routes[i]);
        least = n > least ? n : least;
        out->n = mark;
    }
    return least;
}

static size_t
put_path(struct buf *out, const struct route *rt)
{
    buf_puts(out, rt->path);
    return strlen(rt->path);
}

static size_t
put_route_methods(struct buf *out, const struct route *rt)
{
    return put_methods(out, rt->methods);
}

struct span
routes_table(const struct conf *conf, struct region *r)
{
    static const char *const head[] = { "METHODS", "PATH", "COMMAND", "PARAMETERS" };
    size_t (*const put[])(
        struct buf *, const struct route *) = { put_route_methods, put_path, put_command };
    size_t width[3];
    struct buf out;
    void *mem = region_alloc(r, TABLE_MAX);
    size_t i, k;

    if (mem == NULL)
        return (struct span){ NULL, 0 };
    buf_over(&out, mem, TABLE_MAX);
    for (k = 0; k < 3; k++)
        width[k] = width_of(conf, &out, put[k], strlen(head[k]));
    for (k = 0; k < 3; k++) {
        buf_puts(&out, head[k]);
        pad(&out, strlen(head[k]), width[k]);
    }
    buf_printf(&out, "%s\n", head[3]);
    for (i = 0; i < conf->nroutes; i++) {
        for (k = 0; k < 3; k++)
            pad(&out, put[k](&out, &conf->routes[i]), width[k]);
        put_params(&out, &conf->routes[i]);
        while (out.n > 0 && out.p[out.n - 1] == ' ')
            out.n--;
        buf_putc(&out, '\n');
    }
    return (struct span){ out.p, out.full ? 0 : out.n };
}

static void
json_params(struct json *j, const struct route *rt)
{
    const struct param *p;

    json_key(j, "params");
    json_array(j);
    for (p = rt->params; p < rt->params + rt->nparams; p++) {
        json_object(j);
        json_key(j, "name");
        json_string(j, p->name);
        json_key(j, "type");
        json_string(j, param_type_name(p->type));
        json_key(j, "default");
        if (p->fallback != NULL)
            json_string(j, p->fallback);
        else
            json_null(j);
        json_object_end(j);
    }
    json_array_end(j);
}

static void
json_argv(struct json *j, const struct route *rt)
{
    size_t i;

    json_key(j, "argv");
    if (rt->action == ROUTE_RESTART) {
        json_null(j);
        json_key(j, "action");
        json_string(j, "restart");
        return;
    }
    json_array(j);
    for (i = 0; rt->argv[i] != NULL; i++)
        json_string(j, rt->argv[i]);
    json_array_end(j);
}

static void
json_route(struct json *j, const struct route *rt)
{
    size_t i;

    json_object(j);
    json_key(j, "path");
    json_string(j, rt->path);
    json_key(j, "methods");
    json_array(j);
    for (i = 0; i < NMETHODS; i++)
        if (rt->methods & method_bit[i])
            json_string(j, method_name(method_bit[i]));
    json_array_end(j);
    json_argv(j, rt);
    json_params(j, rt);
    json_key(j, "detach");
    json_bool(j, rt->detach);
    json_key(j, "timeout_ms");
    json_msec(j, rt->timeout);
    json_key(j, "output_max");
    json_int(j, (int64_t)rt->output_max);
    json_key(j, "output");
    json_string(j, route_output_name(rt->output));
    json_key(j, "workdir");
    json_string(j, rt->workdir);
    json_key(j, "builtin");
    json_bool(j, rt->file == NULL);
    json_object_end(j);
}

struct span
routes_json(const struct conf *conf, struct region *r)
{
    void *mem = region_alloc(r, TABLE_MAX);
    struct buf out;
    struct json j;
    size_t i;

    if (mem == NULL)
        return (struct span){ NULL, 0 };
    buf_over(&out, mem, TABLE_MAX);
    json_begin(&j, &out);
    json_array(&j);
    for (i = 0; i < conf->nroutes; i++)
        json_route(&j, &conf->routes[i]);
    json_array_end(&j);
    if (json_end(&j) < 0)
        out.full = true;
    buf_putc(&out, '\n');
    return (struct span){ out.p, out.full ? 0 : out.n };
}
