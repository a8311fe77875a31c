/* base/json.c -- contracts are in json.h.
 *
 * Most bytes of most strings are clean: they stand in JSON as they are.  So
 * escaping is a copy, block by block, that also finds the bytes that are not
 * clean.  A block is stored whole before its dirty bytes are looked at: what
 * is written past the clean ones is room that the next store overwrites.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/utf8.h"

enum {
    BLOCK = 64 /* bytes, as many as a mask has bits */
};

/* block_copy() copies a block and returns one bit for each of its bytes, the
 * first byte's lowest, set where the byte is dirty.  JSON_PORTABLE is for the
 * tests, which run both kinds. */
#if defined(__SSE2__) && !defined(JSON_PORTABLE)
#include <emmintrin.h>

/* Turns each byte into all ones where it is dirty, else 0. */
static inline __m128i
dirty_bytes(__m128i v)
{
    /* One up and taken as signed, DEL and 80 to FF are below 0x21 as C0 is. */
    __m128i outside = _mm_cmplt_epi8(_mm_add_epi8(v, _mm_set1_epi8(1)), _mm_set1_epi8(0x21));
    __m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
    __m128i backslash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));

    return _mm_or_si128(_mm_or_si128(quote, backslash), outside);
}

static inline uint64_t
bits_of(__m128i bytes)
{
    return (unsigned)_mm_movemask_epi8(bytes);
}

static inline uint64_t
block_copy(unsigned char *to, const unsigned char *from)
{
    const __m128i *in = (const __m128i *)(const void *)from;
    __m128i *out = (__m128i *)(void *)to;
    __m128i a = _mm_loadu_si128(in), b = _mm_loadu_si128(in + 1);
    __m128i c = _mm_loadu_si128(in + 2), d = _mm_loadu_si128(in + 3);

    _mm_storeu_si128(out, a);
    _mm_storeu_si128(out + 1, b);
    _mm_storeu_si128(out + 2, c);
    _mm_storeu_si128(out + 3, d);
    a = dirty_bytes(a);
    b = dirty_bytes(b);
    c = dirty_bytes(c);
    d = dirty_bytes(d);
    return bits_of(a) | bits_of(b) << 16 | bits_of(c) << 32 | bits_of(d) << 48;
}

#else
#include <endian.h>

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Returns one bit for each of 8 bytes, set where the byte is dirty. */
static inline uint64_t
dirty_bits(const unsigned char *p)
{
    uint64_t v, low, dirty;

    memcpy(&v, p, sizeof v);
    v = le64toh(v);
    /* Sums of seven bits never carry into the next byte.  A byte with its top
     * bit set is dirty whatever the sums say of its lower seven. */
    low = v & EACH(0x7f);
    dirty = v | (low + EACH(0x01));             /* above 0x7f; 0x7f */
    dirty |= ~(low + EACH(0x60));               /* below 0x20 */
    dirty |= ~((low ^ EACH('"')) + EACH(0x7f)); /* only 0 stays below 0x80 */
    dirty |= ~((low ^ EACH('\\')) + EACH(0x7f));
    /* Gathers bit 0 of each byte in the top byte. */
    return ((dirty >> 7 & EACH(1)) * UINT64_C(0x0102040810204080)) >> 56;
}

static inline uint64_t
block_copy(unsigned char *to, const unsigned char *from)
{
    uint64_t bits = 0;

    for (unsigned i = 0; i < BLOCK; i += 8)
        bits |= dirty_bits(from + i) << i;
    memcpy(to, from, BLOCK);
    return bits;
}

#endif

