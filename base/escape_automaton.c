/* base/escape_automaton.c -- bytes that may be ill-formed UTF-8, one after the other.
 *
 * Table 3-7 of the Unicode Standard as an automaton: states are what may come
 * next, classes are bytes that no state tells apart.  A character's bytes are
 * written as they come; when one breaks off, they are taken back and U+FFFD
 * stands for them (3.9, "Substitution of Maximal Subparts").  A step is a row
 * of numbers to add and to mask with, so that nothing branches on the text.
 */
#include "config.h"

#include "base/escape.h"
#include "base/escape_impl.h"

/* What the next byte has to be. */
enum state {
    ANY,   /* the first of a character */
    ONE,   /* 80 to BF, the last */
    TWO,   /* 80 to BF, and then another */
    THREE, /* 80 to BF, and then two */
    E0,    /* A0 to BF */
    E2,    /* 80 to BF, and it may become U+2028 */
    E2_80, /* 80 to BF, A8 and A9 being U+2028 and U+2029 */
    ED,    /* 80 to 9F */
    F0,    /* 90 to BF */
    F4,    /* 80 to 8F */
    STATES
};

enum class {
    ASCII,
    C80, /* 80 */
    C81, /* 81 to 8F */
    C90, /* 90 to 9F */
    CA0, /* A0 to BF but the next two */
    CA8, /* A8 and A9 */
    BAD, /* C0, C1, F5 to FF */
    LC2, /* C2 to DF */
    LE0,
    LE1, /* E1, E3 to EC, EE, EF */
    LE2,
    LED,
    LF0,
    LF1, /* F1 to F3 */
    LF4,
    CLASSES = 16 /* a power of two */
};

/* clang-format off */
#define TWICE(c) c, c
#define FOUR(c) TWICE(c), TWICE(c)
#define SEVEN(c) FOUR(c), TWICE(c), c
#define FIFTEEN(c) SEVEN(c), FOUR(c), FOUR(c)
#define SIXTEEN(c) FIFTEEN(c), c

static const unsigned char class_of[0x100] = {
    SIXTEEN(ASCII), SIXTEEN(ASCII), SIXTEEN(ASCII), SIXTEEN(ASCII),
    SIXTEEN(ASCII), SIXTEEN(ASCII), SIXTEEN(ASCII), SIXTEEN(ASCII),
    C80, FIFTEEN(C81),
    SIXTEEN(C90),
    SEVEN(CA0), CA0, TWICE(CA8), FOUR(CA0), TWICE(CA0),
    SIXTEEN(CA0),
    TWICE(BAD), SEVEN(LC2), SEVEN(LC2),
    SIXTEEN(LC2),
    LE0, LE1, LE2, FOUR(LE1), FOUR(LE1), TWICE(LE1), LED, TWICE(LE1),
    LF0, TWICE(LF1), LF1, LF4, SEVEN(BAD), FOUR(BAD),
};

/* What is written: an entry for each byte, and these. */
enum {
    REPLACEMENT = 0x100,     /* U+FFFD */
    SEPARATOR,               /* U+2028 and U+2029 */
    GLYPHS = SEPARATOR + 2
};

struct glyph {
    unsigned char text[7];
    unsigned char n; /* bytes of it */
};

#define SELF(c)   { { (c) }, 1 }
#define LETTER(c) { { '\\', (c) }, 2 }
#define CODE(a, b, c, d) { { '\\', 'u', a, b, c, d }, 6 }
#define C0(d)     CODE('0', '0', '0', d)
#define C1(d)     CODE('0', '0', '1', d)
#define SELF4(c)  SELF(c), SELF((c) + 1), SELF((c) + 2), SELF((c) + 3)
#define SELF16(c) SELF4(c), SELF4((c) + 4), SELF4((c) + 8), SELF4((c) + 12)

static const struct glyph glyphs[GLYPHS] = {
    C0('0'), C0('1'), C0('2'), C0('3'), C0('4'), C0('5'), C0('6'), C0('7'),
    LETTER('b'), LETTER('t'), LETTER('n'), C0('b'), LETTER('f'), LETTER('r'), C0('e'), C0('f'),
    C1('0'), C1('1'), C1('2'), C1('3'), C1('4'), C1('5'), C1('6'), C1('7'),
    C1('8'), C1('9'), C1('a'), C1('b'), C1('c'), C1('d'), C1('e'), C1('f'),
    SELF(' '), SELF('!'), LETTER('"'), SELF('#'), SELF4(0x24), SELF4(0x28), SELF4(0x2C),
    SELF16(0x30), SELF16(0x40),
    SELF4(0x50), SELF4(0x54), SELF4(0x58), LETTER('\\'), SELF(']'), SELF('^'), SELF('_'),
    SELF16(0x60),
    SELF4(0x70), SELF4(0x74), SELF4(0x78), SELF('|'), SELF('}'), SELF('~'),
    CODE('0', '0', '7', 'f'),
    SELF16(0x80), SELF16(0x90), SELF16(0xA0), SELF16(0xB0),
    SELF16(0xC0), SELF16(0xD0), SELF16(0xE0), SELF16(0xF0),
    { { 0xEF, 0xBF, 0xBD }, 3 },
    CODE('2', '0', '2', '8'), CODE('2', '0', '2', '9'),
};

