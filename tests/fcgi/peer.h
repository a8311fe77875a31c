/* tests/fcgi/peer.h -- the web server's end of FastCGI: builds requests, reads responses.
 *
 * Written without fcgi/, from the FastCGI Specification 1.0, so that the two
 * can be compared.
 */
#ifndef TESTS_FCGI_PEER_H
#define TESTS_FCGI_PEER_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes that grow; zeroed it is empty. */
struct peer {
    unsigned char *p; /* owned */
    size_t n, max;    /* bytes */
};

enum {
    PEER_BEGIN = 1,
    PEER_PARAMS = 4,
    PEER_STDIN = 5,
};

void peer_done(struct peer *w);
void peer_reset(struct peer *w);

void peer_bytes(struct peer *w, const void *p, size_t n);

/* Appends a record; its padding is bytes that look like another one. */
void peer_record(
    struct peer *w, unsigned type, unsigned id, const void *content, size_t n, size_t padding);

/* Appends BEGIN_REQUEST. */
void peer_begin(struct peer *w, unsigned id, unsigned role, unsigned flags);

/* Appends a name-value pair, to be the content of PARAMS records. */
void peer_pair(struct peer *w, const char *name, const char *value);

/* Appends a stream in records of at most `piece` bytes, and the empty one. */
void peer_stream(
    struct peer *w, unsigned type, unsigned id, const struct peer *content, size_t piece);

/* Appends a whole request of id 1 without a body, connection to be closed. */
void peer_request(struct peer *w, const struct peer *pairs);

/* Reads a whole response of that id: STDOUT records, the empty one,
 * END_REQUEST, nothing behind.  Returns whether it is one, with its content
 * appended to *ret_content. */
bool peer_response(const unsigned char *p, size_t n, unsigned id, struct peer *ret_content);

#endif
