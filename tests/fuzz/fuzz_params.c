/* tests/fuzz/fuzz_params.c -- no query makes an argument that its type does not allow. */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "arena/region.h"
#include "base/err.h"
#include "base/utf8.h"
#include "conf/branch.h"
#include "conf/params.h"
#include "conf/pattern.h"
#include "tests/fuzz/fuzz.h"

enum {
    MEM = 1024 * 1024,
    NPARAMS = 7
};

static const char *const values[] = { "one", "two words", "", NULL };

static struct param params[NPARAMS] = {
    { .name = "b", .type = PARAM_GIT_BRANCH, .fallback = "main" },
    { .name = "i", .type = PARAM_INT, .fallback = "0", .min = -5, .max = 10 },
    { .name = "e", .type = PARAM_ENUM, .fallback = "one", .values = values },
    { .name = "o", .type = PARAM_BOOL, .fallback = "true" },
    { .name = "p", .type = PARAM_PATH, .fallback = "tmp", .root = "/" },
    { .name = "t", .type = PARAM_TEXT, .fallback = "x", .max_len = 32 },
    { .name = "d",
        .type = PARAM_TEXT,
        .fallback = "",
        .max_len = 32,
        .env = "D",
        .allow_dash = true },
};

static const char *const templates[] = { "x", "{b}", "{i}", "{e}", "{o}", "{p}", "{t}", "{d}",
    "refs/heads/{b}", "{t}{i}", "{d}{t}", "--x={t}", "{{{t}}}", NULL };

static char *env[] = { "PATH=/bin", "D=none", NULL };

static bool
is_plain(const char *s)
{
    for (; *s; s++) {
        if ((unsigned char)*s < 0x20 || *s == 0x7f)
            return false;
    }
    return true;
}

static void
check_values(const struct params *p)
{
    for (size_t i = 0; i < NPARAMS; i++) {
        FUZZ_PROMISE(utf8_valid((const unsigned char *)p->value[i], strlen(p->value[i])));
        FUZZ_PROMISE(is_plain(p->value[i]));
    }
    FUZZ_PROMISE(!branch_refuse(p->value[0]));
    FUZZ_PROMISE(strtol(p->value[1], NULL, 10) >= -5 && strtol(p->value[1], NULL, 10) <= 10);
    FUZZ_PROMISE(strcmp(p->value[3], "true") == 0 || strcmp(p->value[3], "false") == 0);
    FUZZ_PROMISE(p->value[4][0] == '/' && !strstr(p->value[4], "/../"));
    FUZZ_PROMISE(strlen(p->value[5]) <= 32 && strlen(p->value[6]) <= 32);
}

/* Nothing but what allow_dash lets through begins an option. */
static void
check_argv(char **argv, const struct params *p)
{
    size_t n = 0;

    for (; argv[n]; n++) {
        bool may_dash = strncmp(templates[n], "{d}", 3) == 0 || templates[n][0] == '-';

        FUZZ_PROMISE(argv[n][0] != '-' || may_dash);
    }
    FUZZ_PROMISE(n == sizeof templates / sizeof templates[0] - 1);
    FUZZ_PROMISE(strcmp(argv[7], p->value[6]) == 0);
    FUZZ_PROMISE(strcmp(argv[8] + strlen("refs/heads/"), p->value[0]) == 0);
    FUZZ_PROMISE(strncmp(argv[11], "--x=", 4) == 0 && strcmp(argv[11] + 4, p->value[5]) == 0);
    FUZZ_PROMISE(argv[12][0] == '{' && argv[12][strlen(argv[12]) - 1] == '}');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct route rt = {
        .path = "/x", .argv = templates, .env = env, .params = params, .nparams = NPARAMS
    };
    char *query = malloc(size + 1);
    struct region r;
    struct params p;
    char *const *envp;
    char **argv;
    struct err err;
    int rc;

    FUZZ_PROMISE(query && region_init(&r, MEM) == 0);
    memcpy(query, data, size);
    query[size] = '\0';
    rc = params_bind(&rt, query, &r, &p, &err);
    if (rc == 0) {
        check_values(&p);
        rc = params_argv(&rt, &p, &r, &argv, &err);
        if (rc == 0)
            check_argv(argv, &p);
        FUZZ_PROMISE(params_env(&rt, &p, &r, &envp, &err) == 0);
        FUZZ_PROMISE(strcmp(envp[1] + strlen("D="), p.value[6]) == 0 && !envp[2]);
    }
    if (rc < 0) {
        FUZZ_PROMISE(rc == -EINVAL && is_plain(err.text));
        FUZZ_PROMISE(utf8_valid((const unsigned char *)err.text, strlen(err.text)));
    }
    region_done(&r);
    free(query);
    return 0;
}
