/* conf/template.h -- "refs/heads/{branch}": an argument with places for values.
 *
 * `{name}` is a place, "{{" and "}}" are literal braces.
 */
#ifndef CONF_TEMPLATE_H
#define CONF_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

struct err;

struct template_piece {
    bool place;       /* `text` is a parameter's name, else literal */
    const char *text; /* inside the template */
    size_t n;         /* bytes */
};

/* Takes the next piece from *pos, which begins at the template's first byte
 * and is moved along.  Returns 1; 0 at the end; -EINVAL for a brace without
 * its fellow or without a name in between ("'{' is never closed"). */
int template_next(const char **pos, struct template_piece *ret_piece, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
