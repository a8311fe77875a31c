/* tests/fcgi/fakelog.c -- contracts are in fakelog.h.
 *
 * The program's own functions come before those of libc.
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>

#include "tests/fcgi/fakelog.h"

struct fakelog fakelog_told;

/* Not from <syslog.h>, which may define them itself. */
void openlog(const char *ident, int option, int facility);
void syslog(int priority, const char *fmt, ...);
void __syslog_chk(int priority, int flag, const char *fmt, ...); /* for _FORTIFY_SOURCE */

void
openlog(const char *ident, int option, int facility)
{
    (void)snprintf(fakelog_told.ident, sizeof fakelog_told.ident, "%s", ident);
    fakelog_told.option = option;
    fakelog_told.facility = facility;
    fakelog_told.opened++;
}

static void
tell(int priority, const char *fmt, va_list ap)
{
    fakelog_told.priority = priority;
    fakelog_told.lines++;
    (void)vsnprintf(fakelog_told.text, sizeof fakelog_told.text, fmt, ap);
}

void
syslog(int priority, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    tell(priority, fmt, ap);
    va_end(ap);
}

void
__syslog_chk(int priority, int flag, const char *fmt, ...)
{
    va_list ap;

    (void)flag;
    va_start(ap, fmt);
    tell(priority, fmt, ap);
    va_end(ap);
}
