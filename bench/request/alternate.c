/* bench/request/alternate.c -- one request at a time, in turns of milliseconds with what it is held
 * against.
 *
 * The machine's speed changes within tenths of a second.  So the base (the bare
 * command, or another URL) and the subjects take turns of a few milliseconds:
 * base, first, base, second, ..., base.  A ratio is made of one turn of a
 * subject and the base's turns before and after it; the median over the rounds
 * is what is printed, and repeats to about one per cent.
 */
#include "config.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench/bare.h"
#include "bench/request/http.h"

enum {
    SUBJECTS_MAX = 16, /* the base is the first */
    SAMPLES_MAX = 1 << 20,
    ROUNDS_MAX = 1000,
};

struct subject {
    const char *name;
    char **argv;      /* a command, or NULL: */
    struct http http; /* a URL that is kept connected */
    uint32_t *took;   /* ns, of each */
    size_t n;
    int64_t total; /* ns */
    double *ratio; /* of each round: the base's time for one over ours */
};

struct plan {
    struct subject subject[SUBJECTS_MAX];
    size_t subjects;
    size_t rounds;
    int64_t turn; /* ns */
    int expect;   /* status of what is no base */
};

static void usage(void) __attribute__((noreturn));

static void
usage(void)
{
    fputs("usage: alternate [-n rounds] [-t ms-of-a-turn] [-e status] [-w seconds] -b url | -f "
          "program\n"
          "                 [-h header] name=url...\n",
        stderr);
    exit(2);
}

/* One run or request; returns whether it did what it should. */
static bool
do_once(struct subject *s, int expect)
{
    int status;

    if (s->argv != NULL)
        return bare_run(s->argv);
    status = http_get(&s->http);
    if (status == expect)
        return true;
    fprintf(stderr, "alternate: %s answers %d\n", s->name, status);
    return false;
}

/* Returns ns for one, or 0 when it went wrong. */
static double
take_turn(struct subject *s, int expect, int64_t length)
{
    int64_t begin = clock_now(), before = begin, now = begin;
    unsigned n = 0;

    while (now - begin < length) {
        if (!do_once(s, expect))
            return 0;
        now = clock_now();
        if (s->n < SAMPLES_MAX)
            s->took[s->n++] = now - before < UINT32_MAX ? (uint32_t)(now - before) : UINT32_MAX;
        before = now;
        n++;
    }
    s->total += now - begin;
    return (double)(now - begin) / n;
}

static bool
take_round(struct plan *plan, size_t round)
{
    struct subject *base = &plan->subject[0];
    double before = take_turn(base, 200, plan->turn);

    for (size_t i = 1; i < plan->subjects; i++) {
        /* Every second round the other way, so that nobody always comes after
         * the same neighbour. */
        struct subject *s = &plan->subject[round % 2 == 0 ? i : plan->subjects - i];
        double ours = take_turn(s, plan->expect, plan->turn);
        double after = ours > 0 ? take_turn(base, 200, plan->turn) : 0;

        if (!(before > 0 && ours > 0 && after > 0))
            return false;
        s->ratio[round] = (before + after) / 2 / ours;
        before = after;
    }
    return true;
}

static int
compare_times(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static int
compare_ratios(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void
print_results(struct plan *plan)
{
    for (size_t i = 0; i < plan->subjects; i++) {
        struct subject *s = &plan->subject[i];

        qsort(s->took, s->n, sizeof(*s->took), compare_times);
        qsort(s->ratio, plan->rounds, sizeof(*s->ratio), compare_ratios);
        printf("%s rate=%.1f p50_us=%.1f p99_us=%.1f n=%zu", s->name,
            (double)s->n * (double)CLOCK_SEC / (double)s->total, s->took[s->n / 2] / 1e3,
            s->took[s->n * 99 / 100] / 1e3, s->n);
        if (i > 0)
            printf(" ratio=%.4f", s->ratio[plan->rounds / 2]);
        putchar('\n');
    }
}

static struct subject *
add_subject(struct plan *plan, const char *name)
{
    struct subject *s = &plan->subject[plan->subjects++];

    s->name = name;
    s->took = calloc(SAMPLES_MAX, sizeof(*s->took));
    s->ratio = calloc(ROUNDS_MAX, sizeof(*s->ratio));
    if (s->took == NULL || s->ratio == NULL) {
        perror("alternate");
        exit(1);
    }
    return s;
}

static void
parse(int argc, char **argv, struct plan *plan)
{
    const char *header = "";
    int patience = 20; /* s for one answer */
    int opt;

    *plan = (struct plan){ .rounds = 20, .turn = 12 * CLOCK_MSEC, .expect = 200 };
    while ((opt = getopt(argc, argv, "+n:t:e:w:b:f:h:")) != -1) {
        if (opt == 'n')
            plan->rounds = strtoul(optarg, NULL, 10);
        else if (opt == 't')
            plan->turn = strtol(optarg, NULL, 10) * CLOCK_MSEC;
        else if (opt == 'e')
            plan->expect = (int)strtol(optarg, NULL, 10);
        else if (opt == 'w')
            patience = (int)strtol(optarg, NULL, 10);
        else if (opt == 'h')
            header = optarg;
        else if (opt == 'f' && plan->subjects == 0) {
            static char *command[2];

            command[0] = optarg;
            add_subject(plan, "floor")->argv = command;
        } else if (opt != 'b' || plan->subjects != 0 ||
                   !http_init(&add_subject(plan, "nginx")->http, optarg, "", patience))
            usage();
    }
    for (; optind < argc; optind++) {
        char *url = strchr(argv[optind], '=');

        if (url == NULL || plan->subjects == 0 || plan->subjects == SUBJECTS_MAX)
            usage();
        *url++ = '\0';
        if (!http_init(&add_subject(plan, argv[optind])->http, url, header, patience))
            usage();
    }
    if (plan->subjects < 2 || plan->rounds < 1 || plan->rounds > ROUNDS_MAX || plan->turn <= 0)
        usage();
}

int
main(int argc, char **argv)
{
    static struct plan plan;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    parse(argc, argv, &plan);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0) {
        perror("alternate");
        return 1;
    }
    for (size_t i = 0; i < plan.subjects; i++) /* connected and warm */
        if (!do_once(&plan.subject[i], i == 0 ? 200 : plan.expect))
            return 1;
    for (size_t round = 0; round < plan.rounds; round++)
        if (!take_round(&plan, round))
            return 1;
    print_results(&plan);
    return fflush(stdout) == 0 ? 0 : 1;
}
