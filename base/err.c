/* base/err.c -- contracts are in err.h. */
#include "config.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

int
err_sys(struct err *err, int num, const char *op, const char *what)
{
    /* strerror(3) is safe between threads in musl and in glibc since 2.32;
     * before that, for every number that has a name. */
    const char *why = strerror(num);

    assert(num > 0);
    err->num = num;
    /* Cut rather than refused: a long path is no reason to lose the rest. */
    if (what)
        (void)snprintf(err->text, sizeof err->text, "%s %s: %s", op, what, why);
    else
        (void)snprintf(err->text, sizeof err->text, "%s: %s", op, why);
    return -num;
}

int
err_msg(struct err *err, int num, const char *fmt, ...)
{
    va_list ap;

    assert(num > 0);
    err->num = num;
    va_start(ap, fmt);
    (void)vsnprintf(err->text, sizeof err->text, fmt, ap); /* cut when longer */
    va_end(ap);
    return -num;
}
