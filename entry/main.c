/* entry/main.c -- cmon: decides what it is and hands over.
 *
 * Reading order: here, then as HACKING.md follows a request.
 */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena/region.h"
#include "base/err.h"
#include "base/headroom.h"
#include "conf/conf.h"
#include "entry/cgi.h"
#include "entry/cli.h"
#include "entry/init.h"
#include "entry/mode.h"
#include "fcgi/log.h"
#include "fcgi/serve.h"
#include "fcgi/successor.h"

enum {
    REGION_BYTES = 64 * 1024
};

/* A wrong configuration is told to the log, and to the old process that waits
 * to hear whether this one gets ready: all of it, first complaint first. */
struct complaints {
    char text[1024];
    size_t n;
};

static void
say(void *ctx, enum conf_level level, const char *file, int line, const char *msg)
{
    struct complaints *all = ctx;
    bool wrong = level == CONF_ERROR;
    char where[CONF_WHERE_MAX];
    int n;

    (void)conf_where(where, file, line);
    log_event(
        wrong ? LOG_AT_ERROR : LOG_AT_WARNING, wrong ? "error" : "warning", "%s%s", where, msg);
    if (!wrong || all->n >= sizeof(all->text) - 1)
        return;
    n = snprintf(all->text + all->n, sizeof(all->text) - all->n, "%s%s\n", where, msg);
    if (n > 0)
        all->n += (size_t)n;
}

/* Workers never see a signal; SIGCHLD stays open so that it costs nothing, and
 * what the processor raises cannot be put off. */
static void
block_signals(void)
{
    static const int open[] = { SIGCHLD, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP };
    struct sigaction dfl = { .sa_handler = SIG_DFL };
    sigset_t set;
    size_t i;

    (void)sigfillset(&set);
    for (i = 0; i < sizeof(open) / sizeof(open[0]); i++)
        (void)sigdelset(&set, open[i]);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    (void)sigaction(SIGCHLD, &dfl, NULL);
}

/* Whether who started us hands out the key to anybody, as a file. */
static bool
is_exposed(const struct conf *conf)
{
    const char *root = guard_exposed_at_start(&conf->guard);

    if (root == NULL)
        return false;
    log_event(LOG_AT_ERROR, "error", "DOCUMENT_ROOT=%s: " GUARD_EXPOSED, root);
    successor_complain(GUARD_EXPOSED "\n");
    return true;
}

static int
fastcgi(int listen_fd, int argc, char *const *argv)
{
    struct complaints complaints = { .n = 0 };
    const char *file = NULL;
    const struct conf *conf;
    struct region r;

    block_signals();
    headroom_keep();
    mode_harden(false);
    if (argc == 3 && strcmp(argv[1], "-c") == 0) {
        file = argv[2];
    } else if (argc != 1) {
        log_event(LOG_AT_ERROR, "error", "serving FastCGI takes no argument but -c FILE");
        successor_complain("serving FastCGI takes no argument but -c FILE\n");
        return CLI_USAGE;
    }
    log_open(true, false);
    log_event(LOG_AT_INFO, "start", "%s", PACKAGE_STRING);
    /* Until the configuration says where to, whoever may listen is told of
     * mistakes; but not that all is well, which takes milliseconds where there
     * is no syslog and its messages go to a serial console. */
    log_open(true, true);
    if (region_init(&r, REGION_BYTES) < 0) {
        log_event(LOG_AT_ERROR, "error", "out of memory");
        successor_complain("out of memory\n");
        return EXIT_FAILURE;
    }
    if (file == NULL)
        file = conf_find(&r);
    if (conf_load(file, true, say, &complaints, &conf) < 0) {
        successor_complain(
            complaints.n > 0 ? complaints.text : "the configuration cannot be read\n");
        return EXIT_FAILURE;
    }
    region_done(&r);
    if (is_exposed(conf)) {
        conf_unref(conf);
        return EXIT_FAILURE;
    }
    mode_harden(conf->core_dumps);
    log_open(conf->log_stderr, conf->log_syslog);
    return serve_main(listen_fd, conf, argv);
}

int
main(int argc, char **argv)
{
    int listen_fd = -1;
    enum mode mode = mode_decide(&listen_fd);
    struct err err;
    int code = init_split();

    if (code >= 0)
        return code;
    if (mode_settle(mode, &listen_fd, &err) < 0) {
        log_event(LOG_AT_ERROR, "error", "%s", err.text);
        return EXIT_FAILURE;
    }
    switch (mode) {
    case MODE_FASTCGI:
        return fastcgi(listen_fd, argc, argv);
    case MODE_CGI:
        return cgi_main();
    case MODE_TOOL:
        break;
    }
    return cli_main(argc, argv);
}
