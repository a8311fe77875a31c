/* bench/request/peers/least.c -- the least that a FastCGI responder can do: a reference, no bound.
 *
 * Usage: least SOCKET PROCESSES CASE=COMMAND...   (the key is in BENCH_KEY)
 *
 * No responder, but a measure: whatever it costs beside the floor, the web
 * server and the socket cost.  A process blocks in accept, looks for the key
 * and the command somewhere in what comes, runs the command by vfork, blocks
 * until it has ended, and sends what it said, as it is.  Nothing is parsed,
 * limited, escaped, logged, timed or cleaned up.  With many at once a responder
 * that takes several for each time that it is woken may still be ahead.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    WORDS = 8,        /* of a command */
    HEADER = 8,       /* bytes of a record's */
    RECORD = 65535,   /* bytes in one record */
    OUTPUT = 2 << 20, /* bytes that a command may say */
    ROOM = OUTPUT + OUTPUT / RECORD * HEADER + 4096,
};

static unsigned char in[128 * 1024], said[OUTPUT], out[ROOM];
static char **commands; /* "CASE=COMMAND" */

static unsigned char *
record(unsigned char *w, unsigned char type, const void *p, size_t n)
{
    const unsigned char header[HEADER] = { 1, type, 0, 1, (unsigned char)(n >> 8),
        (unsigned char)n };

    memcpy(w, header, HEADER);
    memcpy(w + HEADER, p, n);
    return w + HEADER + n;
}

static unsigned char *
answer(const char *status, size_t n)
{
    static const unsigned char end[HEADER];
    char head[128];
    unsigned char *w = out;
    int len = snprintf(head, sizeof(head),
        "Status: %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n", status, n);

    w = record(w, 6, head, (size_t)len);
    for (size_t at = 0; at < n; at += RECORD)
        w = record(w, 6, said + at, n - at < RECORD ? n - at : RECORD);
    w = record(w, 6, "", 0);
    return record(w, 3, end, sizeof(end));
}

static bool
run(const char *command, size_t *ret_n)
{
    char words[1024], *argv[WORDS + 1] = { NULL };
    int p[2], status, k = 0;
    ssize_t n;
    pid_t pid;

    *ret_n = 0;
    (void)snprintf(words, sizeof(words), "%s", command);
    for (char *word = strtok(words, " "); word != NULL && k < WORDS; word = strtok(NULL, " "))
        argv[k++] = word;
    if (k == 0 || pipe2(p, O_CLOEXEC) < 0)
        return false;
    pid = vfork();
    if (pid == 0) {
        if (dup2(p[1], 1) >= 0 && dup2(p[1], 2) >= 0)
            execv(argv[0], argv);
        _exit(127);
    }
    (void)close(p[1]);
    while ((n = read(p[0], said + *ret_n, sizeof(said) - *ret_n)) > 0)
        *ret_n += (size_t)n;
    (void)close(p[0]);
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* What is asked for: "/least/CASE" stands somewhere in the parameters. */
static const char *
find_command(size_t n)
{
    for (char **c = commands; *c != NULL; c++) {
        char path[64];
        const char *end = strchr(*c, '=');
        int len = snprintf(path, sizeof(path), "/least/%.*s", (int)(end - *c), *c);

        if (memmem(in, n, path, (size_t)len) != NULL)
            return strchr(*c, '=') + 1;
    }
    return NULL;
}

static void
serve(int listen_fd, const char *key)
{
    for (;;) {
        int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
        ssize_t n = fd >= 0 ? recv(fd, in, sizeof(in), 0) : 0;
        const unsigned char *end;
        const char *command;
        size_t len = 0;

        if (n <= 0) {
            (void)close(fd);
            continue;
        }
        command = find_command((size_t)n);
        if (memmem(in, (size_t)n, key, strlen(key)) == NULL)
            end = answer("401 Unauthorized", 0);
        else if (command == NULL || !run(command, &len))
            end = answer("500 Internal Server Error", 0);
        else
            end = answer("200 OK", len);
        (void)!send(fd, out, (size_t)(end - out), MSG_NOSIGNAL);
        (void)close(fd);
    }
}

int
main(int argc, char **argv)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    const char *key = getenv("BENCH_KEY");
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (argc < 4 || key == NULL || fd < 0)
        return 2;
    commands = argv + 3;
    (void)snprintf(name.sun_path, sizeof(name.sun_path), "%s", argv[1]);
    if (bind(fd, (const struct sockaddr *)&name, sizeof(name)) < 0 || listen(fd, 511) < 0) {
        perror("least");
        return 1;
    }
    for (long i = strtol(argv[2], NULL, 10); i > 0; i--) {
        if (fork() == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
            serve(fd, key);
        }
    }
    while (wait(NULL) > 0)
        continue;
    return 0;
}
