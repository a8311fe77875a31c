/* base/utf8.h -- steps through UTF-8 (RFC 3629) that may be ill-formed. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct utf8_step {
    uint32_t cp; /* the code point; 0xFFFD when !valid */
    size_t n;    /* bytes to skip: the character, or the maximal subpart of an
                    ill-formed sequence (1 to 3) */
    bool valid;
};

/* Decodes what stands at `p`; n MUST be at least 1. */
struct utf8_step utf8_next(const unsigned char *p, size_t n)
    __attribute__((warn_unused_result, nonnull));

/* Whether all `n` bytes are well-formed. */
bool utf8_valid(const unsigned char *p, size_t n) __attribute__((warn_unused_result, nonnull));

#endif
