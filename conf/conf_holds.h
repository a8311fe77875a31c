/* conf/conf_holds.h -- which limits hold on this machine, and which cannot. */
#ifndef CONF_CONF_HOLDS_H
#define CONF_CONF_HOLDS_H

struct conf_build;

/* Notes a warning, with its line, for every limit of a built configuration that
 * a process with our rights could not set here, or that would not bind what it
 * is meant to bind. */
void conf_holds_warn(const struct conf_build *b) __attribute__((nonnull));

#endif