/* What a byte does in a state: what was written of a character that it breaks
 * is undone, and `lost` bytes of U+FFFD stand for it; then a glyph is put. */
struct step {
    unsigned char next; /* enum state */
    unsigned char undo; /* all ones: what is written of this character */
    unsigned char lost; /* 3, or 0 */
    unsigned char keep; /* all ones: the character goes on */
    unsigned char grow; /* bytes of an unfinished character that are put now */
    unsigned char mask; /* of the byte, its part in the glyph's number */
    unsigned short base; /* the rest of the number */
};

#define PUT(undo)        { ANY, undo, undo & 3, 0, 0, 0xFF, 0 }
#define ILL(undo)        { ANY, undo, undo & 3, 0, 0, 0, REPLACEMENT }
#define LEAD(undo, next) { next, undo, undo & 3, 0, 1, 0xFF, 0 }
#define GO(next)         { next, 0, 0, 0xFF, 1, 0xFF, 0 }
#define WHOLE            { ANY, 0, 0, 0, 0, 0xFF, 0 }
#define LINE_END         { ANY, 0xFF, 0, 0, 0, 1, SEPARATOR } /* A8 or A9 */

#define ROW(undo, c80, c81, c90, ca0, ca8) \
    { PUT(undo), c80, c81, c90, ca0, ca8, ILL(undo), LEAD(undo, ONE), LEAD(undo, E0), \
        LEAD(undo, TWO), LEAD(undo, E2), LEAD(undo, ED), LEAD(undo, F0), LEAD(undo, THREE), \
        LEAD(undo, F4) }
#define BREAK ILL(0xFF)

static const struct step steps[STATES][CLASSES] = {
    [ANY]   = ROW(0, ILL(0), ILL(0), ILL(0), ILL(0), ILL(0)),
    [ONE]   = ROW(0xFF, WHOLE, WHOLE, WHOLE, WHOLE, WHOLE),
    [TWO]   = ROW(0xFF, GO(ONE), GO(ONE), GO(ONE), GO(ONE), GO(ONE)),
    [THREE] = ROW(0xFF, GO(TWO), GO(TWO), GO(TWO), GO(TWO), GO(TWO)),
    [E0]    = ROW(0xFF, BREAK, BREAK, BREAK, GO(ONE), GO(ONE)),
    [E2]    = ROW(0xFF, GO(E2_80), GO(ONE), GO(ONE), GO(ONE), GO(ONE)),
    [E2_80] = ROW(0xFF, WHOLE, WHOLE, WHOLE, WHOLE, LINE_END),
    [ED]    = ROW(0xFF, GO(ONE), GO(ONE), GO(ONE), BREAK, BREAK),
    [F0]    = ROW(0xFF, BREAK, BREAK, GO(TWO), GO(TWO), GO(TWO)),
    [F4]    = ROW(0xFF, GO(TWO), GO(TWO), BREAK, BREAK, BREAK),
};
/* clang-format on */

void
escape_automaton(struct escaper *e, size_t n)
{
    static const struct glyph *const ill = &glyphs[REPLACEMENT];
    const unsigned char *p = e->p, *enough = p + n;
    unsigned char *w = e->w;
    unsigned state = ANY, written = 0; /* bytes of an unfinished character */

    /* Past `enough` goes only the character that began before it. */
    while (p < enough || (state != ANY && p < e->end && p - written < enough)) {
        const struct step *s = &steps[state][class_of[*p]];
        const struct glyph *g = &glyphs[(*p & s->mask) + s->base];

        w -= written & s->undo;
        memcpy(w, ill, sizeof *ill);
        w += s->lost;
        memcpy(w, g, sizeof *g);
        w += g->n;
        written = (written & s->keep) + s->grow;
        state = s->next;
        p++;
    }
    if (state != ANY) {
        w -= written;
        if (p - written < enough) {
            memcpy(w, ill->text, ill->n);
            w += ill->n;
        } else {
            p -= written; /* it broke that one off, and is left to who comes next */
        }
    }
    e->p = p;
    e->w = w;
}
