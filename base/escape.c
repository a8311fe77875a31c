/* base/escape.c -- contracts are in escape.h.
 *
 * Most bytes of most strings are clean: they stand in JSON as they are.  A
 * block is stored whole before its dirty bytes are looked at: what is written
 * past the clean ones is room that the next store overwrites.
 */
#include "config.h"

#include <assert.h>
#include <endian.h>

#include "base/escape.h"
#include "base/escape_impl.h"
#include "base/utf8.h"

enum {
    WORD = 8,
    SHORT = 16, /* bytes that are copied at once where no block fits */
};

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* The first byte is the lowest. */
static inline uint64_t
load_word(const unsigned char *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof v);
    return le64toh(v);
}

/* Returns the top bit of each byte that is not clean. */
static inline uint64_t
not_clean(uint64_t v)
{
    /* Sums of seven bits never carry into the next byte.  A byte with its top
     * bit set is not clean whatever the sums say of its lower seven. */
    uint64_t low = v & EACH(0x7f);
    uint64_t marks = v | (low + EACH(0x01)); /* above 0x7f; 0x7f */

    marks |= ~(low + EACH(0x60));               /* below 0x20 */
    marks |= ~((low ^ EACH('"')) + EACH(0x7f)); /* only 0 stays below 0x80 */
    marks |= ~((low ^ EACH('\\')) + EACH(0x7f));
    return marks & EACH(0x80);
}

/* Gathers the top bits of 8 bytes. */
static inline uint64_t
gather(uint64_t tops)
{
    return ((tops >> 7) * UINT64_C(0x0102040810204080)) >> 56;
}

static inline struct escape_marks
copy_words(unsigned char *to, const unsigned char *from)
{
    uint64_t marks = 0, high = 0;

    for (unsigned i = 0; i < ESCAPE_BLOCK; i += WORD) {
        uint64_t v = load_word(from + i);

        marks |= gather(not_clean(v)) << i;
        high |= gather(v & EACH(0x80)) << i;
    }
    memcpy(to, from, ESCAPE_BLOCK);
    return (struct escape_marks){ marks & ~high, high };
}

static void
portable(struct escaper *e)
{
    escape_blocks(e, escape_one_block, copy_words, escape_cannot_tell);
}

/* The end, and what is short, as long as there is more than enough room. */
static void
escape_short(struct escaper *e)
{
    while (
        e->end - e->p >= SHORT && (e->limit - e->w) / ESCAPE_EXPANSION_MAX > e->end - e->p + WORD) {
        memcpy(e->w, e->p, SHORT);
        if ((not_clean(load_word(e->p)) | not_clean(load_word(e->p + WORD))) != 0) {
            escape_automaton(e, SHORT);
        } else {
            e->p += SHORT;
            e->w += SHORT;
        }
    }
    if (e->p < e->end && (e->limit - e->w) / ESCAPE_EXPANSION_MAX > e->end - e->p + WORD)
        escape_automaton(e, (size_t)(e->end - e->p));
}

/* Writes what stands for one character; returns its length in the input. */
static size_t
escape_one(unsigned char **w, const unsigned char *p, const unsigned char *end)
{
    struct utf8_step s = utf8_next(p, (size_t)(end - p));

    if (!s.valid) {
        memcpy(*w, "\xEF\xBF\xBD", 3);
        *w += 3;
    } else if (s.cp < 0x80 && not_clean(s.cp | EACH(' ') << 8) == 0) {
        *(*w)++ = *p;
    } else if (s.cp < 0x80) {
        *w = escape_ascii(*w, *p);
    } else if (s.cp == 0x2028 || s.cp == 0x2029) {
        *w = escape_unicode(*w, s.cp);
    } else {
        memcpy(*w, p, s.n);
        *w += s.n;
    }
    return s.n;
}

/* What is left when room is scarce, character by character.  Returns false when
 * something does not fit. */
static bool
escape_tightly(struct escaper *e)
{
    while (e->p < e->end) {
        unsigned char text[ESCAPE_EXPANSION_MAX], *w = text;
        size_t n;

        e->p += escape_one(&w, e->p, e->end);
        n = (size_t)(w - text);
        if ((size_t)(e->limit - e->w) < n)
            return false;
        memcpy(e->w, text, n);
        e->w += n;
    }
    return true;
}

bool
escape_can(enum escape_way way)
{
    return way == ESCAPE_PORTABLE || (way == ESCAPE_VECTOR && escape_vector_there()) ||
           (way == ESCAPE_AVX2 && escape_avx2_there());
}

bool
escape_bytes_by(enum escape_way way, const unsigned char *p, size_t n, unsigned char *out,
    size_t room, size_t *ret_written)
{
    static void (*const blocks[ESCAPE_WAYS])(struct escaper *) = {
        [ESCAPE_PORTABLE] = portable, [ESCAPE_VECTOR] = escape_vector, [ESCAPE_AVX2] = escape_avx2
    };
    struct escaper e = { p, p + n, out, out + room };

    assert(escape_can(way));
    if (n >= ESCAPE_IN_MIN)
        blocks[way](&e);
    escape_short(&e);
    if (!escape_tightly(&e))
        return false;
    *ret_written = (size_t)(e.w - out);
    return true;
}

bool
escape_bytes(const unsigned char *p, size_t n, unsigned char *out, size_t room, size_t *ret_written)
{
    enum escape_way way = ESCAPE_PORTABLE;

    if (n >= ESCAPE_IN_MIN)
        way = escape_avx2_there()     ? ESCAPE_AVX2
              : escape_vector_there() ? ESCAPE_VECTOR
                                      : ESCAPE_PORTABLE;
    return escape_bytes_by(way, p, n, out, room, ret_written);
}
