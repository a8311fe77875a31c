/* bench/alloc/slice.c -- one contender, one workload, one line of figures.
 *
 * slice [-s SECONDS] [-c] [-t TRACE] CONTENDER WORKLOAD
 * slice -l contenders|workloads
 *
 * run-alloc starts it again and again, in turns, each time a new process, so
 * that nobody meets what another one left of the address space.  -c has the
 * counter serialised by CPUID.  malloc(3) is not called before the contender
 * is: what is printed is put together in memory of our own.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/alloc/clock.h"
#include "bench/alloc/workload.h"

enum {
    LINE_MAX_BYTES = 16 * 1024,
};

static void __attribute__((noreturn)) usage(void)
{
    (void)fprintf(stderr, "usage: slice [-s SECONDS] [-c] [-t TRACE] CONTENDER WORKLOAD\n"
                          "       slice -l contenders|workloads\n");
    exit(2);
}

static int
list(const char *what)
{
    if (strcmp(what, "contenders") == 0) {
        for (size_t i = 0; contender_at(i) != NULL; i++)
            printf("%s: %s\n", contender_at(i)->name, contender_at(i)->what);
    } else if (strcmp(what, "workloads") == 0) {
        for (size_t i = 0; workload_at(i) != NULL; i++)
            printf("%s\n", workload_at(i)->name);
    } else {
        usage();
    }
    return 0;
}

/* Who cannot do what a workload asks for is no failure, and is told so. */
static bool
is_able(const struct contender *c, const struct workload *w)
{
    return (c->single || w->scoped || (c->recycles && w->equal && w->threads == 1)) &&
           (c->own || !w->own);
}

static int
measure(const struct measure_setting *s, const struct workload *w)
{
    char version[64];

    measure_init(s->cpuid);
    s->contender->version(version, sizeof version);
    for (char *p = version; *p != '\0'; p++)
        *p = *p == ' ' ? '_' : *p;
    printf("slice %s %s version=%s arch=%s clock=%s hz=%.0f floor=%llu reading=%.0f",
        s->contender->name, w->name, version, CLOCK_ARCH, s->cpuid ? "cpuid" : "fence",
        measure_ticks_per_second(), (unsigned long long)measure_floor(), measure_reading());
    w->run(s, w);
    printf("\n");
    return fflush(stdout) == 0 ? 0 : EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
    static char line[LINE_MAX_BYTES];
    struct measure_setting s = { .seconds = 0.2 };
    const struct workload *w;
    int c;

    if (setvbuf(stdout, line, _IOFBF, sizeof line) != 0)
        return EXIT_FAILURE;
    while ((c = getopt(argc, argv, "cl:s:t:")) != -1) {
        switch (c) {
        case 'c':
            s.cpuid = true;
            break;
        case 'l':
            return list(optarg);
        case 's':
            s.seconds = strtod(optarg, NULL);
            break;
        case 't':
            s.trace = optarg;
            break;
        default:
            usage();
        }
    }
    if (argc - optind != 2 || !(s.seconds > 0))
        usage();
    s.contender = contender_find(argv[optind]);
    w = workload_find(argv[optind + 1]);
    if (s.contender == NULL || w == NULL)
        usage();
    if (is_able(s.contender, w))
        return measure(&s, w);
    printf("unable %s %s\n", s.contender->name, w->name);
    return 0;
}
