/* conf/conf_tree.h -- what a configuration file says, before anybody judges it.
 *
 * Blocks hold options and blocks, options hold values, and everything knows
 * its line; what is given twice is there twice.  The words of the language
 * stand here, once, for the reader and for the manual's test.
 */
#ifndef CONF_CONF_TREE_H
#define CONF_CONF_TREE_H

#include <stdbool.h>
#include <stddef.h>

struct conf_say;
struct region;

enum conf_kind {
    CONF_ROOT, /* the file */
    CONF_LOG,
    CONF_ARENA,
    CONF_ROUTE,  /* has a title: its path */
    CONF_PARAM,  /* in a route; has a title: its name */
    CONF_LIMITS, /* in the file or a route */
    CONF_KIND_MAX
};

struct conf_word {
    enum conf_kind where;
    const char *name;
    bool list;
};

struct conf_value {
    const char *text;
    int line;
    struct conf_value *next;
};

struct conf_option {
    const char *name;
    int line; /* of its first value */
    size_t nvalues;
    struct conf_value *values, **values_end;
    struct conf_option *next;
};

struct conf_block {
    enum conf_kind kind;
    const char *title; /* or NULL */
    int line;          /* of its opening brace; 0 for the file */
    const struct conf_block *parent;
    struct conf_option *options, **options_end;
    struct conf_block *blocks, **blocks_end;
    struct conf_block *next; /* in the parent */
};

/* Returns all option names of all kinds of blocks. */
const struct conf_word *conf_tree_words(size_t *ret_n) __attribute__((nonnull));

/* Returns the name of a kind: "route". */
const char *conf_tree_kind_name(enum conf_kind kind) __attribute__((warn_unused_result));

/* Adds an empty block, to `parent` unless that is NULL.  Returns NULL when the
 * region is full. */
struct conf_block *conf_tree_open(struct region *r, struct conf_block *parent, enum conf_kind kind,
    const char *title, int line) __attribute__((warn_unused_result, nonnull(1)));

/* Adds an option without values.  Returns 0 or -ENOMEM. */
int conf_tree_assign(struct region *r, struct conf_block *block, const char *name, int line)
    __attribute__((warn_unused_result, nonnull));

/* Adds a value to the option of that name that was last assigned; there MUST
 * be one.  Returns 0 or -ENOMEM. */
int conf_tree_append(struct region *r, struct conf_block *block, const char *name, const char *text,
    int line) __attribute__((warn_unused_result, nonnull));

/* Finds an option of a block (NULL: of no block): the last of that name, or NULL. */
const struct conf_option *conf_tree_find(const struct conf_block *block, const char *name)
    __attribute__((nonnull(2)));

/* Finds the next block of a kind (and title, unless that is NULL) behind
 * `after`, or the first when that is NULL; NULL at the end.  A NULL block
 * holds none. */
const struct conf_block *conf_tree_next(const struct conf_block *block, enum conf_kind kind,
    const char *title, const struct conf_block *after);

/* Complains of every option, title and block that is given twice. */
void conf_tree_check(const struct conf_block *root, struct conf_say *say) __attribute__((nonnull));

#endif
