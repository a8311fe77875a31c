/* bench/request/peers/evhttp.c -- one thread, libevent's evhttp, fork, read, wait: CMon's design.
 *
 * Usage: evhttp PORT CASE=COMMAND...   (the key is in BENCH_KEY)
 * Serves /evhttp/CASE.  Everybody waits while a command runs.  libevent's own
 * descriptors are CLOEXEC.
 */
#define _GNU_SOURCE
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    WORDS_MAX = 8,
    BLOCK = 64 * 1024,
};

static char **commands; /* "CASE=COMMAND", NULL at the end */
static const char *key;

static int
same(const char *a, const char *b)
{
    size_t n = strlen(a);
    int differ = n != strlen(b);

    for (size_t i = 0; !differ && i < n; i++)
        differ |= a[i] ^ b[i];
    return !differ;
}

static void
add_json(struct evbuffer *out, const char *text, size_t n)
{
    size_t from = 0;

    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c >= ' ' && c != '"' && c != '\\')
            continue;
        evbuffer_add(out, text + from, i - from);
        if (c == '\n')
            evbuffer_add(out, "\\n", 2);
        else
            evbuffer_add_printf(out, c < ' ' ? "\\u%04x" : "\\%c", c);
        from = i + 1;
    }
    evbuffer_add(out, text + from, n - from);
}

/* Runs one of ours and adds what it says; returns the status as waitpid(2) does. */
static int
run(const char *command, struct evbuffer *out)
{
    static char block[BLOCK];
    char words[1024], *argv[WORDS_MAX + 1] = { 0 };
    int pipefd[2], n = 0, status = 127;
    ssize_t got;
    pid_t pid;

    snprintf(words, sizeof(words), "%s", command);
    for (char *word = strtok(words, " "); word != NULL && n < WORDS_MAX; word = strtok(NULL, " "))
        argv[n++] = word;
    if (n == 0 || pipe2(pipefd, O_CLOEXEC) < 0 || (pid = fork()) < 0)
        return status;
    if (pid == 0) {
        dup2(pipefd[1], STDOUT_FILENO);
        dup2(pipefd[1], STDERR_FILENO);
        execv(argv[0], argv);
        _exit(127);
    }
    close(pipefd[1]);
    while ((got = read(pipefd[0], block, sizeof(block))) > 0)
        add_json(out, block, (size_t)got);
    close(pipefd[0]);
    waitpid(pid, &status, 0);
    return status;
}

static const char *
find_command(const char *uri)
{
    const char *name = strrchr(uri, '/') + 1;
    size_t n = strlen(name);

    for (char **c = commands; *c != NULL; c++)
        if (strncmp(*c, name, n) == 0 && (*c)[n] == '=')
            return *c + n + 1;
    return NULL;
}

static void
answer(struct evhttp_request *req, void *arg)
{
    const char *token = evhttp_find_header(evhttp_request_get_input_headers(req), "access_token");
    const char *command = find_command(evhttp_request_get_uri(req));
    struct evbuffer *body = evbuffer_new();
    int status;

    (void)arg;
    evhttp_add_header(evhttp_request_get_output_headers(req), "Content-Type", "application/json");
    if (token == NULL || !same(token, key)) {
        evbuffer_add_printf(body, "{\"status\":\"error\",\"code\":401}\n");
        evhttp_send_reply(req, 401, "Unauthorized", body);
    } else if (command == NULL) {
        evbuffer_add_printf(body, "{\"status\":\"error\",\"code\":404}\n");
        evhttp_send_reply(req, 404, "Not Found", body);
    } else {
        evbuffer_add_printf(body, "{\"status\":\"ok\",\"data\":\"");
        status = run(command, body);
        evbuffer_add_printf(body, "\"}\n");
        evhttp_send_reply(req, status == 0 ? 200 : 500, status == 0 ? "OK" : "Failed", body);
    }
    evbuffer_free(body);
}

int
main(int argc, char **argv)
{
    struct event_base *base = event_base_new();
    struct evhttp *http = base != NULL ? evhttp_new(base) : NULL;

    key = getenv("BENCH_KEY");
    if (argc < 3 || key == NULL || http == NULL) {
        fputs("usage: BENCH_KEY=... evhttp PORT CASE=COMMAND...\n", stderr);
        return 2;
    }
    commands = argv + 2;
    evhttp_set_gencb(http, answer, NULL);
    if (evhttp_bind_socket(http, "127.0.0.1", (unsigned short)atoi(argv[1])) < 0) {
        perror("evhttp: bind");
        return 1;
    }
    return event_base_dispatch(base) < 0;
}
