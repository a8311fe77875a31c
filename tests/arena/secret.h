/* tests/arena/secret.h -- what tests of a mirror share: one with a secret in it. */
#ifndef TESTS_ARENA_SECRET_H
#define TESTS_ARENA_SECRET_H

#include <stddef.h>

struct mirror;

/* The mirror of the running test. */
extern struct mirror *m;
extern char *text;    /* "secret", in the mirror */
extern char **inside; /* what points at it, in the mirror too */
extern size_t page;   /* bytes */

/* Opens it for `max` bytes; it is built and not sealed. */
void secret_build(size_t max);

#endif
