/* base/escape_avx2.c -- blocks by AVX2, well-formed UTF-8 included.
 *
 * Whether two neighbouring bytes can stand together follows from three nibbles:
 * both of the first byte and the high one of the second.  Each looks up a set
 * of mistakes that it does not rule out; what all three have in common is one
 * (J. Keiser, D. Lemire, "Validating UTF-8 In Less Than One Instruction Per
 * Byte", 2021).  Third and fourth bytes are then counted from their leads.
 */
#include "config.h"

#include "base/escape.h"
#include "base/escape_impl.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,bmi")))

/* Mistakes that two bytes can show. */
enum {
    TOO_SHORT = 1 << 0,  /* a lead, and no continuation behind it */
    TOO_LONG = 1 << 1,   /* ASCII, and a continuation behind it */
    OVERLONG_3 = 1 << 2, /* E0, 80 to 9F */
    TOO_LARGE = 1 << 3,  /* F4, 90 to BF, and higher leads */
    SURROGATE = 1 << 4,  /* ED, A0 to BF */
    OVERLONG_2 = 1 << 5, /* C0 and C1 */
    OVERLONG_4 = 1 << 6, /* F0, 80 to 8F; F5 to FF, 80 to 8F */
    TWO_CONTS = 1 << 7,  /* which a third or fourth byte may be */
    ANYWAY = TOO_SHORT | TOO_LONG | TWO_CONTS,
};

static inline AVX2 __m256i
load(const unsigned char *p)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

static inline AVX2 void
store(unsigned char *p, __m256i v)
{
    _mm256_storeu_si256((__m256i *)(void *)p, v);
}

/* Turns each byte into all ones where it is dirty or high, else 0. */
static inline AVX2 __m256i
not_clean(__m256i v)
{
    /* One up and taken as signed, DEL and 80 to FF are below 0x21 as C0 is. */
    __m256i up = _mm256_add_epi8(v, _mm256_set1_epi8(1));
    __m256i outside = _mm256_cmpgt_epi8(_mm256_set1_epi8(0x21), up);
    __m256i quote = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('"'));
    __m256i backslash = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\\'));

    return _mm256_or_si256(_mm256_or_si256(quote, backslash), outside);
}

static inline AVX2 uint64_t
bits_of(__m256i low, __m256i high)
{
    return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high)
                                                     << 32;
}

static inline AVX2 struct escape_marks
copy(unsigned char *to, const unsigned char *from)
{
    __m256i a = load(from), b = load(from + 32);
    uint64_t marks, high;

    store(to, a);
    store(to + 32, b);
    marks = bits_of(not_clean(a), not_clean(b));
    high = bits_of(a, b);
    return (struct escape_marks){ marks & ~high, high };
}

static inline AVX2 size_t
run(unsigned char *to, const unsigned char *from, size_t n)
{
    size_t done = 0;

    while (n - done >= 2 * ESCAPE_BLOCK) {
        __m256i a = load(from + done), b = load(from + done + 32);
        __m256i c = load(from + done + 64), d = load(from + done + 96);
        __m256i marks;

        store(to + done, a);
        store(to + done + 32, b);
        store(to + done + 64, c);
        store(to + done + 96, d);
        marks = _mm256_or_si256(_mm256_or_si256(not_clean(a), not_clean(b)),
            _mm256_or_si256(not_clean(c), not_clean(d)));
        if (!_mm256_testz_si256(marks, marks))
            break;
        done += 2 * ESCAPE_BLOCK;
    }
    return done > 0 ? done : ESCAPE_BLOCK;
}

static inline AVX2 __m256i
table(char x0, char x1, char x2, char x3, char x4, char x5, char x6, char x7, char x8, char x9,
    char xa, char xb, char xc, char xd, char xe, char xf)
{
    return _mm256_setr_epi8(x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, xa, xb, xc, xd, xe, xf, x0, x1,
        x2, x3, x4, x5, x6, x7, x8, x9, xa, xb, xc, xd, xe, xf);
}

static inline AVX2 __m256i
high_nibbles(__m256i v)
{
    return _mm256_and_si256(_mm256_srli_epi16(v, 4), _mm256_set1_epi8(0x0F));
}

