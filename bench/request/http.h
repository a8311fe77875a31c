/* bench/request/http.h -- the least HTTP client that can be kept connected and measured with.
 *
 * Speaks to 127.0.0.1 only, blocks, and drops the bodies it counts.  Takes
 * Content-Length and chunked bodies, which is what servers send to a kept
 * connection; anything else is an answer that ends with the connection.
 */
#ifndef BENCH_REQUEST_HTTP_H
#define BENCH_REQUEST_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HTTP_REQUEST_MAX = 1024, /* bytes */
    HTTP_BUFFER = 64 * 1024, /* bytes; an answer's head must fit */
};

struct http {
    /* Private. */
    int fd; /* -1 while there is no connection */
    uint16_t port;
    int patience; /* s */
    char request[HTTP_REQUEST_MAX];
    size_t request_len;
};

/* Prepares GETs of "http://127.0.0.1:PORT/PATH" with one header line more
 * ("name: value", may be ""); connects nowhere yet.  An answer that takes
 * longer than `patience` seconds is none.  Returns false if the URL is none of
 * these or all is too long. */
bool http_init(struct http *h, const char *url, const char *header, int patience)
    __attribute__((warn_unused_result, nonnull));

/* Connects unless there is a connection, and sends the request.  Returns
 * whether that worked; if not, there is no connection left. */
bool http_send(struct http *h) __attribute__((warn_unused_result, nonnull));

/* Reads the answer to the end.  Returns its status, or -1 when there is none
 * that is whole; there is then no connection left. */
int http_receive(struct http *h) __attribute__((warn_unused_result, nonnull));

/* Both. */
int http_get(struct http *h) __attribute__((warn_unused_result, nonnull));

/* The descriptor, for poll(2), or -1. */
int http_fd(const struct http *h) __attribute__((nonnull));

/* Ends the connection, if there is one. */
void http_close(struct http *h) __attribute__((nonnull));

#endif
