/* tests/fcgi/answer.h -- an answer taken apart, its JSON by somebody else's parser (jansson). */
#ifndef TESTS_FCGI_ANSWER_H
#define TESTS_FCGI_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct answer {
    char header[1024]; /* with its line ends */
    struct span body;  /* inside what was read */
    void *root;        /* owned, the JSON object, or NULL without a body */
};

/* Reads a CGI header and body.  Returns false when the header is none, when a
 * body is there without being one JSON object, or is not as long as it says. */
bool answer_read(struct span bytes, struct answer *ret_answer);

/* Reads a JSON object alone. */
bool answer_read_json(struct span bytes, struct answer *ret_answer);

void answer_done(struct answer *a);

/* Returns the value of a header, or "" when it is not there, in a buffer that
 * the next call uses again. */
const char *answer_header(const struct answer *a, const char *name);

/* Returns the keys in their order, "status code message data". */
const char *answer_keys(const struct answer *a);

/* Returns a string's bytes; p is NULL when it is none. */
struct span answer_string(const struct answer *a, const char *key);

/* Returns an integer, or INT64_MIN when it is none. */
int64_t answer_int(const struct answer *a, const char *key);

/* Whether the value of a key is of a type: 'n' null, 't' true, 'f' false. */
bool answer_is(const struct answer *a, const char *key, char type);

#endif