/* Mistakes of each byte of `v` behind that of `before`. */
static inline AVX2 __m256i
pair_mistakes(__m256i before, __m256i v)
{
    const __m256i first_high = table(TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG,
        TOO_LONG, TOO_LONG, (char)TWO_CONTS, (char)TWO_CONTS, (char)TWO_CONTS, (char)TWO_CONTS,
        TOO_SHORT | OVERLONG_2, TOO_SHORT, TOO_SHORT | OVERLONG_3 | SURROGATE,
        TOO_SHORT | TOO_LARGE | OVERLONG_4);
    const char large = (char)(ANYWAY | TOO_LARGE | OVERLONG_4);
    const __m256i first_low = table((char)(ANYWAY | OVERLONG_2 | OVERLONG_3 | OVERLONG_4),
        (char)(ANYWAY | OVERLONG_2), (char)ANYWAY, (char)ANYWAY, (char)(ANYWAY | TOO_LARGE), large,
        large, large, large, large, large, large, large, (char)(large | SURROGATE), large, large);
    const char cont = (char)(TOO_LONG | OVERLONG_2 | TWO_CONTS);
    const __m256i second_high = table(TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
        TOO_SHORT, TOO_SHORT, TOO_SHORT, (char)(cont | OVERLONG_3 | OVERLONG_4),
        (char)(cont | OVERLONG_3 | TOO_LARGE), (char)(cont | SURROGATE | TOO_LARGE),
        (char)(cont | SURROGATE | TOO_LARGE), TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT);
    __m256i low = _mm256_and_si256(before, _mm256_set1_epi8(0x0F));

    return _mm256_and_si256(_mm256_and_si256(_mm256_shuffle_epi8(first_high, high_nibbles(before)),
                                _mm256_shuffle_epi8(first_low, low)),
        _mm256_shuffle_epi8(second_high, high_nibbles(v)));
}

/* All mistakes of a vector, whose last bytes before it are those of `last`. */
static inline AVX2 __m256i
mistakes(__m256i last, __m256i v)
{
    __m256i joint = _mm256_permute2x128_si256(last, v, 0x21);
    __m256i back1 = _mm256_alignr_epi8(v, joint, 15);
    __m256i back2 = _mm256_alignr_epi8(v, joint, 14);
    __m256i back3 = _mm256_alignr_epi8(v, joint, 13);
    /* The top bit says: two before is E0 or more, three before is F0 or more. */
    __m256i third = _mm256_subs_epu8(back2, _mm256_set1_epi8((char)(0xE0 - 0x80)));
    __m256i fourth = _mm256_subs_epu8(back3, _mm256_set1_epi8((char)(0xF0 - 0x80)));
    __m256i due =
        _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8((char)TWO_CONTS));

    /* Two continuations are a mistake but where a third or fourth byte is due. */
    return _mm256_xor_si256(pair_mistakes(back1, v), due);
}

/* The bits of bytes that are one value, in the block. */
static inline AVX2 uint64_t
where(__m256i a, __m256i b, int value)
{
    __m256i v = _mm256_set1_epi8((char)value);

    return bits_of(_mm256_cmpeq_epi8(a, v), _mm256_cmpeq_epi8(b, v));
}

/* How many bytes at the end of a block begin a character that it does not hold. */
static inline size_t
unfinished(const unsigned char *end)
{
    if (end[-1] >= 0xC0)
        return 1;
    if (end[-2] >= 0xE0)
        return 2;
    return end[-3] >= 0xF0 ? 3 : 0;
}

static inline AVX2 size_t
judge(const unsigned char *p, uint64_t high, uint64_t *marks)
{
    __m256i a = load(p), b = load(p + 32);
    __m256i wrong = _mm256_or_si256(mistakes(_mm256_setzero_si256(), a), mistakes(a, b));
    uint64_t e2;

    (void)high;
    if (!_mm256_testz_si256(wrong, wrong))
        return 0;
    /* U+2028 and U+2029 are E2 80 A8 and E2 80 A9. */
    e2 = where(a, b, 0xE2);
    if (e2 != 0)
        *marks |= e2 & where(a, b, 0x80) >> 1 & (where(a, b, 0xA8) | where(a, b, 0xA9)) >> 2;
    return ESCAPE_BLOCK - unfinished(p + ESCAPE_BLOCK);
}

AVX2 void
escape_avx2(struct escaper *e)
{
    escape_blocks(e, run, copy, judge);
}

bool
escape_avx2_there(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi");
}

#else

void
escape_avx2(struct escaper *e)
{
    (void)e; /* never called */
}

bool
escape_avx2_there(void)
{
    return false;
}

#endif
