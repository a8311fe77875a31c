/* bench/json/json.c -- what escaping costs, beside memcpy and beside libraries.
 *
 * json [-r ROUNDS] [-s SECONDS]
 *
 * Each turns the same bytes into one JSON string, in turns, for SECONDS each;
 * json/report.awk makes ratios within a round.  memcpy is what nobody can
 * undercut.  A library that cannot write its string in place is charged for
 * the copy, because a reply needs it there.  Of bytes that are no UTF-8 the
 * libraries make an error or a JSON that is none; so random bytes are ours
 * alone.  Of the libraries those are measured that are linked: all are weak.
 */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/escape.h"
#include "bench/json/json.h"

enum {
    SIZE_MAX_OF_ALL = 1 << 20, /* bytes of text */
    ROOM = ESCAPE_EXPANSION_MAX * SIZE_MAX_OF_ALL + 64,
};

/* ---- texts ---- */

static uint64_t state = 88172645463325252U;

static unsigned
next_random(void) /* xorshift64 */
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 11);
}

static unsigned char
letter(void)
{
    return (unsigned char)"abcdefghijklmnop qrstuvwxyz0123456789.:/-"[next_random() % 41];
}

static void
make_plain(unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = letter();
}

static void
make_lines(unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = i % 81 == 80 ? '\n' : letter();
}

/* Fills with whole pieces, and with x where none fits any more. */
static void
make_of_pieces(unsigned char *p, size_t n, void (*piece)(char text[128]))
{
    char text[128];
    size_t i = 0;

    while (i < n) {
        size_t len;

        piece(text);
        len = strlen(text);
        if (len > n - i) {
            memset(p + i, 'x', n - i);
            return;
        }
        memcpy(p + i, text, len);
        i += len;
    }
}

static void
coloured_line(char text[128])
{
    (void)snprintf(text, 128, "\x1b[%um%.*s\x1b[0m %.*s\n", 31 + next_random() % 7,
        4 + (int)(next_random() % 5), "WARNINGS", 20 + (int)(next_random() % 40),
        "the quick brown fox jumps over the lazy dog, and runs away 12");
}

static void
make_ansi(unsigned char *p, size_t n)
{
    make_of_pieces(p, n, coloured_line);
}

static void
word(char text[128])
{
    static const char *const words[] = { "gr\xc3\xb6\xc3\x9f"
                                         "e ",
        "na\xc3\xafve ", "\xd0\xb6\xd1\x83\xd1\x80\xd0\xbd\xd0\xb0\xd0\xbb ",
        "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", "\xe3\x83\xad\xe3\x82\xb0",
        "\xc3\xbc"
        "ber ",
        "the ", "log ", "line\n", "\xf0\x9f\x98\x80 " };

    (void)strcpy(text, words[next_random() % 10]);
}

static void
make_utf8(unsigned char *p, size_t n)
{
    make_of_pieces(p, n, word);
}

static void
make_random(unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (unsigned char)next_random();
}

static const struct {
    const char *name;
    void (*make)(unsigned char *p, size_t n);
    bool utf8;
} texts[] = {
    { "plain", make_plain, true },
    { "lines", make_lines, true },
    { "ansi", make_ansi, true },
    { "utf8", make_utf8, true },
    { "random", make_random, false },
};

enum {
    TEXTS = sizeof texts / sizeof texts[0],
    SIZES = 3
};

static const size_t sizes[SIZES] = { 100, 65536, SIZE_MAX_OF_ALL };

/* ---- contenders ---- */

static size_t
copy(const unsigned char *p, size_t n, unsigned char *out, size_t max)
{
    (void)max;
    memcpy(out, p, n);
    return n;
}

static size_t
escape_cmon(const unsigned char *p, size_t n, unsigned char *out, size_t max)
{
    size_t written;

    return escape_bytes(p, n, out, max, &written) ? written : 0;
}

