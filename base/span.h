/* base/span.h -- a pointer and a length: bytes that somebody else owns. */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
    const unsigned char *p;
    size_t n; /* bytes */
};

/* The bytes of a string, without its NUL. */
static inline struct span
span_str(const char *s)
{
    return (struct span){ (const unsigned char *)s, strlen(s) };
}

/* Whether a span holds exactly the bytes of a string.  Not for secrets. */
static inline bool
span_is(struct span a, const char *s)
{
    size_t n = strlen(s);

    return a.n == n && memcmp(a.p, s, n) == 0;
}

#endif
