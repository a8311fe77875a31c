/* conf/conf_text.h -- the text of a configuration, before libConfuse sees it.
 *
 * libConfuse 3.3 is generous: it accepts a file that ends inside a section, a
 * string or a comment (half a file, while an editor writes it, configures half
 * of what it says); drops characters that it does not know; ends a string at
 * "\0"; makes an unset ${VARIABLE} empty; counts a line too many after each
 * slash-star comment; and takes a comment inside a list for a mistake.  So the
 * text is looked at first, token by token: what it would drop is refused here,
 * and comments become blanks.
 */
#ifndef CONF_CONF_TEXT_H
#define CONF_CONF_TEXT_H

#include <stdbool.h>

struct conf_say;
struct region;

enum {
    CONF_TEXT_MAX = 256 * 1024, /* bytes of a configuration file */
};

/* Reads a configuration file, which says what runs: it MUST be a regular file
 * that belongs to us or root and that nobody else can write.  Returns 0 and
 * the text, which lives in `r`; -EINVAL after a complaint; -ENOMEM. */
int conf_text_read(const char *file, struct region *r, struct conf_say *say, char **ret_text)
    __attribute__((warn_unused_result, nonnull));

/* Complains of everything that would be lost or misread, and blanks comments.
 * Returns 0, or -EINVAL after a complaint. */
int conf_text_check(char *text, struct conf_say *say) __attribute__((warn_unused_result, nonnull));

/* Blanks the statement `name = ...` or `name ... { ... }` that begins in
 * `line` of a text that passed conf_text_check().  Returns whether there was
 * one. */
bool conf_text_drop(char *text, int line, const char *name)
    __attribute__((warn_unused_result, nonnull));

#endif
