/* fcgi/auth.h -- who is it?
 *
 * A caller proves to hold the key.  Decoding and comparing take the same time
 * for every credential of the right length.
 */
#ifndef FCGI_AUTH_H
#define FCGI_AUTH_H

#include <stdbool.h>

struct req;

enum identity_kind {
    IDENTITY_NONE,
    IDENTITY_KEY,      /* holds the key */
    IDENTITY_OPERATOR, /* at the terminal, with our own rights */
};

struct identity {
    enum identity_kind kind;
};

/* Judges the credentials of a request against `key` (KEY_BYTES bytes) and
 * cleanses them.  There must be at least one, no header twice, and every one
 * must be 64 hexadecimal digits that are the key. */
struct identity auth_identify(const unsigned char *key, struct req *req)
    __attribute__((warn_unused_result, nonnull));

#endif
