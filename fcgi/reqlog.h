/* fcgi/reqlog.h -- the line of log that every request leaves.
 *
 * INFO for what was answered, WARNING for a command that failed or could not
 * even be started and for who is sent away because we are busy, ERROR for a
 * refused token and for our own failures.
 */
#ifndef FCGI_REQLOG_H
#define FCGI_REQLOG_H

#include <stdbool.h>
#include <stdint.h>

struct handled;
struct region;
struct reply;
struct req;

/* Logs one request that began at clock_now() time `started`.  `gone`: the
 * client left before the answer, status 499 as nginx has it. */
void reqlog_write(const struct req *req, const struct handled *handled, const struct reply *reply,
    bool gone, int64_t started, struct region *r) __attribute__((nonnull));

#endif
