/* fcgi/handle.h -- from a request to a decision.
 *
 * One way for every mode: identity, route, method, parameters, authorization,
 * argv.  Nothing is started here and nothing waits; the caller runs or replies
 * as it is told.
 */
#ifndef FCGI_HANDLE_H
#define FCGI_HANDLE_H

#include <stdbool.h>
#include <stddef.h>

#include "fcgi/auth.h"
#include "fcgi/reply.h"

struct conf;
struct region;
struct req;

enum handle_next {
    HANDLE_REPLY,   /* say `reply` */
    HANDLE_RUN,     /* run argv, then say what came of it */
    HANDLE_RESTART, /* restart cmon, then say whether it worked */
};

struct handled {
    enum handle_next next;
    struct reply reply; /* HANDLE_REPLY */
    int num; /* errno value when the command was not found or its body not kept, else 0 */
    const struct route *route; /* found and allowed to know, or NULL */
    const char *path;          /* HANDLE_RUN: what execve(2) gets */
    char *const *argv;         /* NULL when the command was not found */
    char *const *envp;
    enum route_output output; /* HANDLE_RUN: what the answer is made of */
};

/* How many bytes of body a request may have; to be asked when the caller is
 * identified and before the body is read.  *ret_keep: a command is to read it.
 * It is not for who is nobody, and not for what will be refused anyway. */
size_t handle_body(const struct conf *conf, const struct identity *who, const struct req *req,
    struct region *r, bool *ret_keep) __attribute__((warn_unused_result, nonnull));

/* Decides on a request whose caller is already identified.  What is returned
 * lives in `r` and in the configuration. */
void handle_request(const struct conf *conf, const struct identity *who, const struct req *req,
    struct region *r, struct handled *ret_handled) __attribute__((nonnull));

/* The reply for a command that did not come to life: 503 when the machine is
 * short of processes, memory or descriptors, else 500 that says why.  Keeps
 * `why` as it is. */
void handle_start_failure(int num, const char *why, struct reply *ret_reply)
    __attribute__((nonnull));

#endif
