/* exec/capture.h -- what a command says, from its pipe into a block of memory.
 *
 * The reading end never blocks, the writing end is an ordinary one.  Bytes go
 * straight into the caller's memory; what does not fit is read and dropped, so
 * that the command never waits for us.
 */
#ifndef EXEC_CAPTURE_H
#define EXEC_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>

struct err;

struct capture {
    /* Private. */
    int fd;             /* reading end, -1 once it has ended */
    unsigned char *out; /* the caller's */
    size_t max;         /* bytes that fit at out */
    size_t len;         /* bytes captured */
    bool truncated;     /* at least one byte was dropped */
};

/* Makes the pipe; `max` may be 0.  The writing end is CLOEXEC and the
 * caller's.  Returns 0 or -errno ("pipe: ..."), and *c is then ended. */
int capture_open(struct capture *c, unsigned char *out, size_t max, int *ret_writer,
    struct err *err) __attribute__((warn_unused_result, nonnull(1, 4, 5)));

/* Reads what is there, at most about 1 MiB so that an endless writer cannot
 * hold the caller, and ends the capture at end of file. */
void capture_read(struct capture *c) __attribute__((nonnull));

/* Reads what the pipe holds at this moment, all of it, and does not mind who
 * still has the writing end and writes on. */
void capture_finish(struct capture *c) __attribute__((nonnull));

/* Ends the capture and reads nothing. */
void capture_close(struct capture *c) __attribute__((nonnull));

/* Ends `from` and makes `to` go on with its pipe, dropping everything; the pipe
 * is made larger, so that reading it once in a while will do. */
void capture_move(struct capture *to, struct capture *from) __attribute__((nonnull));

/* Whether the pipe has ended. */
bool capture_ended(const struct capture *c) __attribute__((warn_unused_result, nonnull));

#endif
