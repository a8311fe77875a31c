/* tests/fcgi/feed.c -- contracts are in feed.h. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fcgi/feed.h"

static size_t
next_piece(struct feed_pieces *pieces)
{
    size_t span = pieces->most - pieces->least;

    pieces->seed = pieces->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return pieces->least + (size_t)(pieces->seed >> 33) % (span + 1);
}

/* FNV-1a. */
static void
see_body(const struct record_in *in, struct feed_outcome *o)
{
    size_t i;

    for (i = 0; i < in->piece_len; i++)
        o->shown_sum = (o->shown_sum ^ in->piece[i]) * UINT64_C(1099511628211);
    o->shown_len += in->piece_len;
}

static enum record_step
take(struct record_in *in, size_t n, bool show, struct feed_outcome *o)
{
    enum record_step step = record_walk(in, n);
    const unsigned char *canonical;

    for (; step == RECORD_BODY; step = record_walk(in, 0))
        see_body(in, o);
    if (step != RECORD_PARAMS)
        return step;
    in->show_body = show;
    o->params++;
    canonical = record_canonical(in, &o->n);
    if (canonical == NULL) {
        o->n = 0;
        return RECORD_BAD;
    }
    if (o->n > sizeof o->canonical)
        abort();
    memcpy(o->canonical, canonical, o->n);
    return take(in, 0, show, o);
}

void
feed(const unsigned char *p, size_t n, struct feed_pieces pieces, struct feed_outcome *ret_outcome)
{
    /* Of exactly this size, so that a sanitizer sees what goes beyond. */
    unsigned char *raw = malloc(RECORD_RAW_MAX);
    struct feed_outcome *o = ret_outcome;
    struct record_in in;
    size_t at = 0;

    if (raw == NULL)
        abort();
    o->step = RECORD_MORE;
    o->params = 0;
    o->n = 0;
    o->shown_len = o->shown_sum = 0;
    record_begin(&in, raw);
    while (o->step == RECORD_MORE && at < n) {
        size_t max, piece = next_piece(&pieces);
        unsigned char *room = record_room(&in, &max);

        if (max == 0)
            abort();
        piece = piece < max ? piece : max;
        piece = piece < n - at ? piece : n - at;
        memcpy(room, p + at, piece);
        at += piece;
        o->step = take(&in, piece, pieces.show, o);
    }
    if (o->step == RECORD_WHOLE && at < n)
        o->step = RECORD_BAD;
    o->keep = in.keep;
    o->id = in.id;
    o->body_len = in.body_len;
    free(raw);
}

bool
feed_same(const struct feed_outcome *a, const struct feed_outcome *b)
{
    return a->step == b->step && a->keep == b->keep && a->id == b->id &&
           a->body_len == b->body_len && a->params == b->params && a->n == b->n &&
           memcmp(a->canonical, b->canonical, a->n) == 0;
}
