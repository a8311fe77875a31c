/* tests/memory.c -- contracts are in memory.h. */
#include "config.h"

#include <dirent.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/memory.h"
#include "tests/suite.h"

enum {
    LINE_MAX_BYTES = 4096,
    MAPS_MAX = 4096,
    SEEN = 86, /* exit status */
};

struct map {
    uintptr_t from, to;
    char rights[5];
};

static struct map maps[MAPS_MAX];
static size_t nmaps;

static void
read_maps(void)
{
    FILE *f = fopen("/proc/self/maps", "r");
    char line[LINE_MAX_BYTES];

    ck_assert_ptr_nonnull(f);
    nmaps = 0;
    while (fgets(line, sizeof line, f) != NULL) {
        struct map *m = &maps[nmaps++];

        ck_assert_uint_lt(nmaps, MAPS_MAX);
        ck_assert_int_eq(sscanf(line, "%lx-%lx %4s", &m->from, &m->to, m->rights), 3);
    }
    (void)fclose(f);
}

static const struct map *
find_map(const void *p)
{
    for (size_t i = 0; i < nmaps; i++) {
        if ((uintptr_t)p >= maps[i].from && (uintptr_t)p < maps[i].to)
            return &maps[i];
    }
    return NULL;
}

const char *
memory_rights(const void *p)
{
    const struct map *m;

    read_maps();
    m = find_map(p);
    return m != NULL ? m->rights : "";
}

bool
memory_is_mapped(const void *p)
{
    return memory_rights(p)[0] != '\0';
}

const void *
memory_find_writable(const void *p, const void *except)
{
    const struct map *in;

    read_maps();
    in = find_map(p);
    ck_assert_ptr_nonnull(in);
    for (uintptr_t at = in->from; at < in->to; at += sizeof(void *)) {
        const void *const *word = (const void *const *)at;
        const struct map *m = word != except ? find_map(*word) : NULL;

        if (m != NULL && m->rights[1] == 'w')
            return word;
    }
    return NULL;
}

unsigned long
memory_page_size(void)
{
    return (unsigned long)sysconf(_SC_PAGESIZE);
}

void *
memory_page(const void *p)
{
    return (void *)((uintptr_t)p & ~(uintptr_t)(memory_page_size() - 1));
}

/* Finds a line of smaps about the mapping of an address. */
static void
find_line(const void *p, const char *name, char line[LINE_MAX_BYTES])
{
    FILE *f = fopen("/proc/self/smaps", "r");
    bool here = false, found = false;
    unsigned long from, to;

    ck_assert_ptr_nonnull(f);
    while (!found && fgets(line, LINE_MAX_BYTES, f) != NULL) {
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            here = (uintptr_t)p >= from && (uintptr_t)p < to;
        found = here && strncmp(line, name, strlen(name)) == 0;
    }
    (void)fclose(f);
    ck_assert_msg(found, "no %s of %p", name, p);
}

bool
memory_has_flag(const void *p, const char *flag)
{
    char line[LINE_MAX_BYTES];

    find_line(p, "VmFlags:", line);
    for (const char *at = strchr(line, ' '); at != NULL; at = strchr(at + 1, ' ')) {
        if (strncmp(at + 1, flag, 2) == 0)
            return true;
    }
    return false;
}

unsigned long
memory_resident(const void *p)
{
    char line[LINE_MAX_BYTES];
    unsigned long kib;

    find_line(p, "Rss:", line);
    ck_assert_int_eq(sscanf(line, "Rss: %lu", &kib), 1);
    return kib;
}

/* A number of /proc/self/status that is in KiB, in bytes. */
static size_t
status_bytes(const char *name)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[LINE_MAX_BYTES];
    unsigned long kib = 0;

    ck_assert_ptr_nonnull(f);
    while (kib == 0 && fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0)
            kib = strtoul(line + strlen(name), NULL, 10);
    }
    (void)fclose(f);
    ck_assert_msg(kib > 0, "no %s in status", name);
    return kib * 1024;
}

size_t
memory_space(void)
{
    return status_bytes("VmSize:");
}

size_t
memory_data(void)
{
    return status_bytes("VmData:");
}

void
memory_limit_space(size_t more)
{
    struct rlimit lim = { .rlim_cur = memory_space() + more, .rlim_max = RLIM_INFINITY };

    ck_assert_int_eq(setrlimit(RLIMIT_AS, &lim), 0);
}

void
memory_limit_data(size_t more)
{
    struct rlimit lim = { .rlim_cur = memory_data() + more, .rlim_max = RLIM_INFINITY };

    ck_assert_int_eq(setrlimit(RLIMIT_DATA, &lim), 0);
}

int
memory_file(const char *name)
{
    DIR *d = opendir("/proc/self/fd");
    const struct dirent *e;
    char want[64], link[64];
    int fd = -1;

    ck_assert_ptr_nonnull(d);
    (void)snprintf(want, sizeof want, "/memfd:%s (deleted)", name);
    while (fd < 0 && (e = readdir(d)) != NULL) {
        ssize_t n = readlinkat(dirfd(d), e->d_name, link, sizeof link - 1);

        link[n > 0 ? n : 0] = '\0';
        if (strcmp(link, want) == 0)
            fd = atoi(e->d_name);
    }
    (void)closedir(d);
    return fd;
}

int
memory_in_child(void (*fn)(void))
{
    int status;
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        (void)signal(SIGSEGV, SIG_DFL);
        fn();
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

static volatile unsigned char *target;

/* Not the signal's own end, which valgrind takes for a fault of ours. */
static void
note(int sig)
{
    (void)sig;
    _exit(SEEN);
}

static void
write_to_target(void)
{
    (void)signal(SIGSEGV, note);
    *target = 1;
}

bool
memory_is_deadly(void *p)
{
    int status;

    target = p;
    status = memory_in_child(write_to_target);
    return WIFEXITED(status) && WEXITSTATUS(status) == SEEN;
}
