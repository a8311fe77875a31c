/* tests/base/sample.h -- byte strings to try, and what is meant to come of them.
 *
 * Written without base/, so that the two can be compared.
 */
#ifndef TESTS_BASE_SAMPLE_H
#define TESTS_BASE_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

/* Writes between 0 and `max` bytes to `out`, always the same for a seed: random
 * bytes, text with few or many characters that need an escape, UTF-8 with and
 * without errors.  Returns how many. */
size_t sample_make(uint64_t seed, unsigned char *out, size_t max);

/* Returns the length of the well-formed character at `p`, or 0 when there is
 * none; *ret_skip is then the length of the maximal subpart. */
size_t sample_character(const unsigned char *p, size_t n, size_t *ret_skip);

/* Writes what a reader of the escaped `in` is meant to see: `in`, with U+FFFD
 * for each maximal subpart of an ill-formed sequence.  `out` has room for
 * 3 * n bytes.  Returns how many it took. */
size_t sample_meant(const unsigned char *in, size_t n, unsigned char *out);

/* Writes the one escaped form of what sample_meant() says, `n` well-formed
 * bytes.  `out` has room for 6 * n bytes.  Returns how many it took. */
size_t sample_escaped(const unsigned char *in, size_t n, unsigned char *out);

#endif
