/* conf/pattern.h -- regular expressions with a limit on their work.
 *
 * pattern.c is the only file that sees PCRE2.
 */
#ifndef CONF_PATTERN_H
#define CONF_PATTERN_H

#include <stddef.h>

struct err;
struct pattern;
struct region;

enum pattern_answer {
    PATTERN_NO,
    PATTERN_YES,
    PATTERN_TOO_HARD
};

/* Compiles a pattern that a value must match as a whole (it is anchored at
 * both ends).  It lives in `r`, which may be made read-only, and as long as that.
 * Returns 0, -EINVAL with PCRE2's message and the offset, or -ENOMEM. */
int pattern_compile(const char *text, struct region *r, struct pattern **ret_pattern,
    struct err *err) __attribute__((warn_unused_result, nonnull));

/* Matches `n` bytes of valid UTF-8 under match and depth limits.  Safe from
 * any thread. */
enum pattern_answer pattern_match(const struct pattern *p, const char *s, size_t n)
    __attribute__((warn_unused_result, nonnull));

#endif
