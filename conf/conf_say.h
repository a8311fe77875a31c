/* conf/conf_say.h -- complaints about a configuration, told in the order of its lines.
 *
 * Inside the reading of a configuration only; conf.h has what others see.
 */
#ifndef CONF_CONF_SAY_H
#define CONF_CONF_SAY_H

#include <stdbool.h>

#include "conf/conf.h"

struct region;

struct conf_say {
    /* Private. */
    conf_say_fn *fn;
    void *ctx;
    const char *file;
    struct region *mem;
    struct conf_complaint *first; /* sorted by line */
    unsigned noted;
    unsigned errors;
    bool unread;
    int unread_from;
};

/* Begins with no complaints.  Everything MUST stay until conf_say_end(). */
void conf_say_begin(struct conf_say *s, const char *file, struct region *mem, conf_say_fn *fn,
    void *ctx) __attribute__((nonnull(1, 3, 4)));

/* Notes a mistake in a line; 0 is the file as a whole. */
void conf_say_error(struct conf_say *s, int line, const char *fmt, ...)
    __attribute__((nonnull(1, 3), format(printf, 3, 4)));

/* Notes what may be meant, and is worth a look. */
void conf_say_warning(struct conf_say *s, int line, const char *fmt, ...)
    __attribute__((nonnull(1, 3), format(printf, 3, 4)));

/* Notes that mistakes hide others: no option was judged, and what follows line
 * `line` not even read; 0 when all of it was. */
void conf_say_unread(struct conf_say *s, int line) __attribute__((nonnull));

/* Tells what was noted, the first two hundred.  Control characters, which can
 * only come from the file, are told as '?'.  That there may be more is a
 * warning, and comes last.  Returns the number of errors. */
unsigned conf_say_end(struct conf_say *s) __attribute__((nonnull));

#endif
