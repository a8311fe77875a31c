/* exec/capture.h -- what a command says, from its pipe to where it is kept.
 *
 * The reading end never blocks, the writing end is an ordinary one.  Bytes go
 * straight to where they are kept; what is not kept is read and dropped, so
 * that the command never waits for us.
 */
#ifndef EXEC_CAPTURE_H
#define EXEC_CAPTURE_H

#include <stdbool.h>

#include "exec/keep.h"

struct err;

enum {
    CAPTURE_PIPES = 2 /* the most that one command has */
};

struct capture {
    /* Private. */
    int fd;               /* reading end, -1 once it has ended */
    struct keep *keep;    /* the caller's, or NULL: everything is dropped */
    enum keep_stream who; /* what it is kept as */
};

/* Makes the pipe.  The writing end is CLOEXEC and the caller's; `keep`, too,
 * which MUST stay until the capture has ended.  Returns 0 or -errno ("pipe:
 * ..."), and *c is then ended. */
int capture_open(struct capture *c, struct keep *keep, enum keep_stream who, int *ret_writer,
    struct err *err) __attribute__((warn_unused_result, nonnull));

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
