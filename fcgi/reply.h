/* fcgi/reply.h -- what is answered, and its form: CGI header and JSON body.
 *
 * Every way out (FastCGI, CGI, `cmon run --json`) says it with these.
 */
#ifndef FCGI_REPLY_H
#define FCGI_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "conf/route.h"

struct keep;
struct run;
struct run_result;

enum {
    REPLY_HEADER_MAX = 512, /* bytes of CGI header */
    REPLY_FIXED_MAX = 3072, /* bytes of body beside the data, message included */
    REPLY_SMALL_MAX = REPLY_HEADER_MAX + REPLY_FIXED_MAX,
    REPLY_MESSAGE_MAX = 256, /* bytes; a longer message is cut */
    REPLY_LATER = 1,         /* seconds; who comes again then may find it over */
};

struct reply {
    int status;
    const char *message;
    struct span data;                /* p is NULL: null */
    const struct keep *kept;         /* goes before data, when it is not in one piece, or apart */
    bool apart;                      /* what is kept, as stdout and stderr too */
    const char *raw;                 /* content type of data, which is the body; NULL: JSON */
    const struct run_result *result; /* NULL: nothing ran */
    int64_t queued;                  /* ns that it waited before something ran */
    size_t coalesced;                /* others who are told the same, for the log */
    bool joined;                     /* it is told what another one's command did, for the log */
    const char *why;                 /* for the log and the operator alone, or NULL */
    const struct route *allow;       /* its methods, in Allow; or NULL */
    int retry_after;                 /* seconds, in Retry-After; 0: none */
    bool no_body;                    /* HEAD and 204: the header only */
};

/* Returns how many bytes reply_render() needs at most for `data_len` bytes,
 * those that are told apart counted twice. */
size_t reply_max(size_t data_len) __attribute__((const, warn_unused_result));

/* Returns how many bytes the rendering of this reply needs at most. */
size_t reply_size(const struct reply *reply) __attribute__((warn_unused_result, nonnull));

/* Renders into `mem`.  Returns what is to be sent, inside mem; empty when it
 * does not fit, which does not happen when `max` is reply_size().  Of a raw
 * reply it is the header; what reply_body() returns is to follow. */
struct span reply_render(const struct reply *reply, unsigned char *mem, size_t max)
    __attribute__((warn_unused_result, nonnull));

/* Returns the body that is sent as it is: data of a raw reply, else nothing. */
struct span reply_body(const struct reply *reply) __attribute__((warn_unused_result, nonnull));

/* Renders the JSON alone.  As reply_render(). */
struct span reply_render_json(const struct reply *reply, unsigned char *mem, size_t max)
    __attribute__((warn_unused_result, nonnull));

/* Makes the reply where we are short of something: 503, come again. */
void reply_later(const char *message, struct reply *ret_reply) __attribute__((nonnull));

/* Makes the reply for a command that ran: 200, 500 or 504 with its output. */
void reply_of_result(const struct run_result *result, struct span output, struct reply *ret_reply)
    __attribute__((nonnull));

/* The same for a run that is over, with its output as it was asked for; `type`
 * is what raw output is.  More of that than was kept is 500. */
void reply_of_run(const struct run *run, enum route_output how, const char *type,
    struct reply *ret_reply) __attribute__((nonnull(1, 4)));

#endif
