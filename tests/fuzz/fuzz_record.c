/* tests/fuzz/fuzz_record.c -- what passes the walk, libfcgi decodes, and as we read it.
 *
 * The input is what a web server sends on one connection.  However it is cut
 * into pieces, the same comes of it; and what record_canonical() lets pass is
 * accepted by libfcgi, which never aborts, and means what its pairs say.
 */
#include "config.h"

#include <stdbool.h>
#include <string.h>

#include "arena/region.h"
#include "base/err.h"
#include "fcgi/gate.h"
#include "fcgi/req.h"
#include "tests/fcgi/feed.h"
#include "tests/fuzz/fuzz.h"

static struct feed_outcome whole, cut;
static struct gate *gate;
static struct region region;

static void
open_once(void)
{
    struct err err;

    if (gate != NULL)
        return;
    FUZZ_PROMISE(gate_open(&gate, &err) == 0);
    FUZZ_PROMISE(region_init(&region, 256 * 1024) == 0);
}

static size_t
take_length(const unsigned char **p)
{
    size_t n = **p;

    if (n < 0x80) {
        *p += 1;
        return n;
    }
    n = (n & 0x7f) << 24 | (size_t)(*p)[1] << 16 | (size_t)(*p)[2] << 8 | (*p)[3];
    *p += 4;
    return n;
}

/* Whether the first pair that reads as NAME=... says `value`; without one,
 * whether it is empty. */
static bool
first_says(const char *name, const char *value)
{
    const unsigned char *p = whole.canonical + RECORD_PARAMS_AT;
    const unsigned char *end = p + ((size_t)p[-4] << 8 | p[-3]);
    size_t len = strlen(name), names, values;
    char pair[RECORD_PARAMS_MAX + 2];

    while (p < end) {
        names = take_length(&p);
        values = take_length(&p);
        memcpy(pair, p, names);
        pair[names] = '=';
        memcpy(pair + names + 1, p + names, values);
        pair[names + 1 + values] = '\0';
        if (strncmp(pair, name, len) == 0 && pair[len] == '=')
            return strcmp(pair + len + 1, value) == 0;
        p += names + values;
    }
    return *value == '\0';
}

static void
decode(void)
{
    struct err err;
    struct req req;

    region_reset(&region);
    FUZZ_PROMISE(gate_decode(gate, whole.canonical, whole.n, &region, &req, &err) == 0);
    FUZZ_PROMISE(first_says("REQUEST_METHOD", req.method));
    FUZZ_PROMISE(first_says("SCRIPT_NAME", req.script_name));
    FUZZ_PROMISE(first_says("PATH_INFO", req.path_info));
    FUZZ_PROMISE(first_says("QUERY_STRING", req.query));
    FUZZ_PROMISE(first_says("REMOTE_ADDR", req.client));
    FUZZ_PROMISE(req.ncredentials <= REQ_CREDENTIALS_MAX);
    req_cleanse(&req);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct feed_pieces pieces[] = { { 1, 1, 0, false }, { 1, 16, size, false },
        { 1, 4096, size, true }, { 1, 1, 0, true } };
    uint64_t sum;
    unsigned i;

    open_once();
    feed(data, size, FEED_WHOLE, &whole);
    FUZZ_PROMISE(whole.params <= 1);
    FUZZ_PROMISE(whole.step != RECORD_WHOLE || whole.n > 0);
    for (i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        feed(data, size, pieces[i], &cut);
        FUZZ_PROMISE(feed_same(&whole, &cut));
        FUZZ_PROMISE(cut.shown_len <= cut.body_len);
        FUZZ_PROMISE(cut.step != RECORD_WHOLE || !pieces[i].show || cut.shown_len == cut.body_len);
    }
    /* However it comes, it is the same body. */
    sum = cut.shown_sum;
    feed(data, size, (struct feed_pieces){ SIZE_MAX, SIZE_MAX, 0, true }, &cut);
    FUZZ_PROMISE(cut.step == RECORD_BAD || cut.shown_sum == sum);
    if (whole.n > 0)
        decode();
    return 0;
}
