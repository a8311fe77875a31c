/* base/escape_vector.c -- blocks by the vectors that every x86-64 and every ARM64 has.
 *
 * They find what is dirty.  High bytes they leave to the automaton.
 */
#include "config.h"

#include "base/escape.h"
#include "base/escape_impl.h"

#if defined(__SSE2__)
#include <emmintrin.h>

/* Turns each byte into all ones where it is dirty or high, else 0. */
static inline __m128i
not_clean(__m128i v)
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

static inline struct escape_marks
copy_vectors(unsigned char *to, const unsigned char *from)
{
    const __m128i *in = (const __m128i *)(const void *)from;
    __m128i *out = (__m128i *)(void *)to;
    uint64_t marks = 0, high = 0;

    for (unsigned i = 0; i < 4; i++) {
        __m128i v = _mm_loadu_si128(in + i);

        _mm_storeu_si128(out + i, v);
        marks |= bits_of(not_clean(v)) << 16 * i;
        high |= bits_of(v) << 16 * i;
    }
    return (struct escape_marks){ marks & ~high, high };
}

#elif defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>

static inline uint8x16_t
not_clean(uint8x16_t v)
{
    uint8x16_t outside = vcgtq_u8(vsubq_u8(v, vdupq_n_u8(0x20)), vdupq_n_u8(0x7E - 0x20));
    uint8x16_t quote = vceqq_u8(v, vdupq_n_u8('"'));
    uint8x16_t backslash = vceqq_u8(v, vdupq_n_u8('\\'));

    return vorrq_u8(vorrq_u8(quote, backslash), outside);
}

/* Gathers one bit of each of 64 bytes, which are all ones or 0. */
static inline uint64_t
bits_of(const uint8x16_t v[4])
{
    static const uint8_t bit[16] = { 1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128 };
    uint8x16_t b = vld1q_u8(bit);
    uint8x16_t low = vpaddq_u8(vandq_u8(v[0], b), vandq_u8(v[1], b));
    uint8x16_t all = vpaddq_u8(low, vpaddq_u8(vandq_u8(v[2], b), vandq_u8(v[3], b)));

    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(all, all)), 0);
}

static inline struct escape_marks
copy_vectors(unsigned char *to, const unsigned char *from)
{
    uint8x16_t marked[4], above[4];
    uint64_t marks, high;

    for (unsigned i = 0; i < 4; i++) {
        uint8x16_t v = vld1q_u8(from + 16 * i);

        vst1q_u8(to + 16 * i, v);
        marked[i] = not_clean(v);
        above[i] = vcgeq_u8(v, vdupq_n_u8(0x80));
    }
    marks = bits_of(marked);
    high = bits_of(above);
    return (struct escape_marks){ marks & ~high, high };
}

#else
#define NO_VECTORS
#endif

#ifndef NO_VECTORS

void
escape_vector(struct escaper *e)
{
    escape_blocks(e, escape_one_block, copy_vectors, escape_cannot_tell);
}

bool
escape_vector_there(void)
{
    return true;
}

#else

void
escape_vector(struct escaper *e)
{
    (void)e; /* the caller goes on without blocks */
}

bool
escape_vector_there(void)
{
    return false;
}

#endif
