/* fcgi/auth.c -- contracts are in auth.h. */
#include "config.h"

#include <string.h>

#include "base/crypto.h"
#include "base/hex.h"
#include "conf/key.h"
#include "fcgi/auth.h"
#include "fcgi/req.h"

struct identity
auth_identify(const unsigned char *key, struct req *req)
{
    unsigned char token[KEY_BYTES];
    unsigned ok = 1;
    unsigned i;

    /* Lengths and counts are the caller's own and no secret; the digits are. */
    if (req->ncredentials == 0 || req->credential_repeated)
        ok = 0;
    for (i = 0; i < req->ncredentials; i++) {
        if (strlen(req->credential[i]) != REQ_TOKEN_DIGITS) {
            ok = 0;
            continue;
        }
        ok &= hex_decode(req->credential[i], KEY_BYTES, token);
        ok &= crypto_equal(token, key, KEY_BYTES);
    }
    crypto_cleanse(token, sizeof(token));
    req_cleanse(req);
    return (struct identity){ ok ? IDENTITY_KEY : IDENTITY_NONE };
}
