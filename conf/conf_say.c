/* conf/conf_say.c -- contracts are in conf_say.h. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "arena/region.h"
#include "conf/conf_say.h"

enum {
    TEXT_MAX = 512, /* bytes, including NUL */
    COMPLAINTS_MAX = 200,
};

struct conf_complaint {
    enum conf_level level;
    int line;
    const char *text;
    struct conf_complaint *next;
};

void
conf_say_begin(struct conf_say *s, const char *file, struct region *mem, conf_say_fn *fn, void *ctx)
{
    *s = (struct conf_say){ .fn = fn, .ctx = ctx, .file = file, .mem = mem };
}

static void
note(struct conf_say *s, enum conf_level level, int line, const char *fmt, va_list ap)
{
    struct conf_complaint **at = &s->first;
    struct conf_complaint *c;
    char text[TEXT_MAX];

    s->errors += level == CONF_ERROR;
    if (s->noted == COMPLAINTS_MAX)
        return;
    s->noted++;
    (void)vsnprintf(text, sizeof text, fmt, ap); /* cut when longer */
    for (char *p = text; *p; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?';
    }
    c = region_zalloc(s->mem, 1, sizeof *c);
    if (c)
        c->text = region_strdup(s->mem, text);
    if (!c || !c->text) {
        /* Out of turn is better than lost. */
        s->fn(s->ctx, level, s->file, line, text);
        return;
    }
    c->level = level;
    c->line = line;
    while (*at && (*at)->line <= line)
        at = &(*at)->next;
    c->next = *at;
    *at = c;
}

void
conf_say_error(struct conf_say *s, int line, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    note(s, CONF_ERROR, line, fmt, ap);
    va_end(ap);
}

void
conf_say_warning(struct conf_say *s, int line, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    note(s, CONF_WARNING, line, fmt, ap);
    va_end(ap);
}

void
conf_say_unread(struct conf_say *s, int line)
{
    s->unread = true;
    s->unread_from = line;
}

static void
tell_unread(const struct conf_say *s)
{
    static const char judged[] = "options were not judged yet: once this is mended, look again";
    char text[TEXT_MAX];

    if (s->unread_from > 0)
        (void)snprintf(
            text, sizeof text, "nothing after line %d was read, and %s", s->unread_from, judged);
    s->fn(s->ctx, CONF_WARNING, s->file, 0, s->unread_from > 0 ? text : judged);
}

unsigned
conf_say_end(struct conf_say *s)
{
    for (const struct conf_complaint *c = s->first; c; c = c->next)
        s->fn(s->ctx, c->level, s->file, c->line, c->text);
    if (s->noted == COMPLAINTS_MAX)
        s->fn(s->ctx, CONF_WARNING, s->file, 0, "there is more, which is not told");
    if (s->unread)
        tell_unread(s);
    s->first = NULL;
    return s->errors;
}