/* NULL where nothing of the library is linked. */
#pragma weak escape_jansson
#pragma weak escape_json_c
#pragma weak escape_rapidjson
#pragma weak version_jansson
#pragma weak version_json_c
#pragma weak version_rapidjson

static const char *
version_copy(void)
{
    return "the C library's";
}

static const char *
version_cmon(void)
{
    return "base/escape.h";
}

static const struct {
    const char *name;
    escaper_fn *escape;
    const char *(*version)(void);
    bool any; /* bytes that are no UTF-8 too */
} contenders[] = {
    { "memcpy", copy, version_copy, true },
    { "cmon", escape_cmon, version_cmon, true },
    { "jansson", escape_jansson, version_jansson, false },
    { "json_c", escape_json_c, version_json_c, false },
    { "rapidjson", escape_rapidjson, version_rapidjson, false },
};

enum {
    CONTENDERS = sizeof contenders / sizeof contenders[0]
};

/* ---- measuring ---- */

static unsigned char in[SIZE_MAX_OF_ALL];
static unsigned char *out;

/* ns for one string */
static double
measure(escaper_fn *escape, size_t n, int64_t slice)
{
    int64_t start = clock_now(), now;
    size_t count = 0, batch = 1 + 20000 / n;

    do {
        for (size_t i = 0; i < batch; i++) {
            if (escape(in, n, out, ROOM) == 0) {
                (void)fprintf(stderr, "json: a contender cannot escape its text\n");
                exit(EXIT_FAILURE);
            }
            __asm__ volatile("" ::"r"(out) : "memory");
        }
        count += batch;
        now = clock_now();
    } while (now - start < slice);
    return (double)(now - start) / (double)count;
}

/* Forwards and backwards in turns, so that nobody always comes first. */
static void
measure_text(size_t t, size_t n, int rounds, int64_t slice)
{
    texts[t].make(in, n);
    for (int round = 1; round <= rounds; round++) {
        for (int i = 0; i < CONTENDERS; i++) {
            int c = round % 2 != 0 ? i : CONTENDERS - 1 - i;

            if (contenders[c].escape == NULL || !(contenders[c].any || texts[t].utf8))
                continue;
            printf("%d slice %s %s %zu ns=%.3f\n", round, contenders[c].name, texts[t].name, n,
                measure(contenders[c].escape, n, slice));
        }
    }
}

static void
print_contenders(void)
{
    static const char *const ways[ESCAPE_WAYS] = { "portable", "vector", "avx2" };

    printf("fact escaper:");
    for (int way = 0; way < ESCAPE_WAYS; way++)
        if (escape_can((enum escape_way)way))
            printf(" %s", ways[way]);
    printf(", the last one is used\n");
    for (int c = 0; c < CONTENDERS; c++)
        if (contenders[c].escape != NULL)
            printf("what %s %s\n", contenders[c].name, contenders[c].version());
}

static void __attribute__((noreturn)) usage(void)
{
    (void)fprintf(stderr, "usage: json [-r ROUNDS] [-s SECONDS]\n");
    exit(2);
}

int
main(int argc, char **argv)
{
    double seconds = 0.02;
    int rounds = 1, c;

    while ((c = getopt(argc, argv, "r:s:")) != -1) {
        switch (c) {
        case 'r':
            rounds = atoi(optarg);
            break;
        case 's':
            seconds = strtod(optarg, NULL);
            break;
        default:
            usage();
        }
    }
    if (argc != optind || rounds < 1 || !(seconds > 0))
        usage();
    out = malloc(ROOM);
    if (out == NULL)
        return EXIT_FAILURE;
    memset(out, 1, ROOM); /* touched before anybody is measured */
    print_contenders();
    for (size_t s = 0; s < SIZES; s++)
        for (size_t t = 0; t < TEXTS; t++)
            measure_text(t, sizes[s], rounds, (int64_t)(seconds * (double)CLOCK_SEC));
    return fflush(stdout) == 0 ? 0 : EXIT_FAILURE;
}
