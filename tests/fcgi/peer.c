/* tests/fcgi/peer.c -- contracts are in peer.h. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fcgi/peer.h"

void
peer_done(struct peer *w)
{
    free(w->p);
    *w = (struct peer){ NULL, 0, 0 };
}

void
peer_reset(struct peer *w)
{
    w->n = 0;
}

void
peer_bytes(struct peer *w, const void *p, size_t n)
{
    if (n == 0)
        return;
    while (w->max - w->n < n) {
        w->max = w->max == 0 ? 1024 : 2 * w->max;
        w->p = realloc(w->p, w->max);
        if (w->p == NULL)
            abort();
    }
    memcpy(w->p + w->n, p, n);
    w->n += n;
}

void
peer_record(
    struct peer *w, unsigned type, unsigned id, const void *content, size_t n, size_t padding)
{
    unsigned char header[8] = { 1, (unsigned char)type, (unsigned char)(id >> 8), (unsigned char)id,
        (unsigned char)(n >> 8), (unsigned char)n, (unsigned char)padding, 0 };
    size_t i;

    peer_bytes(w, header, sizeof header);
    peer_bytes(w, content, n);
    for (i = 0; i < padding; i++)
        peer_bytes(w, &header[i % 2], 1);
}

void
peer_begin(struct peer *w, unsigned id, unsigned role, unsigned flags)
{
    unsigned char body[8] = { (unsigned char)(role >> 8), (unsigned char)role,
        (unsigned char)flags };

    peer_record(w, PEER_BEGIN, id, body, sizeof body, 0);
}

static void
put_length(struct peer *w, size_t n)
{
    unsigned char length[4] = { (unsigned char)(n >> 24 | 0x80), (unsigned char)(n >> 16),
        (unsigned char)(n >> 8), (unsigned char)n };

    if (n < 128)
        peer_bytes(w, &length[3], 1);
    else
        peer_bytes(w, length, 4);
}

void
peer_pair(struct peer *w, const char *name, const char *value)
{
    put_length(w, strlen(name));
    put_length(w, strlen(value));
    peer_bytes(w, name, strlen(name));
    peer_bytes(w, value, strlen(value));
}

void
peer_stream(struct peer *w, unsigned type, unsigned id, const struct peer *content, size_t piece)
{
    size_t at, n;

    for (at = 0; at < content->n; at += n) {
        n = content->n - at < piece ? content->n - at : piece;
        peer_record(w, type, id, content->p + at, n, 0);
    }
    peer_record(w, type, id, NULL, 0, 0);
}

void
peer_request(struct peer *w, const struct peer *pairs)
{
    peer_begin(w, 1, 1, 0);
    peer_stream(w, PEER_PARAMS, 1, pairs, 65535);
    peer_record(w, PEER_STDIN, 1, NULL, 0, 0);
}

bool
peer_response(const unsigned char *p, size_t n, unsigned id, struct peer *ret_content)
{
    static const unsigned char end[8] = { 0 };
    bool ended = false;

    while (n >= 8) {
        size_t content = (size_t)p[4] << 8 | p[5], whole = 8 + content + p[6];

        if (p[0] != 1 || ((unsigned)p[2] << 8 | p[3]) != id || n < whole)
            return false;
        if (p[1] == 3)
            return ended && n == whole && content == 8 && memcmp(p + 8, end, 8) == 0;
        if (p[1] != 6 || ended)
            return false;
        ended = content == 0;
        peer_bytes(ret_content, p + 8, content);
        p += whole;
        n -= whole;
    }
    return false;
}