static bool
clean(unsigned char c)
{
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

static size_t
put_unicode(unsigned char *w, uint32_t cp)
{
    static const char digit[] = "0123456789abcdef";

    w[0] = '\\';
    w[1] = 'u';
    w[2] = (unsigned char)digit[cp >> 12 & 0xf];
    w[3] = (unsigned char)digit[cp >> 8 & 0xf];
    w[4] = (unsigned char)digit[cp >> 4 & 0xf];
    w[5] = (unsigned char)digit[cp & 0xf];
    return 6;
}

static size_t
put_multibyte(unsigned char *w, const unsigned char *p, struct utf8_step s)
{
    if (!s.valid) {
        memcpy(w, "\xEF\xBF\xBD", 3);
        return 3;
    }
    if (s.cp == 0x2028 || s.cp == 0x2029)
        return put_unicode(w, s.cp);
    /* Two, three or four bytes, without a loop. */
    memcpy(w, p, 2);
    memcpy(w + s.n - 2, p + s.n - 2, 2);
    return s.n;
}

/* Writes what stands for one dirty character, at most JSON_EXPANSION_MAX bytes,
 * and moves *w past it.  Returns the character's length.  Inlined by force, so
 * that *w stays in a register. */
static inline __attribute__((always_inline)) size_t
escape_one(unsigned char **w, const unsigned char *p, const unsigned char *end)
{
    static const unsigned char letter[0x100] = { ['"'] = '"',
        ['\\'] = '\\',
        ['\b'] = 'b',
        ['\f'] = 'f',
        ['\n'] = 'n',
        ['\r'] = 'r',
        ['\t'] = 't' };
    struct utf8_step s;

    if (letter[*p]) {
        (*w)[0] = '\\';
        (*w)[1] = letter[*p];
        *w += 2;
        return 1;
    }
    if (*p < 0x80) {
        *w += put_unicode(*w, *p);
        return 1;
    }
    s = utf8_next(p, (size_t)(end - p));
    *w += put_multibyte(*w, p, s);
    return s.n;
}

struct escaper {
    const unsigned char *p, *end; /* what is left to read */
    unsigned char *w, *limit;     /* what is left to write to */
};

/* Escapes block after block while there is more to read and more room than any
 * block can want, so that nothing in here is checked byte by byte. */
static void
escape_blocks(struct escaper *e)
{
    const unsigned char *p = e->p;
    unsigned char *w = e->w;

    for (;;) {
        uint64_t dirty = 0;
        size_t done = 0; /* bytes of this block; a character may reach past it */

        while (e->end - p >= 2 * BLOCK && e->limit - w >= BLOCK * (JSON_EXPANSION_MAX + 1)) {
            dirty = block_copy(w, p);
            if (dirty)
                break;
            p += BLOCK;
            w += BLOCK;
        }
        if (!dirty)
            break;
        do {
            size_t next = (size_t)__builtin_ctzll(dirty);

            w += next - done;
            done = next + escape_one(&w, p + next, e->end);
            if (done >= BLOCK)
                break;
            memcpy(w, p + done, BLOCK);
            dirty &= ~UINT64_C(0) << done;
        } while (dirty);
        /* Mostly done <= BLOCK.  Then p does not depend on what was found in
         * the block, and the processor reads ahead. */
        if (__builtin_expect(done > BLOCK, 0)) {
            p += done - BLOCK;
            done = BLOCK;
        }
        p += BLOCK;
        w += BLOCK - done;
    }
    e->p = p;
    e->w = w;
}

/* Escapes what is left, character by character.  Returns false when something
 * does not fit. */
static bool
escape_rest(struct escaper *e)
{
    while (e->p < e->end) {
        unsigned char text[JSON_EXPANSION_MAX], *w = text;
        size_t n;

        if (clean(*e->p))
            *w++ = *e->p++;
        else
            e->p += escape_one(&w, e->p, e->end);
        n = (size_t)(w - text);
        if ((size_t)(e->limit - e->w) < n)
            return false;
        memcpy(e->w, text, n);
        e->w += n;
    }
    return true;
}

void
json_escape(struct buf *out, struct span s)
{
    struct escaper e = { .p = s.p };
    unsigned char *start;
    size_t room;

    start = buf_room(out, &room);
    if (out->full || s.n == 0)
        return;
    if (room == 0) {
        out->full = true;
        return;
    }
    e.end = s.p + s.n;
    e.w = start;
    e.limit = start + room;
    escape_blocks(&e);
    if (escape_rest(&e))
        buf_advance(out, (size_t)(e.w - start));
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
    char text[sizeof "-9223372036854775808"];

    (void)snprintf(text, sizeof text, "%" PRId64, v);
    put_plain(j, text);
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
    char text[sizeof "-9223372036854.776"];
    uint64_t magnitude = nsec < 0 ? 0 - (uint64_t)nsec : (uint64_t)nsec;
    uint64_t usec = magnitude / 1000 + (magnitude % 1000 >= 500);
    const char *sign = nsec < 0 && usec > 0 ? "-" : "";
    size_t n;

    n = (size_t)snprintf(
        text, sizeof text, "%s%" PRIu64 ".%03u", sign, usec / 1000, (unsigned)(usec % 1000));
    while (text[n - 1] == '0')
        n--;
    if (text[n - 1] == '.')
        n--;
    text[n] = '\0';
    put_plain(j, text);
}
