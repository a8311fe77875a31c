/* fcgi/log.h -- one line an event, on stderr and in syslog.
 *
 *   2026-01-31T10:02:11.123Z INFO request method=GET uri=/health status=200
 *
 * Values that hold spaces, quotes or control characters are quoted, controls
 * written as \xNN; whatever looks like a token is masked.  Only this floor
 * logs.  Safe from any thread; a line is one write(2).
 *
 * Whoever reads our stderr and stops reading does not stop us: after a second
 * lines are dropped, and how many is told when there is room again.
 */
#ifndef FCGI_LOG_H
#define FCGI_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum log_level {
    LOG_AT_INFO,
    LOG_AT_WARNING,
    LOG_AT_ERROR
};

enum {
    LOG_LINE_MAX = 2048, /* bytes; a longer line loses its last fields */
    LOG_VALUE_MAX = 384, /* bytes of a value as it is written; a longer one is
                            cut and ends in "...", so that nobody who chooses
                            one pushes the others off the line */
};

struct log_line {
    /* Private. */
    enum log_level level;
    struct buf buf;
    char text[LOG_LINE_MAX];
};

/* Chooses where lines go; until then, stderr only.  syslog is opened with
 * ident cmon, LOG_PID, LOG_CONS and LOG_DAEMON.  May be called again. */
void log_open(bool to_stderr, bool to_syslog);

/* Whether a line goes anywhere: if not, it need not be made. */
bool log_wanted(void) __attribute__((warn_unused_result));

/* Begins a line; add fields, then end it. */
void log_begin(struct log_line *l, enum log_level level, const char *event)
    __attribute__((nonnull));
void log_str(struct log_line *l, const char *key, const char *value) __attribute__((nonnull));
void log_int(struct log_line *l, const char *key, int64_t value) __attribute__((nonnull));
/* A NULL-terminated list of words as one value. */
void log_words(struct log_line *l, const char *key, char *const *words) __attribute__((nonnull));
/* Nanoseconds, as milliseconds. */
void log_msec(struct log_line *l, const char *key, int64_t nsec) __attribute__((nonnull));
void log_end(struct log_line *l) __attribute__((nonnull));

/* A whole line with one field, "msg", which may fill it. */
void log_event(enum log_level level, const char *event, const char *fmt, ...)
    __attribute__((nonnull(2, 3), format(printf, 3, 4)));

#endif
