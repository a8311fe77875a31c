/* tests/base/parsed.h -- JSON as somebody else's parser (jansson) understands it. */
#ifndef TESTS_BASE_PARSED_H
#define TESTS_BASE_PARSED_H

#include <stdbool.h>
#include <stddef.h>

/* Returns what a document that is one string means, and its length, for
 * free(3); NULL when the `n` bytes are no such document. */
char *parsed_string(const void *text, size_t n, size_t *ret_n);

/* Whether the `n` bytes are one document with unique keys. */
bool parsed_well(const void *text, size_t n);

#endif
