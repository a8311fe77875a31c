/* tests/fcgi/logline.h -- reads a line of log back, as anybody would.
 *
 * Written without fcgi/, so that the two can be compared.
 */
#ifndef TESTS_FCGI_LOGLINE_H
#define TESTS_FCGI_LOGLINE_H

#include <stdbool.h>

enum {
    LOGLINE_FIELDS_MAX = 300,
    LOGLINE_VALUE_MAX = 4096
};

struct logline {
    char stamp[64], level[16], event[32];
    unsigned n;
    struct {
        char key[32];
        char value[LOGLINE_VALUE_MAX]; /* unquoted */
        bool quoted;
    } field[LOGLINE_FIELDS_MAX];
};

/* Reads `text`.  Returns false when it is no line: a character that is not
 * printable, a quote that stays open or stands where none may, no newline at
 * the end or another one before. */
bool logline_read(const char *text, struct logline *ret_line);

#endif
