/* base/buf.h -- bytes that grow inside memory of a known maximum.
 *
 * A buf writes into memory that the caller owns (a block of the arena, a piece
 * of a region, an array).  It never moves and never grows past its maximum:
 * the first write that does not fit sets `full`, writes nothing, and turns
 * every later call into a no-op.  Check `full` once, at the end.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    unsigned char *p; /* the caller's */
    size_t n;         /* bytes written */
    size_t max;       /* bytes that fit */
    bool full;        /* something did not fit */
};

/* Begins an empty buf over `max` bytes at `mem`. */
void buf_over(struct buf *b, void *mem, size_t max) __attribute__((nonnull(1)));

/* Appends `n` bytes. */
void buf_put(struct buf *b, const void *p, size_t n) __attribute__((nonnull(1)));

/* Appends a string without its NUL. */
void buf_puts(struct buf *b, const char *s) __attribute__((nonnull));

/* Appends one byte. */
void buf_putc(struct buf *b, unsigned char c) __attribute__((nonnull));

/* Appends a number in decimal. */
void buf_uint(struct buf *b, uint64_t v) __attribute__((nonnull));

/* Appends as printf(3) does, without the NUL, which needs room while it
 * formats: text that would fill the last byte does not fit. */
void buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((nonnull(1, 2), format(printf, 2, 3)));

/* Returns where up to *ret_n more bytes can be written in place; follow with
 * buf_advance().  *ret_n is 0 once the buf is full. */
unsigned char *buf_room(struct buf *b, size_t *ret_n) __attribute__((nonnull));

/* Counts `n` bytes that were written at buf_room(); n MUST fit. */
void buf_advance(struct buf *b, size_t n) __attribute__((nonnull));

/* Returns the content as a string: adds a NUL that is not counted.  Returns
 * NULL when the buf is full or the NUL does not fit. */
const char *buf_cstr(struct buf *b) __attribute__((warn_unused_result, nonnull));

#endif
