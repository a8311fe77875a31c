/* conf/pattern.c -- contracts are in pattern.h.
 *
 * A backtracking matcher can be made to work for minutes by a value of a few
 * dozen bytes, so every match has a limit on its steps and on its memory; one
 * that reaches it is neither yes nor no, and its caller refuses the value.
 */
#include "config.h"

#include <errno.h>
#include <pcre2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "conf/pattern.h"

enum {
    MATCH_STEPS = 100 * 1000, /* about a millisecond */
    MATCH_DEPTH = 10 * 1000,
    MATCH_HEAP = 2048, /* KiB */
    MESSAGE_MAX = 128, /* bytes, PCRE2's own advice */
};

struct pattern {
    pcre2_code *code;
    pcre2_match_context *limits; /* read-only once made: shared by all threads */
};

/* \w, \d and \s stay ASCII (no PCRE2_UCP): who writes [\w-]+ thinks of that.
 * \C could split a character. */
static const uint32_t options =
    PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOLLAR_ENDONLY | PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C;

static int
compile_code(const char *text, pcre2_code **ret_code, struct err *err)
{
    PCRE2_UCHAR why[MESSAGE_MAX];
    PCRE2_SIZE offset;
    int num;

    *ret_code = pcre2_compile((PCRE2_SPTR)text, strlen(text), options, &num, &offset, NULL);
    if (*ret_code)
        return 0;
    /* Cut when it is longer, which is no loss. */
    (void)pcre2_get_error_message(num, why, sizeof why);
    return err_msg(err, EINVAL, "%s at offset %zu", (const char *)why, (size_t)offset);
}

int
pattern_compile(const char *text, struct pattern **ret_pattern, struct err *err)
{
    struct pattern *p = calloc(1, sizeof *p);
    int r;

    if (!p)
        return err_sys(err, ENOMEM, "malloc", NULL);
    r = compile_code(text, &p->code, err);
    if (r < 0)
        goto undo;
    p->limits = pcre2_match_context_create(NULL);
    if (!p->limits) {
        r = err_sys(err, ENOMEM, "malloc", NULL);
        goto undo;
    }
    /* These three cannot fail. */
    (void)pcre2_set_match_limit(p->limits, MATCH_STEPS);
    (void)pcre2_set_depth_limit(p->limits, MATCH_DEPTH);
    (void)pcre2_set_heap_limit(p->limits, MATCH_HEAP);
    *ret_pattern = p;
    return 0;

undo:
    pattern_free(p);
    return r;
}

enum pattern_answer
pattern_match(const struct pattern *p, const char *s, size_t n)
{
    pcre2_match_data *found = pcre2_match_data_create(1, NULL);
    int r;

    if (!found)
        return PATTERN_TOO_HARD;
    r = pcre2_match(p->code, (PCRE2_SPTR)s, n, 0, 0, found, p->limits);
    pcre2_match_data_free(found);
    if (r >= 0)
        return PATTERN_YES;
    return r == PCRE2_ERROR_NOMATCH ? PATTERN_NO : PATTERN_TOO_HARD;
}

void
pattern_free(struct pattern *p)
{
    if (!p)
        return;
    pcre2_match_context_free(p->limits);
    pcre2_code_free(p->code);
    free(p);
}
