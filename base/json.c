/* base/json.c -- contracts are in json.h; what is inside strings, in escape.h. */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/escape.h"
#include "base/json.h"
#include "base/utf8.h"

void
json_escape(struct buf *out, struct span s)
{
    unsigned char *start;
    size_t room, n;

    start = buf_room(out, &room);
    if (out->full || s.n == 0)
        return;
    if (room > 0 && escape_bytes(s.p, s.n, start, room, &n))
        buf_advance(out, n);
    else
        out->full = true;
}

static void
fail(struct json *j, int error)
{
    if (j->error == 0)
        j->error = error;
}

/* Every call that writes ends here. */
static void
settle(struct json *j)
{
    if (j->out->full)
        fail(j, -ENOSPC);
}

/* Makes room for a value: the comma before it, if one belongs there.  Returns
 * false when no value may stand here. */
static bool
begin_value(struct json *j)
{
    bool in_object = j->level[j->depth].object;
    bool filled = j->level[j->depth].filled;

    /* Level 0 is the document itself, which is one value. */
    if (in_object != j->after_key || (j->depth == 0 && filled))
        fail(j, -EINVAL);
    if (j->error)
        return false;
    if (!in_object && filled)
        buf_putc(j->out, ',');
    j->level[j->depth].filled = true;
    j->after_key = false;
    return true;
}

static void
open_level(struct json *j, bool object, unsigned char bracket)
{
    if (j->depth == JSON_DEPTH_MAX)
        fail(j, -EINVAL);
    if (!begin_value(j))
        return;
    j->depth++;
    j->level[j->depth].object = object;
    j->level[j->depth].filled = false;
    buf_putc(j->out, bracket);
    settle(j);
}

static void
close_level(struct json *j, bool object, unsigned char bracket)
{
    if (j->depth == 0 || j->level[j->depth].object != object || j->after_key)
        fail(j, -EINVAL);
    if (j->error)
        return;
    j->depth--;
    buf_putc(j->out, bracket);
    settle(j);
}

static void
put_plain(struct json *j, const char *text)
{
    if (!begin_value(j))
        return;
    buf_puts(j->out, text);
    settle(j);
}

static void
put_quoted(struct json *j, struct span s)
{
    buf_putc(j->out, '"');
    json_escape(j->out, s);
    buf_putc(j->out, '"');
}

void
json_begin(struct json *j, struct buf *out)
{
    *j = (struct json){ .out = out };
}

int
json_end(struct json *j)
{
    if (j->depth != 0 || !j->level[0].filled)
        fail(j, -EINVAL);
    return j->error;
}

void
json_object(struct json *j)
{
    open_level(j, true, '{');
}

void
json_object_end(struct json *j)
{
    close_level(j, true, '}');
}

void
json_array(struct json *j)
{
    open_level(j, false, '[');
}

void
json_array_end(struct json *j)
{
    close_level(j, false, ']');
}

void
json_key(struct json *j, const char *key)
{
    if (!j->level[j->depth].object || j->after_key)
        fail(j, -EINVAL);
    if (j->error)
        return;
    if (j->level[j->depth].filled)
        buf_putc(j->out, ',');
    j->level[j->depth].filled = true;
    j->after_key = true;
    put_quoted(j, span_str(key));
    buf_putc(j->out, ':');
    settle(j);
}

void
json_string(struct json *j, const char *s)
{
    json_bytes(j, span_str(s));
}

void
json_bytes(struct json *j, struct span s)
{
    if (!begin_value(j))
        return;
    put_quoted(j, s);
    settle(j);
}

/* Whether `n` bytes are the beginning of a character, and not all of it. */
static bool
is_cut(const unsigned char *p, size_t n)
{
    size_t whole = p[0] < 0xC2 || p[0] > 0xF4 ? 1 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;

    /* What is ill-formed ends where it becomes so. */
    return n < whole && utf8_next(p, n).n == n;
}

/* How many bytes at the end of `s` are the beginning of a character. */
static size_t
cut_at_end(struct span s)
{
    for (size_t n = 1; n < 4 && n <= s.n; n++) {
        const unsigned char *p = s.p + s.n - n;

        if (*p < 0x80 || *p >= 0xC0)
            return is_cut(p, n) ? n : 0;
    }
    return 0;
}

void
json_text_begin(struct json *j)
{
    j->ncut = 0;
    if (begin_value(j))
        buf_putc(j->out, '"');
    settle(j);
}

/* Goes on with the character that the last piece has cut. */
static void
finish_cut(struct json *j, struct span *piece)
{
    while (j->ncut > 0 && piece->n > 0) {
        size_t n = 0; /* of the character, as soon as that is known */

        j->cut[j->ncut++] = *piece->p;
        if (!is_cut(j->cut, j->ncut))
            n = utf8_next(j->cut, j->ncut).n;
        /* Else the byte begins something else. */
        if (n == 0 || n == j->ncut)
            *piece = (struct span){ piece->p + 1, piece->n - 1 };
        if (n > 0) {
            json_escape(j->out, (struct span){ j->cut, n });
            j->ncut = 0;
        }
    }
}

void
json_text(struct json *j, struct span piece)
{
    size_t n;

    if (j->error)
        return;
    finish_cut(j, &piece);
    if (piece.n > 0) {
        n = cut_at_end(piece);
        memcpy(j->cut, piece.p + piece.n - n, n);
        j->ncut = (unsigned)n;
        json_escape(j->out, (struct span){ piece.p, piece.n - n });
    }
    settle(j);
}

void
json_text_end(struct json *j)
{
    if (j->error)
        return;
    json_escape(j->out, (struct span){ j->cut, j->ncut });
    buf_putc(j->out, '"');
    settle(j);
}

void
json_int(struct json *j, int64_t v)
{
    if (!begin_value(j))
        return;
    if (v < 0)
        buf_putc(j->out, '-');
    buf_uint(j->out, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
    settle(j);
}

void
json_bool(struct json *j, bool v)
{
    put_plain(j, v ? "true" : "false");
}

void
json_null(struct json *j)
{
    put_plain(j, "null");
}

void
json_msec(struct json *j, int64_t nsec)
{
    uint64_t magnitude = nsec < 0 ? 0 - (uint64_t)nsec : (uint64_t)nsec;
    uint64_t usec = magnitude / 1000 + (magnitude % 1000 >= 500);
    unsigned rest = (unsigned)(usec % 1000);
    unsigned unit;

    if (!begin_value(j))
        return;
    if (nsec < 0 && usec > 0)
        buf_putc(j->out, '-');
    buf_uint(j->out, usec / 1000);
    if (rest > 0)
        buf_putc(j->out, '.');
    for (unit = 100; rest > 0; rest %= unit, unit /= 10)
        buf_putc(j->out, (unsigned char)('0' + rest / unit));
    settle(j);
}
