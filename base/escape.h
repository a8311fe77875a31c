/* base/escape.h -- what stands between the quotes of a JSON string.
 *
 * The inside of json_escape() (base/json.h, which says what becomes of which
 * byte): a copy, block by block, that finds on its way what cannot stay as it
 * is.  One contract and several ways, for what the processor has; all of them
 * write the same bytes.
 *
 * Knows neither documents nor bufs.  Safe in any thread.
 */
#ifndef BASE_ESCAPE_H
#define BASE_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

enum escape_way {
    ESCAPE_PORTABLE, /* 8 bytes at a time, anywhere */
    ESCAPE_VECTOR,   /* SSE2 or NEON, which every x86-64 and ARM64 has */
    ESCAPE_AVX2, /* AVX2, which also knows well-formed UTF-8 without looking at each character */
    ESCAPE_WAYS
};

enum {
    ESCAPE_EXPANSION_MAX = 6, /* output bytes for one input byte, at worst */
};

/* Whether this program, on this machine, has a way. */
bool escape_can(enum escape_way way) __attribute__((warn_unused_result));

/* Escapes `n` bytes at `p` into at most `room` bytes at `out`, by the best way
 * there is.  All of the room serves as scratch, whatever is needed of it, and
 * MUST NOT overlap with the input.  On success stores how many bytes were
 * written; returns false when they do not fit. */
bool escape_bytes(const unsigned char *p, size_t n, unsigned char *out, size_t room,
    size_t *ret_written) __attribute__((warn_unused_result, nonnull));

/* The same by a given way, which MUST be one that escape_can() knows.  For
 * tests and measurements. */
bool escape_bytes_by(enum escape_way way, const unsigned char *p, size_t n, unsigned char *out,
    size_t room, size_t *ret_written) __attribute__((warn_unused_result, nonnull));

#endif
