/* base/buf.c -- contracts are in buf.h. */
#include "config.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"

void
buf_over(struct buf *b, void *mem, size_t max)
{
    assert(mem || max == 0);
    *b = (struct buf){ .p = mem, .max = max };
}

void
buf_put(struct buf *b, const void *p, size_t n)
{
    if (b->full || n == 0) /* memcpy(3) refuses NULL even for nothing */
        return;
    if (n > b->max - b->n) {
        b->full = true;
        return;
    }
    memcpy(b->p + b->n, p, n);
    b->n += n;
}

void
buf_puts(struct buf *b, const char *s)
{
    buf_put(b, s, strlen(s));
}

void
buf_putc(struct buf *b, unsigned char c)
{
    buf_put(b, &c, 1);
}

void
buf_uint(struct buf *b, uint64_t v)
{
    unsigned char text[sizeof("18446744073709551615") - 1];
    unsigned char *at = text + sizeof(text);

    do {
        *--at = (unsigned char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    buf_put(b, at, (size_t)(text + sizeof(text) - at));
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
    size_t room;
    char *at = (char *)buf_room(b, &room);
    va_list ap;
    int n;

    if (b->full)
        return;
    va_start(ap, fmt);
    n = vsnprintf(at, room, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= room)
        b->full = true;
    else
        b->n += (size_t)n;
}

unsigned char *
buf_room(struct buf *b, size_t *ret_n)
{
    *ret_n = b->full ? 0 : b->max - b->n;
    return b->p ? b->p + b->n : NULL;
}

void
buf_advance(struct buf *b, size_t n)
{
    assert(n == 0 || (!b->full && n <= b->max - b->n));
    b->n += n;
}

const char *
buf_cstr(struct buf *b)
{
    if (b->full || b->n == b->max)
        return NULL;
    b->p[b->n] = '\0';
    return (const char *)b->p;
}
