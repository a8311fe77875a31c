/* conf/conf_where.c -- what a complaint begins with; the contract is in conf.h. */
#include "config.h"

#include <stdio.h>

#include "conf/conf.h"

const char *
conf_where(char buf[CONF_WHERE_MAX], const char *file, int line)
{
    buf[0] = '\0';
    if (file && line > 0)
        (void)snprintf(buf, CONF_WHERE_MAX, "%s:%d: ", file, line);
    else if (file)
        (void)snprintf(buf, CONF_WHERE_MAX, "%s: ", file);
    return buf;
}
