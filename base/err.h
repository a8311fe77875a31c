/* base/err.h -- what failed, at which operation, on what.
 *
 * Filled once, where the failure happened, and carried up unchanged; only the
 * top floor turns it into a line of log or an answer.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum {
    ERR_TEXT_MAX = 256
}; /* bytes, including NUL */

struct err {
    int num;                 /* errno value, 0 when nothing failed */
    char text[ERR_TEXT_MAX]; /* "open /etc/x: Permission denied", cut when longer */
};

/* Records "op what: strerror(num)" (without `what` when it is NULL) and
 * returns -num.  `num` is an errno value above 0.  Here and below nothing that
 * is passed MAY point into *err. */
int err_sys(struct err *err, int num, const char *op, const char *what)
    __attribute__((nonnull(1, 3)));

/* Records a formatted message of its own and returns -num. */
int err_msg(struct err *err, int num, const char *fmt, ...)
    __attribute__((nonnull(1, 3), format(printf, 3, 4)));

#endif
