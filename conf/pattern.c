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

#include "arena/region.h"
#include "base/err.h"
#include "conf/pattern.h"

enum {
    MATCH_STEPS = 100 * 1000, /* about a millisecond */
    MATCH_DEPTH = 10 * 1000,
    MATCH_HEAP = 2048, /* KiB */
    MESSAGE_MAX = 128, /* bytes, PCRE2's own advice */
};

/* Where PCRE2 gets memory from.  What it has made keeps the address. */
struct room {
    struct region *into; /* NULL: malloc(3), as for all that does not stay */
};

struct pattern {
    struct room room;
    pcre2_code *code;
    pcre2_match_context *limits; /* read-only once made: shared by all threads */
};

/* \w, \d and \s stay ASCII (no PCRE2_UCP): who writes [\w-]+ thinks of that.
 * \C could split a character. */
static const uint32_t options =
    PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOLLAR_ENDONLY | PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C;

static void *
take(size_t n, void *ctx)
{
    const struct room *room = ctx;

    return room->into ? region_alloc(room->into, n) : malloc(n);
}

/* Nothing in a region comes here: it goes with the region. */
static void
drop(void *p, void *ctx)
{
    (void)ctx;
    free(p);
}

static int
compile_code(const char *text, pcre2_compile_context *ctx, pcre2_code **ret_code, struct err *err)
{
    PCRE2_UCHAR why[MESSAGE_MAX];
    PCRE2_SIZE offset;
    int num;

    *ret_code = pcre2_compile((PCRE2_SPTR)text, strlen(text), options, &num, &offset, ctx);
    if (*ret_code)
        return 0;
    /* Cut when it is longer, which is no loss. */
    (void)pcre2_get_error_message(num, why, sizeof why);
    return err_msg(err, EINVAL, "%s at offset %zu", (const char *)why, (size_t)offset);
}

/* Compiling takes and frees; what stays is a copy, all that goes into the region. */
static int
keep(struct pattern *p, struct region *r, const pcre2_code *code, pcre2_general_context *general)
{
    p->room.into = r;
    p->code = pcre2_code_copy(code);
    p->limits = pcre2_match_context_create(general);
    p->room.into = NULL;
    if (!p->code || !p->limits)
        return -ENOMEM;
    /* These three cannot fail. */
    (void)pcre2_set_match_limit(p->limits, MATCH_STEPS);
    (void)pcre2_set_depth_limit(p->limits, MATCH_DEPTH);
    (void)pcre2_set_heap_limit(p->limits, MATCH_HEAP);
    return 0;
}

int
pattern_compile(const char *text, struct region *r, struct pattern **ret_pattern, struct err *err)
{
    struct pattern *p = region_zalloc(r, 1, sizeof *p);
    pcre2_general_context *general = NULL;
    pcre2_compile_context *ctx = NULL;
    pcre2_code *code = NULL;
    int rc = -ENOMEM;

    if (p)
        general = pcre2_general_context_create(take, drop, &p->room);
    if (general)
        ctx = pcre2_compile_context_create(general);
    if (ctx)
        rc = compile_code(text, ctx, &code, err);
    if (rc == 0)
        rc = keep(p, r, code, general);
    if (rc == -ENOMEM)
        err_sys(err, ENOMEM, "malloc", NULL);
    if (rc == 0)
        *ret_pattern = p;
    pcre2_code_free(code);
    pcre2_compile_context_free(ctx);
    pcre2_general_context_free(general);
    return rc;
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
