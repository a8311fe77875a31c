/* tests/fuzz/fuzz_json.c -- any bytes become a valid JSON string of the right meaning. */
#include "config.h"

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/escape.h"
#include "base/json.h"
#include "base/utf8.h"
#include "tests/base/sample.h"
#include "tests/fuzz/fuzz.h"

/* Whether the bytes may stand between the quotes of a string (RFC 8259, 7). */
static bool
is_string_body(const unsigned char *p, size_t n)
{
    size_t i = 0;

    while (i < n) {
        size_t len = 1;

        if (p[i] < 0x20 || p[i] == '"')
            return false;
        if (p[i] == '\\') {
            len = i + 1 < n && p[i + 1] == 'u' ? 6 : 2;
            if (n - i < len || memchr("\"\\/bfnrtu", p[i + 1], 9) == NULL)
                return false;
            for (size_t digit = 2; digit < len; digit++)
                if (memchr("0123456789abcdefABCDEF", p[i + digit], 22) == NULL)
                    return false;
        }
        i += len;
    }
    return true;
}

/* Escapes into exactly `room` bytes.  Returns how many it took, or `room` + 1
 * when they did not do. */
static size_t
escape_into(size_t room, struct span in, const unsigned char *expected)
{
    unsigned char *mem = malloc(room > 0 ? room : 1);
    struct buf out;

    FUZZ_PROMISE(mem != NULL);
    buf_over(&out, mem, room);
    json_escape(&out, in);
    if (out.full)
        FUZZ_PROMISE(out.n == 0);
    else
        FUZZ_PROMISE(memcmp(mem, expected, out.n) == 0);
    room = out.full ? room + 1 : out.n;
    free(mem);
    return room;
}

/* Every way that this machine has writes the same. */
static void
escape_every_way(struct span in, const unsigned char *expected, size_t want)
{
    size_t room = ESCAPE_EXPANSION_MAX * in.n + 1, n;
    unsigned char *mem = malloc(room);

    FUZZ_PROMISE(mem != NULL);
    for (int way = 0; way < ESCAPE_WAYS; way++) {
        if (!escape_can((enum escape_way)way))
            continue;
        FUZZ_PROMISE(escape_bytes_by((enum escape_way)way, in.p, in.n, mem, room, &n));
        FUZZ_PROMISE(n == want && memcmp(mem, expected, want) == 0);
    }
    free(mem);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = { data, size };
    unsigned char *meant = malloc(3 * size + 1), *expected = malloc(18 * size + 1);
    size_t want;

    FUZZ_PROMISE(meant && expected);
    want = sample_escaped(meant, sample_meant(data, size, meant), expected);
    FUZZ_PROMISE(want <= JSON_EXPANSION_MAX * size);
    FUZZ_PROMISE(utf8_valid(expected, want));
    FUZZ_PROMISE(is_string_body(expected, want));
    escape_every_way(in, expected, want);
    FUZZ_PROMISE(escape_into(JSON_EXPANSION_MAX * size, in, expected) == want);
    FUZZ_PROMISE(escape_into(want, in, expected) == want);
    if (want > 0)
        FUZZ_PROMISE(escape_into(want - 1, in, expected) == want);
    free(expected);
    free(meant);
    return 0;
}
