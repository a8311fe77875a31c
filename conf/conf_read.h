/* conf/conf_read.h -- from the text of a configuration to what it says.
 *
 * conf_read.c is the only file that sees libConfuse.
 */
#ifndef CONF_CONF_READ_H
#define CONF_CONF_READ_H

struct conf_block;
struct conf_say;
struct region;

/* Parses a text that passed conf_text_check(); every unknown option is noted
 * and blanked in it, other mistakes of syntax end the parse.  What is given
 * twice is noted too.  Not for two threads at once: libConfuse is one per
 * process.  Returns 0 and the tree, which lives in `r`, even when something
 * was noted; -EINVAL when there is no whole tree; -ENOMEM. */
int conf_read_tree(char *text, struct region *r, struct conf_say *say,
    const struct conf_block **ret_root) __attribute__((warn_unused_result, nonnull));

#endif
