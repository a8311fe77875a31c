/* conf/pattern.h -- regular expressions with a limit on their work.
 *
 * pattern.c is the only file that sees PCRE2.
 */
#ifndef CONF_PATTERN_H
#define CONF_PATTERN_H

#include <stddef.h>

struct err;
struct pattern;

enum pattern_answer {
    PATTERN_NO,
    PATTERN_YES,
    PATTERN_TOO_HARD
};

/* Compiles a pattern that a value must match as a whole (it is anchored at
 * both ends).  Returns 0, or -EINVAL with PCRE2's message and the offset. */
int pattern_compile(const char *text, struct pattern **ret_pattern, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Matches `n` bytes of valid UTF-8 under match and depth limits.  Safe from
 * any thread. */
enum pattern_answer pattern_match(const struct pattern *p, const char *s, size_t n)
    __attribute__((warn_unused_result, nonnull));

/* NULL is allowed. */
void pattern_free(struct pattern *p);

#endif
