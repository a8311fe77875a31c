/* fcgi/route.c -- contracts are in route.h. */
#include "config.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "fcgi/route.h"

/* In the order of an Allow header. */
static const struct {
    enum method bit;
    const char *name;
} methods[] = {
    { METHOD_GET, "GET" },
    { METHOD_HEAD, "HEAD" },
    { METHOD_POST, "POST" },
    { METHOD_PUT, "PUT" },
    { METHOD_DELETE, "DELETE" },
    { METHOD_PATCH, "PATCH" },
    { METHOD_OPTIONS, "OPTIONS" },
};

enum {
    NMETHODS = sizeof methods / sizeof methods[0]
};

unsigned
method_from_name(const char *name)
{
    for (size_t i = 0; i < NMETHODS; i++) {
        if (strcmp(methods[i].name, name) == 0)
            return methods[i].bit;
    }
    return 0;
}

const char *
method_name(unsigned bit)
{
    for (size_t i = 0; i < NMETHODS; i++) {
        if (methods[i].bit == bit)
            return methods[i].name;
    }
    assert(!"one bit of enum method");
    return "";
}

const struct param *
route_param(const struct route *rt, const char *name, size_t n)
{
    for (size_t i = 0; i < rt->nparams; i++) {
        const char *known = rt->params[i].name;

        if (strlen(known) == n && memcmp(known, name, n) == 0)
            return &rt->params[i];
    }
    return NULL;
}

const char *
route_allow(const struct route *rt, char buf[ROUTE_ALLOW_MAX])
{
    unsigned allowed = rt->methods | METHOD_OPTIONS;
    const char *text;
    struct buf b;

    if (allowed & METHOD_GET)
        allowed |= METHOD_HEAD;
    buf_over(&b, buf, ROUTE_ALLOW_MAX);
    for (size_t i = 0; i < NMETHODS; i++) {
        if (!(allowed & methods[i].bit))
            continue;
        buf_puts(&b, b.n ? ", " : "");
        buf_puts(&b, methods[i].name);
    }
    text = buf_cstr(&b);
    assert(text); /* all seven are 44 bytes */
    return text;
}
