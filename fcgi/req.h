/* fcgi/req.h -- a request as it came: strings, not yet believed.
 *
 * Built from CGI variables (RFC 3875), which is what FastCGI parameters are
 * too, and lives in the request's region.  Credentials stand apart so that
 * they are cleansed as soon as they are judged.
 */
#ifndef FCGI_REQ_H
#define FCGI_REQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct region;

enum {
    REQ_CREDENTIALS_MAX = 6, /* three headers, each also as REDIRECT_... */
    REQ_TOKEN_DIGITS = 64,
    /* So many bytes past body_max are read to their end, because the web server
     * hears the answer only then; of what is longer we have seen enough. */
    REQ_BODY_PATIENCE = 1024 * 1024,
};

enum {
    REQ_LENGTH_UNKNOWN = -1, /* not given, or "-1" as Caddy says for a chunked body */
    REQ_LENGTH_BAD = -2,     /* not a number */
};

struct req {
    const char *method; /* never NULL, as the strings below: "" when not given */
    const char *path_info;
    const char *script_name;
    const char *document_uri;
    const char *prefix; /* CMON_PREFIX; NULL: not told */
    const char *query;
    const char *client; /* REMOTE_ADDR */
    const char *document_root;
    int64_t content_length;                /* bytes, or REQ_LENGTH_... */
    uint64_t body_len;                     /* bytes that came; the caller fills it in */
    char *credential[REQ_CREDENTIALS_MAX]; /* tokens, Bearer scheme taken off */
    unsigned ncredentials;
    bool credential_repeated; /* a header came more than once */
};

/* Takes what cmon looks at from a NULL-terminated "NAME=value" array, copied
 * into `r`.  Where a name is repeated the first counts.  Returns 0 or -ENOMEM
 * (and *ret_req holds no credential then). */
int req_from_env(char *const *envp, struct region *r, struct req *ret_req)
    __attribute__((warn_unused_result, nonnull));

/* Returns the path to match against routes, below the prefix that was told
 * (CMON_PREFIX, else `mount`); NULL when the request is not below it.  In `r`
 * or in the request. */
const char *req_path(const struct req *req, const char *mount, struct region *r)
    __attribute__((warn_unused_result, nonnull));

/* Returns the path as the client wrote it, for the log. */
const char *req_uri(const struct req *req, struct region *r) __attribute__((nonnull));

/* Overwrites every credential. */
void req_cleanse(struct req *req) __attribute__((nonnull));

/* Whether a CGI variable, the `n` bytes of "NAME=value" or of its name alone, carries
 * a credential. */
bool req_is_secret(const char *var, size_t n) __attribute__((warn_unused_result, nonnull));

#endif
