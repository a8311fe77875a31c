/* exec/input.h -- what a command is to read: bytes in a sealed memory file.
 *
 * Nobody feeds the command and it never waits: all of it is there when it
 * starts.  The memory is the file's, and goes with its last descriptor.
 */
#ifndef EXEC_INPUT_H
#define EXEC_INPUT_H

#include <stddef.h>

struct err;

struct input {
    int fd;     /* CLOEXEC, at its beginning; -1 while there is nothing */
    size_t len; /* bytes */
};

/* Begins with nothing. */
void input_init(struct input *in) __attribute__((nonnull));

/* Appends bytes; the first ones make the file.  Returns 0 or -errno, and there
 * is nothing then. */
int input_add(struct input *in, const void *p, size_t n, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Appends the next `n` bytes of a blocking descriptor, fewer when it ends
 * before.  Returns 0 or -errno, the same. */
int input_read(struct input *in, int from, size_t n, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* From here on nobody can change it, whoever has it.  Returns 0 or -errno, the
 * same. */
int input_seal(struct input *in, struct err *err) __attribute__((warn_unused_result, nonnull));

/* Lets go; there is nothing then. */
void input_close(struct input *in) __attribute__((nonnull));

#endif
