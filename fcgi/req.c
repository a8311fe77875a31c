/* fcgi/req.c -- contracts are in req.h. */
#include "config.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "arena/region.h"
#include "base/crypto.h"
#include "fcgi/req.h"

/* Apache hands variables through an internal redirect with this in front. */
static const char redirect[] = "REDIRECT_";

/* A name of a variable, and its length. */
struct name {
    const char *s;
    size_t n;
};

#define NAME(s)            \
    {                      \
        (s), sizeof(s) - 1 \
    }

static const struct name secret[] = {
    NAME("HTTP_ACCESS_TOKEN"),
    NAME("HTTP_X_ACCESS_TOKEN"),
    NAME("HTTP_AUTHORIZATION"),
};

enum {
    NSECRET = sizeof(secret) / sizeof(secret[0]),
    AUTHORIZATION = 2
};

static const struct {
    struct name name;
    size_t at;
} field[] = {
    { NAME("REQUEST_METHOD"), offsetof(struct req, method) },
    { NAME("PATH_INFO"), offsetof(struct req, path_info) },
    { NAME("SCRIPT_NAME"), offsetof(struct req, script_name) },
    { NAME("DOCUMENT_URI"), offsetof(struct req, document_uri) },
    { NAME("CMON_PREFIX"), offsetof(struct req, prefix) },
    { NAME("QUERY_STRING"), offsetof(struct req, query) },
    { NAME("REMOTE_ADDR"), offsetof(struct req, client) },
    { NAME("DOCUMENT_ROOT"), offsetof(struct req, document_root) },
};

static const struct name length_name = NAME("CONTENT_LENGTH");

enum {
    NFIELD = sizeof(field) / sizeof(field[0])
};

/* The name of "NAME=value"; empty for what is no variable. */
static struct name
name_of(const char *var)
{
    const char *end = strchr(var, '=');

    return (struct name){ var, end != NULL ? (size_t)(end - var) : 0 };
}

static bool
is_name(struct name a, struct name b)
{
    return a.n == b.n && memcmp(a.s, b.s, a.n) == 0;
}

/* Returns which credential header a variable is, as an index for `seen`
 * (REDIRECT_ forms count on their own), or -1. */
static int
secret_of(struct name var)
{
    size_t skip = sizeof(redirect) - 1;
    int base = 0;
    unsigned i;

    if (var.n > skip && memcmp(var.s, redirect, skip) == 0) {
        var.s += skip;
        var.n -= skip;
        base = NSECRET;
    }
    for (i = 0; i < NSECRET; i++)
        if (is_name(var, secret[i]))
            return base + (int)i;
    return -1;
}

bool
req_is_secret(const char *var, size_t n)
{
    const char *end = memchr(var, '=', n);

    return secret_of((struct name){ var, end != NULL ? (size_t)(end - var) : n }) >= 0;
}

/* "Bearer <token>" (RFC 6750), with or without a token; other schemes are for
 * somebody else. */
static const char *
bearer(const char *value)
{
    size_t n = strcspn(value, " ");

    if (n != 6 || strncasecmp(value, "Bearer", n) != 0)
        return NULL;
    return value + n + strspn(value + n, " ");
}

static int
take_secret(struct req *req, struct region *r, bool *seen, int which, const char *value)
{
    char *copy;

    if (which % NSECRET == AUTHORIZATION) {
        value = bearer(value);
        if (value == NULL)
            return 0;
    }
    if (seen[which]) {
        req->credential_repeated = true;
        return 0;
    }
    seen[which] = true;
    copy = region_strdup(r, value);
    if (copy == NULL)
        return -ENOMEM;
    req->credential[req->ncredentials++] = copy;
    return 0;
}

static int64_t
length_of(const char *s)
{
    char *end;
    long long n;

    if (*s == '\0' || strcmp(s, "-1") == 0)
        return REQ_LENGTH_UNKNOWN;
    /* strtoll(3) would take white space and signs. */
    if (*s < '0' || *s > '9')
        return REQ_LENGTH_BAD;
    errno = 0;
    n = strtoll(s, &end, 10);
    return *end == '\0' && errno == 0 ? n : REQ_LENGTH_BAD;
}

static int
take_field(struct req *req, struct region *r, struct name var, const char *value)
{
    const char *copy;
    const char **slot;
    unsigned i;

    for (i = 0; i < NFIELD; i++)
        if (is_name(var, field[i].name))
            break;
    if (i == NFIELD)
        return 0;
    slot = (const char **)(void *)((char *)req + field[i].at);
    if (*slot != NULL)
        return 0;
    copy = region_strdup(r, value);
    if (copy == NULL)
        return -ENOMEM;
    *slot = copy;
    return 0;
}

int
req_from_env(char *const *envp, struct region *r, struct req *ret_req)
{
    bool seen[2 * NSECRET] = { false };
    struct req req = { .content_length = REQ_LENGTH_UNKNOWN };
    const char **slot;
    const char *value, *length = NULL;
    struct name var;
    unsigned i;
    int which, rc = 0;

    for (; *envp != NULL && rc == 0; envp++) {
        var = name_of(*envp);
        value = *envp + var.n + 1;
        if (var.n == 0)
            continue;
        which = secret_of(var);
        rc =
            which >= 0 ? take_secret(&req, r, seen, which, value) : take_field(&req, r, var, value);
        if (length == NULL && is_name(var, length_name))
            length = value;
    }
    if (length != NULL)
        req.content_length = length_of(length);
    for (i = 0; i < NFIELD; i++) {
        slot = (const char **)(void *)((char *)&req + field[i].at);
        if (*slot == NULL && slot != &req.prefix)
            *slot = "";
    }
    if (rc < 0)
        req_cleanse(&req);
    *ret_req = req;
    return rc;
}

/* What of `path` lies below `prefix`, or NULL. */
static const char *
below(const char *path, const char *prefix)
{
    size_t n = strlen(prefix);

    return strncmp(path, prefix, n) == 0 && path[n] == '/' ? path + n : NULL;
}

const char *
req_path(const struct req *req, const char *mount, struct region *r)
{
    const char *prefix = req->prefix != NULL ? req->prefix : mount;
    const char *path = req->path_info;
    const char *rest, *whole;
    size_t n = strlen(prefix);

    if (*path == '\0')
        path = *req->script_name != '\0' ? req->script_name : req->document_uri;
    /* A prefix may be written with its slash. */
    if (n > 0 && prefix[n - 1] == '/') {
        prefix = region_strndup(r, prefix, n - 1);
        if (prefix == NULL)
            return NULL;
    }
    if (*prefix == '\0')
        return path;
    rest = below(path, prefix);
    if (rest != NULL || *req->path_info == '\0')
        return rest;
    whole = region_printf(r, "%s%s", req->script_name, req->path_info);
    return whole != NULL ? below(whole, prefix) : NULL;
}

const char *
req_uri(const struct req *req, struct region *r)
{
    const char *uri;

    if (*req->document_uri != '\0')
        return req->document_uri;
    uri = region_printf(r, "%s%s", req->script_name, req->path_info);
    return uri != NULL ? uri : req->script_name;
}

void
req_cleanse(struct req *req)
{
    unsigned i;

    for (i = 0; i < req->ncredentials; i++)
        crypto_cleanse(req->credential[i], strlen(req->credential[i]));
    req->ncredentials = 0;
}
