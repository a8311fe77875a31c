/* base/escape_impl.h -- what the ways of base/escape.h have in common.  Theirs alone. */
#ifndef BASE_ESCAPE_IMPL_H
#define BASE_ESCAPE_IMPL_H

#include <stdint.h>
#include <string.h>

#include "base/escape.h"

enum {
    ESCAPE_BLOCK = 64, /* bytes, as many as a mask has bits */
    /* The characters of a block may reach three bytes past it, and its bytes
     * are read once more from wherever they are dirty. */
    ESCAPE_IN_MIN = 2 * ESCAPE_BLOCK,
    /* What becomes of them, and what is stored past it. */
    ESCAPE_OUT_MIN = (ESCAPE_EXPANSION_MAX + 1) * ESCAPE_BLOCK,
};

struct escaper {
    const unsigned char *p, *end; /* what is left to read */
    unsigned char *w, *limit;     /* what is left to write to */
};

/* What is not clean in a block: a bit for each byte, the first byte's lowest. */
struct escape_marks {
    uint64_t dirty; /* ASCII that is escaped */
    uint64_t high;  /* 80 to FF */
};

/* Copies a block and says what is in it. */
typedef struct escape_marks escape_copy_fn(unsigned char *to, const unsigned char *from);

/* Goes on behind a clean block that was just copied, which it may copy again:
 * copies at most `n` bytes, whole blocks that are clean.  Returns how many bytes
 * are done, a block at least. */
typedef size_t escape_run_fn(unsigned char *to, const unsigned char *from, size_t n);

/* Looks at a block that begins with a character and has high bytes.  Returns
 * how many of its bytes are whole, well-formed characters, at least 61, and
 * marks the lead of each U+2028 and U+2029 among them; or 0 when something is
 * not well-formed, or it cannot tell. */
typedef size_t escape_judge_fn(const unsigned char *p, uint64_t high, uint64_t *marks);

/* Takes `n` bytes, and up to three that complete their last character, through the
 * automaton.  The caller has the room, ESCAPE_EXPANSION_MAX for each byte and 8
 * more; at e->end what is incomplete is ill-formed. */
void escape_automaton(struct escaper *e, size_t n) __attribute__((nonnull));

/* Writes "\u" and four digits. */
static inline unsigned char *
escape_unicode(unsigned char *w, unsigned cp)
{
    static const char digit[] = "0123456789abcdef";

    w[0] = '\\';
    w[1] = 'u';
    w[2] = (unsigned char)digit[cp >> 12 & 0xf];
    w[3] = (unsigned char)digit[cp >> 8 & 0xf];
    w[4] = (unsigned char)digit[cp >> 4 & 0xf];
    w[5] = (unsigned char)digit[cp & 0xf];
    return w + 6;
}

/* Writes what stands for one dirty byte of ASCII. */
static inline unsigned char *
escape_ascii(unsigned char *w, unsigned char c)
{
    static const unsigned char letter[0x80] = { ['"'] = '"',
        ['\\'] = '\\',
        ['\b'] = 'b',
        ['\f'] = 'f',
        ['\n'] = 'n',
        ['\r'] = 'r',
        ['\t'] = 't' };

    if (letter[c] == 0)
        return escape_unicode(w, c);
    w[0] = '\\';
    w[1] = letter[c];
    return w + 2;
}

/* Goes over `n` bytes that were copied to `w`, from mark to mark, and copies
 * anew what comes behind each.  Returns where the output goes on. */
static inline __attribute__((always_inline)) unsigned char *
escape_marked(unsigned char *w, const unsigned char *p, size_t n, uint64_t marks)
{
    size_t done = 0;

    while (marks != 0) {
        size_t next = (size_t)__builtin_ctzll(marks);

        w += next - done;
        done = next + 1;
        if (__builtin_expect(p[next] < 0x80, 1)) {
            w = escape_ascii(w, p[next]);
        } else {
            w = escape_unicode(w, 0x2000U | (p[next + 2] & 0x3FU)); /* E2 80 A8 or A9 */
            done = next + 3;
        }
        memcpy(w, p + done, ESCAPE_BLOCK);
        marks &= marks - 1;
    }
    return w + (n - done);
}

/* How many bytes can be copied as they are, and blocks go on behind them. */
static inline size_t
escape_most(ptrdiff_t in, ptrdiff_t out)
{
    in -= ESCAPE_IN_MIN;
    out -= ESCAPE_OUT_MIN;
    return (size_t)(in < out ? in : out) + ESCAPE_BLOCK;
}

/* Escapes block after block while there is more to read and more room than any
 * block can want, so that nothing in here is checked byte by byte. */
static inline __attribute__((always_inline)) void
escape_blocks(struct escaper *e, escape_run_fn *run, escape_copy_fn *copy, escape_judge_fn *judge)
{
    const unsigned char *p = e->p;
    unsigned char *w = e->w;
    unsigned clean = 0; /* blocks in a row */

    while (e->end - p >= ESCAPE_IN_MIN && e->limit - w >= ESCAPE_OUT_MIN) {
        struct escape_marks m = copy(w, p);
        size_t n = ESCAPE_BLOCK;

        if ((m.dirty | m.high) == 0) {
            /* Lines end in every other block; two clean ones promise more. */
            if (++clean >= 2)
                n = run(w, p, escape_most(e->end - p, e->limit - w));
            p += n;
            w += n;
            continue;
        }
        clean = 0;
        if (__builtin_expect(m.high != 0, 0)) {
            n = judge(p, m.high, &m.dirty);
            if (n == 0) {
                e->p = p;
                e->w = w;
                escape_automaton(e, ESCAPE_BLOCK);
                p = e->p;
                w = e->w;
                continue;
            }
            m.dirty &= ~UINT64_C(0) >> (ESCAPE_BLOCK - n);
        }
        w = escape_marked(w, p, n, m.dirty);
        p += n;
    }
    e->p = p;
    e->w = w;
}

/* The blocks by the ways of escape_vector.c and escape_avx2.c. */
void escape_vector(struct escaper *e) __attribute__((nonnull));
void escape_avx2(struct escaper *e) __attribute__((nonnull));

/* Whether this program has them; for AVX2, whether the processor has it too. */
bool escape_vector_there(void) __attribute__((const));
bool escape_avx2_there(void) __attribute__((const));

/* Runs no further than the block that is copied. */
static inline size_t
escape_one_block(unsigned char *to, const unsigned char *from, size_t n)
{
    (void)to;
    (void)from;
    (void)n;
    return ESCAPE_BLOCK;
}

/* Judges without looking. */
static inline size_t
escape_cannot_tell(const unsigned char *p, uint64_t high, uint64_t *marks)
{
    (void)p;
    (void)high;
    (void)marks;
    return 0;
}

#endif
