/* bench/json/json.c -- what escaping costs, beside memcpy and beside libraries.
 *
 * Each turns the same bytes into one JSON string, in turns; ratios are made
 * within a round, and the median of the rounds counts.  memcpy is what nobody
 * can undercut.  A library that cannot write its string in place is charged for
 * the copy, because a reply needs it there.  Of bytes that are no UTF-8 the
 * libraries make an error or a JSON that is none; so random bytes are ours
 * alone.
 */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/escape.h"
#include "bench/json/json.h"

enum {
    SIZE_MAX_OF_ALL = 1 << 20, /* bytes of text */
    ROOM = ESCAPE_EXPANSION_MAX * SIZE_MAX_OF_ALL + 64,
    ROUNDS_MAX = 61,
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
    double copy_goal, jansson_goal; /* least ratios at the largest size, 0: none */
} texts[] = {
    { "plain", make_plain, true, 0.85, 100 },
    { "lines of 80", make_lines, true, 0.38, 60 },
    { "ANSI colours", make_ansi, true, 0.12, 25 },
    { "UTF-8", make_utf8, true, 0.11, 20 },
    { "random bytes", make_random, false, 0, 0 },
};

enum {
    TEXTS = sizeof texts / sizeof texts[0],
    SIZES = 3
};

static const size_t sizes[SIZES] = { 100, 65536, SIZE_MAX_OF_ALL };
static const double random_goal = 0.22; /* GB/s, ours */

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

enum {
    COPY,
    CMON,
    JANSSON,
    JSON_C,
    RAPIDJSON,
    CONTENDERS
};

static const struct {
    const char *name;
    escaper_fn *escape;
    bool any; /* bytes that are no UTF-8 too */
} contenders[CONTENDERS] = {
    [COPY] = { "memcpy", copy, true },
    [CMON] = { "cmon", escape_cmon, true },
    [JANSSON] = { "jansson", escape_jansson, false },
    [JSON_C] = { "json-c", escape_json_c, false },
    [RAPIDJSON] = { "rapidjson", escape_rapidjson, false },
};

/* ---- measuring ---- */

static unsigned char in[SIZE_MAX_OF_ALL];
static unsigned char *out;
static double took[TEXTS][CONTENDERS][ROUNDS_MAX]; /* ns for one string */

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

static int
by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double
median(const double *values, size_t n)
{
    double sorted[ROUNDS_MAX];

    memcpy(sorted, values, n * sizeof *values);
    qsort(sorted, n, sizeof *sorted, by_value);
    return sorted[n / 2];
}

/* The median over the rounds of how much longer `a` takes than we do. */
static double
ratio(size_t t, int a, size_t rounds)
{
    double values[ROUNDS_MAX];

    for (size_t r = 0; r < rounds; r++)
        values[r] = took[t][a][r] / took[t][CMON][r];
    return median(values, rounds);
}

static unsigned met, goals;

static void
judge(const char *text, const char *what, double is, double goal)
{
    goals++;
    met += is >= goal;
    printf("goal: %s: %s %.2f, wanted >= %.2f: %s\n", text, what, is, goal,
        is >= goal ? "met" : "not met");
}

static void
measure_text(size_t t, size_t n, size_t rounds, int64_t slice)
{
    texts[t].make(in, n);
    for (size_t r = 0; r < rounds; r++) {
        for (int i = 0; i < CONTENDERS; i++) {
            int c = r % 2 == 0 ? i : CONTENDERS - 1 - i;

            if (contenders[c].any || texts[t].utf8)
                took[t][c][r] = measure(contenders[c].escape, n, slice);
        }
    }
    printf("%-13s %7zu", texts[t].name, n);
    for (int c = 0; c < CONTENDERS; c++) {
        if (contenders[c].any || texts[t].utf8)
            printf("  %9.3f", (double)n / median(took[t][c], rounds));
        else
            printf("  %9s", "-");
    }
    printf("  %7.3f", ratio(t, COPY, rounds));
    if (texts[t].utf8)
        printf("  %7.1f  %7.1f  %7.1f", ratio(t, JANSSON, rounds), ratio(t, JSON_C, rounds),
            ratio(t, RAPIDJSON, rounds));
    printf("\n");
}

static void
judge_text(size_t t, size_t rounds)
{
    if (texts[t].copy_goal > 0)
        judge(texts[t].name, "rate to memcpy's", ratio(t, COPY, rounds), texts[t].copy_goal);
    if (texts[t].jansson_goal > 0)
        judge(texts[t].name, "rate to jansson's", ratio(t, JANSSON, rounds), texts[t].jansson_goal);
    if (!texts[t].utf8)
        judge(texts[t].name, "GB/s", SIZE_MAX_OF_ALL / median(took[t][CMON], rounds), random_goal);
}

static void
print_machine(void)
{
    static const char *const ways[ESCAPE_WAYS] = { "portable", "vector", "avx2" };
    char line[256] = "";
    FILE *f = fopen("/proc/cpuinfo", "r");

    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, "model name", 10) == 0)
            break;
    if (f != NULL)
        (void)fclose(f);
    printf("machine:   %s", strchr(line, ':') != NULL ? strchr(line, ':') + 2 : "unknown\n");
    printf("escaper:  ");
    for (int way = 0; way < ESCAPE_WAYS; way++)
        if (escape_can((enum escape_way)way))
            printf(" %s", ways[way]);
    printf(", the last one is used\n");
    printf("libraries: %s, %s, %s\n", version_jansson(), version_json_c(), version_rapidjson());
}

int
main(int argc, char **argv)
{
    bool quick = argc == 2 && strcmp(argv[1], "--quick") == 0;
    size_t rounds = quick ? 11 : ROUNDS_MAX;
    int64_t slice = (quick ? 10 : 20) * CLOCK_MSEC;

    if (argc > 1 && !quick) {
        (void)fprintf(stderr, "usage: json [--quick]\n");
        return 2;
    }
    out = malloc(ROOM);
    if (out == NULL)
        return EXIT_FAILURE;
    memset(out, 1, ROOM); /* touched before anybody is measured */
    print_machine();
    printf("measured:  %zu rounds of %.0f ms slices in turns\n\n", rounds,
        (double)slice / (double)CLOCK_MSEC);
    printf("%-13s %7s  %53s  %7s  %25s\n", "", "", "GB/s of input", "memcpy",
        "cmon's rate to that of");
    printf("%-13s %7s", "text", "bytes");
    for (int c = 0; c < CONTENDERS; c++)
        printf("  %9s", contenders[c].name);
    printf("  %7s  %7s  %7s  %7s\n", "/ cmon", "jansson", "json-c", "rapidj.");
    for (size_t s = 0; s < SIZES; s++)
        for (size_t t = 0; t < TEXTS; t++)
            measure_text(t, sizes[s], rounds, slice);
    printf("\n");
    for (size_t t = 0; t < TEXTS; t++) /* at the largest size, which came last */
        judge_text(t, rounds);
    printf("goals: %u of %u met\n", met, goals);
    return 0;
}
