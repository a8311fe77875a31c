/* entry/cli.c -- contracts are in cli.h. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena/region.h"
#include "base/crypto.h"
#include "base/fd.h"
#include "base/hex.h"
#include "conf/conf.h"
#include "conf/hold.h"
#include "conf/key.h"
#include "conf/routes.h"
#include "entry/cli.h"
#include "entry/cli_run.h"
#include "entry/mode.h"

enum {
    REGION_BYTES = 4 * 1024 * 1024
};

static const char usage_text[] =
    "usage: cmon check-config [-c FILE]\n"
    "       cmon routes [-c FILE] [--json]\n"
    "       cmon run [-c FILE] [--json] [--usage] [-X METHOD] /PATH[?QUERY] [NAME=VALUE ...]\n"
    "       cmon token new [FILE]\n"
    "       cmon --version | --help\n"
    "Started by spawn-fcgi or systemd on a listening socket, cmon [-c FILE] serves\n"
    "FastCGI; with GATEWAY_INTERFACE in its environment, one CGI request.\n";

struct options {
    const char *file;   /* -c */
    const char *method; /* -X */
    bool json;
    bool usage;
};

static int
usage(void)
{
    (void)fputs(usage_text, stderr);
    return CLI_USAGE;
}

/* Returns 0, and what is not an option from *ret_rest on; or CLI_USAGE. */
static int
parse(int argc, char *const *argv, const char *allowed, struct options *ret_opt, int *ret_rest)
{
    static const struct option longs[] = { { "json", no_argument, NULL, 'j' },
        { "usage", no_argument, NULL, 'u' }, { 0 } };
    int c;

    *ret_opt = (struct options){ .file = NULL };
    /* '+': what follows the path belongs to the route. */
    while ((c = getopt_long(argc, argv, "+c:X:", longs, NULL)) != -1) {
        if (c == '?' || strchr(allowed, c) == NULL)
            return usage();
        if (c == 'c')
            ret_opt->file = optarg;
        else if (c == 'X')
            ret_opt->method = optarg;
        else if (c == 'u')
            ret_opt->usage = true;
        else
            ret_opt->json = true;
    }
    *ret_rest = optind;
    return 0;
}

static void
say(void *ctx, enum conf_level level, const char *file, int line, const char *msg)
{
    const char *word = level == CONF_ERROR ? "error" : "warning";
    const bool *errors_only = ctx;
    char where[CONF_WHERE_MAX];

    if (level == CONF_WARNING && *errors_only)
        return;
    (void)fprintf(
        stderr, "%s%s: %s\n", file != NULL ? conf_where(where, file, line) : "cmon: ", word, msg);
}

/* Returns the configuration, or NULL after everything wrong was said. */
static const struct conf *
load(const struct options *opt, bool with_key, bool errors_only, struct region *r)
{
    const struct conf *conf;
    const char *file = opt->file != NULL ? opt->file : conf_find(r);

    return conf_load(file, with_key, say, &errors_only, &conf) < 0 ? NULL : conf;
}

/* What the limits of routes come to on this machine. */
static void
print_limits(const struct conf *conf, struct region *r)
{
    struct cgroup_place place;
    struct span text;

    cgroup_place_find(&place);
    text = hold_table(conf, &place, r);
    (void)printf("%.*s", (int)text.n, text.n > 0 ? (const char *)text.p : "");
}

static int
check_config(int argc, char *const *argv, struct region *r)
{
    struct options opt;
    const struct conf *conf;
    int rest;

    if (parse(argc, argv, "c", &opt, &rest) != 0)
        return CLI_USAGE;
    if (rest != argc)
        return usage();
    conf = load(&opt, true, false, r);
    if (conf == NULL)
        return CLI_FAILED;
    print_limits(conf, r);
    (void)printf("%s: configuration is good\n", conf->file != NULL ? conf->file : "built-in");
    conf_unref(conf);
    return CLI_OK;
}

static int
routes(int argc, char *const *argv, struct region *r)
{
    struct options opt;
    const struct conf *conf;
    struct span text;
    int rest;

    if (parse(argc, argv, "cj", &opt, &rest) != 0)
        return CLI_USAGE;
    if (rest != argc)
        return usage();
    conf = load(&opt, false, true, r);
    if (conf == NULL)
        return CLI_FAILED;
    text = opt.json ? routes_json(conf, r) : routes_table(conf, r);
    rest = fd_write_all(STDOUT_FILENO, text.p, text.n);
    conf_unref(conf);
    return rest == 0 ? CLI_OK : CLI_FAILED;
}

static int
run(int argc, char *const *argv, struct region *r)
{
    struct options opt;
    const struct conf *conf;
    int rest, code;

    if (parse(argc, argv, "cXju", &opt, &rest) != 0)
        return CLI_USAGE;
    if (rest == argc || argv[rest][0] != '/')
        return usage();
    conf = load(&opt, false, true, r);
    if (conf == NULL)
        return CLI_FAILED;
    code = cli_run(conf, argv + rest, opt.method, opt.json, opt.usage, r);
    conf_unref(conf);
    return code;
}

static int
token_new(const char *file)
{
    unsigned char key[KEY_BYTES];
    char text[2 * KEY_BYTES + 2];
    FD_AUTO int fd = -1;
    int out = STDOUT_FILENO;
    int r;

    if (file != NULL) {
        /* Never over a key that is in use. */
        out = fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0) {
            (void)fprintf(stderr, "cmon: open %s: %s\n", file, strerror(errno));
            return CLI_FAILED;
        }
    }
    r = crypto_random(key, sizeof(key));
    if (r == 0) {
        hex_encode(key, sizeof(key), text);
        text[2 * KEY_BYTES] = '\n';
        r = fd_write_all(out, text, 2 * KEY_BYTES + 1);
    }
    crypto_cleanse(key, sizeof(key));
    crypto_cleanse(text, sizeof(text));
    if (r < 0)
        (void)fprintf(stderr, "cmon: token: %s\n", strerror(-r));
    return r == 0 ? CLI_OK : CLI_FAILED;
}

static int
token(int argc, char *const *argv, struct region *r)
{
    (void)r;
    if (argc < 2 || argc > 3 || strcmp(argv[1], "new") != 0)
        return usage();
    return token_new(argv[2]);
}

int
cli_main(int argc, char *const *argv)
{
    static const struct {
        const char *name;
        int (*command)(int argc, char *const *argv, struct region *r);
    } known[] = {
        { "check-config", check_config },
        { "routes", routes },
        { "run", run },
        { "token", token },
    };
    struct region r;
    size_t i;
    int code = -1;

    if (argc < 2)
        return usage();
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return puts(PACKAGE_STRING) < 0 ? CLI_FAILED : CLI_OK;
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return fputs(usage_text, stdout) < 0 ? CLI_FAILED : CLI_OK;
    if (region_init(&r, REGION_BYTES) < 0) {
        (void)fputs("cmon: out of memory\n", stderr);
        return CLI_FAILED;
    }
    mode_harden(false);
    for (i = 0; i < sizeof(known) / sizeof(known[0]) && code < 0; i++)
        if (strcmp(argv[1], known[i].name) == 0)
            code = known[i].command(argc - 1, argv + 1, &r);
    region_done(&r);
    return code >= 0 ? code : usage();
}
