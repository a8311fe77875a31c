/* conf/conf_check.h -- what no line is wrong about, and is worth a look all the same. */
#ifndef CONF_CONF_CHECK_H
#define CONF_CONF_CHECK_H

struct conf_build;

/* Notes warnings about a built configuration: a directory or command that is
 * not there, a route that outlasts the web server's patience, an arena that
 * holds less than may run at once, no log, cores, limits that nothing here can
 * hold. */
void conf_check_warn(const struct conf_build *b) __attribute__((nonnull));

#endif
