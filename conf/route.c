/* conf/route.c -- contracts are in route.h. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "conf/route.h"

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
route_output_name(enum route_output output)
{
    static const char *const names[ROUTE_OUTPUT_MAX] = { "joined", "split", "raw" };

    assert(output < ROUTE_OUTPUT_MAX);
    return names[output];
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
    for (size_t i = 0; method_at(i); i++) {
        if (!(allowed & method_at(i)))
            continue;
        buf_puts(&b, b.n ? ", " : "");
        buf_puts(&b, method_name(method_at(i)));
    }
    text = buf_cstr(&b);
    assert(text); /* all seven are 44 bytes */
    return text;
}
