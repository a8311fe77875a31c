/* tests/fuzz/fuzz_req.c -- variables of a request, their paths and credentials, against a plain
 * reading.
 *
 * The input is variables "NAME=value", each ended by a NUL.
 */
#include "config.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "arena/region.h"
#include "fcgi/auth.h"
#include "fcgi/req.h"
#include "tests/fuzz/fuzz.h"

#define KEY_DIGITS "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

enum {
    VARIABLES = 64
};

static const unsigned char key[] =
    "\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef"
    "\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef";

static char *envp[VARIABLES + 1];
static struct region region;

/* Finds the value of the `nth` variable of a name, from 0, or NULL. */
static const char *
value_of(const char *name, unsigned nth)
{
    size_t n = strlen(name);
    unsigned i;

    for (i = 0; envp[i] != NULL; i++)
        if (strncmp(envp[i], name, n) == 0 && envp[i][n] == '=' && nth-- == 0)
            return envp[i] + n + 1;
    return NULL;
}

static bool
says(const char *name, const char *got)
{
    const char *value = value_of(name, 0);

    return strcmp(got, value != NULL ? value : "") == 0;
}

/* What lies below the prefix, when the string begins with it and a slash. */
static const char *
rest(const char *s, const char *prefix)
{
    size_t n = strlen(prefix);

    return strlen(s) > n && memcmp(s, prefix, n) == 0 && s[n] == '/' ? s + n : NULL;
}

static void
try_path(const struct req *req, const char *mount)
{
    const char *got = req_path(req, mount, &region), *want;
    const char *told = value_of("CMON_PREFIX", 0);
    char *prefix = region_strdup(&region, told != NULL ? told : mount);
    char *whole = region_printf(&region, "%s%s", req->script_name, req->path_info);

    FUZZ_PROMISE(prefix != NULL && whole != NULL);
    if (strlen(prefix) > 0 && prefix[strlen(prefix) - 1] == '/')
        prefix[strlen(prefix) - 1] = '\0';
    want = *req->path_info != '\0'     ? req->path_info
           : *req->script_name != '\0' ? req->script_name
                                       : req->document_uri;
    if (*prefix != '\0') {
        const char *below = rest(want, prefix);

        want = below == NULL && *req->path_info != '\0' ? rest(whole, prefix) : below;
    }
    FUZZ_PROMISE((got == NULL) == (want == NULL));
    FUZZ_PROMISE(got == NULL || strcmp(got, want) == 0);
}

/* Whether one header, as often as it came, speaks for the key (1), against it
 * (-1), or not at all (0). */
static int
verdict(const char *name, bool bearer)
{
    const char *value;
    unsigned n = 0, nth;
    int good = 0;

    for (nth = 0; (value = value_of(name, nth)) != NULL; nth++) {
        if (bearer) {
            if (strncasecmp(value, "bearer", 6) != 0 || (value[6] != ' ' && value[6] != '\0'))
                continue;
            for (value += 6; *value == ' '; value++)
                continue;
        }
        n++;
        good = strcasecmp(value, KEY_DIGITS) == 0 ? 1 : -1;
    }
    return n > 1 ? -1 : n == 1 ? good : 0;
}

static bool
is_holder(void)
{
    int header[] = { verdict("HTTP_ACCESS_TOKEN", false), verdict("HTTP_X_ACCESS_TOKEN", false),
        verdict("HTTP_AUTHORIZATION", true), verdict("REDIRECT_HTTP_ACCESS_TOKEN", false),
        verdict("REDIRECT_HTTP_X_ACCESS_TOKEN", false),
        verdict("REDIRECT_HTTP_AUTHORIZATION", true) };
    bool any = false;
    unsigned i;

    for (i = 0; i < 6; i++) {
        if (header[i] < 0)
            return false;
        any |= header[i] > 0;
    }
    return any;
}

static void
try_identity(struct req *req)
{
    char *credential[REQ_CREDENTIALS_MAX];
    size_t length[REQ_CREDENTIALS_MAX], at;
    unsigned n = req->ncredentials, i;
    struct identity who;

    FUZZ_PROMISE(n <= REQ_CREDENTIALS_MAX);
    for (i = 0; i < n; i++) {
        credential[i] = req->credential[i];
        length[i] = strlen(credential[i]);
    }
    who = auth_identify(key, req);
    FUZZ_PROMISE((who.kind == IDENTITY_KEY) == is_holder());
    for (i = 0; i < n; i++)
        for (at = 0; at < length[i]; at++)
            FUZZ_PROMISE(credential[i][at] == '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    struct req req;
    unsigned n = 0;
    size_t at;

    FUZZ_PROMISE(text != NULL && region_init(&region, 8 * size + 65536) == 0);
    memcpy(text, data, size);
    text[size] = '\0';
    for (at = 0; at < size && n < VARIABLES; at += strlen(text + at) + 1)
        envp[n++] = text + at;
    envp[n] = NULL;

    FUZZ_PROMISE(req_from_env(envp, &region, &req) == 0);
    FUZZ_PROMISE(says("REQUEST_METHOD", req.method));
    FUZZ_PROMISE(says("PATH_INFO", req.path_info));
    FUZZ_PROMISE(says("SCRIPT_NAME", req.script_name));
    FUZZ_PROMISE(says("DOCUMENT_URI", req.document_uri));
    FUZZ_PROMISE(says("QUERY_STRING", req.query));
    FUZZ_PROMISE(says("REMOTE_ADDR", req.client));
    FUZZ_PROMISE(says("DOCUMENT_ROOT", req.document_root));
    FUZZ_PROMISE(req.content_length >= REQ_LENGTH_BAD);
    try_path(&req, "");
    try_path(&req, "/cmon");
    try_identity(&req);
    free(text);
    region_done(&region);
    return 0;
}
