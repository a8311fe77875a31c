/* tests/conf/given.h -- a configuration that a test gives, and what is said about it. */
#ifndef TESTS_CONF_GIVEN_H
#define TESTS_CONF_GIVEN_H

#include <stdbool.h>
#include <stddef.h>

struct conf;

enum {
    GIVEN_SAID_MAX = 64 * 1024 /* bytes */
};

struct given {
    char dir[64];              /* its own directory, without links in its path */
    char file[96];             /* dir/cmon.conf */
    char said[GIVEN_SAID_MAX]; /* every complaint: "12: error: text\n" */
    unsigned errors, warnings;
};

/* Makes the directory. */
void given_begin(struct given *g);

/* Removes the directory and the files that given_write() made in it. */
void given_end(struct given *g);

/* Writes a file of the directory, mode 0600. */
void given_write(struct given *g, const char *name, const void *bytes, size_t n);

/* Loads `text` as the configuration.  Returns NULL when it is refused, after
 * asserting that this was said. */
const struct conf *given_load(struct given *g, const char *text);

/* Loads the file as it is, or without one when `file` is NULL. */
const struct conf *given_load_file(struct given *g, const char *file, bool with_key);

/* Whether exactly this line was said, without its newline. */
bool given_said(const struct given *g, const char *line);

#endif
