/* conf/conf_output.c -- contracts are in conf_output.h. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "arena/region.h"
#include "conf/conf.h"
#include "conf/conf_output.h"

void
conf_output_keep(const struct conf_build *b, const struct conf_block *block, enum run_keep *keep)
{
    int line = 0;
    const char *text = conf_build_text(block, "output_keep", &line);

    if (!text)
        return;
    if (strcmp(text, "head") == 0)
        *keep = RUN_KEEP_HEAD;
    else if (strcmp(text, "tail") == 0)
        *keep = RUN_KEEP_TAIL;
    else if (strcmp(text, "kill") == 0)
        *keep = RUN_KEEP_KILL;
    else
        conf_build_error(b, block, line, "output_keep: must be head, tail or kill");
}

/* Skips a token (RFC 9110, 5.6.2); NULL when there is none. */
static const char *
skip_token(const char *s)
{
    static const char tchar[] = "!#$%&'*+-.^_`|~0123456789"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    size_t n = strspn(s, tchar);

    return n > 0 ? s + n : NULL;
}

/* Skips a quoted string of what is printable; NULL when there is none. */
static const char *
skip_quoted(const char *s)
{
    for (s++; *s != '"'; s++) {
        if (*s == '\\')
            s++;
        if (*s < ' ' || *s == 0x7f) /* NUL, and what is not ASCII */
            return NULL;
    }
    return s + 1;
}

/* Says what is wrong with a media type (RFC 9110, 8.3.1), or NULL.  It stands
 * in a header as it is, so nothing else may pass. */
static const char *
refuse_type(const char *text)
{
    static const char form[] = "must be type/subtype, perhaps with parameters: \"text/plain; "
                               "charset=utf-8\"";
    const char *s = skip_token(text);

    if (strlen(text) > ROUTE_CONTENT_TYPE_MAX)
        return "is too long";
    s = s && *s == '/' ? skip_token(s + 1) : NULL;
    while (s && *s) {
        s += strspn(s, " ");
        if (*s++ != ';')
            return form;
        s = skip_token(s + strspn(s, " "));
        if (s && *s++ != '=')
            return form;
        if (s)
            s = *s == '"' ? skip_quoted(s) : skip_token(s);
    }
    return s ? NULL : form;
}

static int
build_content_type(const struct conf_build *b, const struct conf_block *block, struct route *rt)
{
    const struct conf_option *o = conf_tree_find(block, "content_type");
    int line = block->line;
    const char *text = conf_build_text(block, "content_type", &line);
    const char *why = text ? refuse_type(text) : NULL;

    if (rt->output != ROUTE_RAW) {
        if (o)
            conf_build_error(b, block, o->line, "content_type: is for output = raw only");
        return 0;
    }
    if (!text || why) {
        conf_build_error(
            b, block, line, "content_type: %s", text ? why : "is missing, and output is raw");
        return 0;
    }
    rt->content_type = region_strdup(b->mem, text);
    return rt->content_type ? 0 : -ENOMEM;
}

int
conf_output_build(const struct conf_build *b, const struct conf_block *block, struct route *rt)
{
    int64_t output_max = (int64_t)b->conf->output_max;
    int line = 0;
    const char *text = conf_build_text(block, "output", &line);
    unsigned i;

    rt->output_keep = b->conf->output_keep;
    conf_output_keep(b, block, &rt->output_keep);
    conf_build_number(
        b, block, "output_max", CONF_SIZE, CONF_OUTPUT_MIN, CONF_OUTPUT_MAX, &output_max);
    rt->output_max = (size_t)output_max;
    for (i = 0; text && i < ROUTE_OUTPUT_MAX && strcmp(text, route_output_name(i)) != 0; i++)
        continue;
    if (i < ROUTE_OUTPUT_MAX)
        rt->output = i;
    else
        conf_build_error(b, block, line, "output: must be joined, split or raw");
    return block ? build_content_type(b, block, rt) : 0;
}
