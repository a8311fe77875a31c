/* tests/fcgi/feed.h -- gives bytes to a collector in pieces and tells what came of it. */
#ifndef TESTS_FCGI_FEED_H
#define TESTS_FCGI_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fcgi/record.h"

enum {
    FEED_CANONICAL_MAX = RECORD_PARAMS_AT + RECORD_PARAMS_MAX + RECORD_TAIL
};

/* Pieces of `least` to `most` bytes; which ones, follows from the seed.  With
 * `show` the body is asked for. */
struct feed_pieces {
    size_t least, most;
    uint64_t seed;
    bool show;
};

#define FEED_WHOLE ((struct feed_pieces){ SIZE_MAX, SIZE_MAX, 0, false })

struct feed_outcome {
    enum record_step step; /* the last one; RECORD_BAD also when bytes stood
                              behind the end, whenever they came */
    bool keep;
    uint16_t id;
    uint64_t body_len;
    uint64_t shown_len; /* bytes of body that were shown */
    uint64_t shown_sum; /* of these, a hash */
    unsigned params;    /* how often RECORD_PARAMS was told */
    size_t n;           /* bytes of canonical form; 0: refused, or never reached */
    unsigned char canonical[FEED_CANONICAL_MAX];
};

/* Feeds a collector until it has all `n` bytes, or is whole, or refuses. */
void feed(
    const unsigned char *p, size_t n, struct feed_pieces pieces, struct feed_outcome *ret_outcome);

/* Whether two outcomes are the same. */
bool feed_same(const struct feed_outcome *a, const struct feed_outcome *b);

#endif
