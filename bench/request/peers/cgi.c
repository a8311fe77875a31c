/* bench/request/peers/cgi.c -- a small CGI program: checks a token, runs a command, answers JSON.
 *
 * What somebody would write who has a web server, a compiler and one command.
 * BENCH_KEY and COMMAND (words between blanks) come from the server's
 * configuration.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    OUTPUT_MAX = 2 << 20, /* bytes */
    WORDS_MAX = 8,
};

static char output[OUTPUT_MAX];

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
print_json(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c == '"' || c == '\\') {
            putchar_unlocked('\\');
            putchar_unlocked(c);
        } else if (c == '\n')
            fputs("\\n", stdout);
        else if (c < ' ')
            printf("\\u%04x", c);
        else
            putchar_unlocked(c);
    }
}

static pid_t
start(char **argv, const int pipefd[2])
{
    pid_t pid = vfork();

    if (pid != 0)
        return pid;
    dup2(pipefd[1], STDOUT_FILENO);
    dup2(pipefd[1], STDERR_FILENO);
    close(pipefd[0]);
    close(pipefd[1]);
    execv(argv[0], argv);
    _exit(127);
}

/* Returns the bytes of output, and the status as waitpid(2) has it. */
static size_t
run(char *command, int *status)
{
    char *argv[WORDS_MAX + 1] = { 0 };
    size_t have = 0;
    int pipefd[2], words = 0;
    ssize_t n;
    pid_t pid;

    for (char *word = strtok(command, " "); word != NULL && words < WORDS_MAX;
         word = strtok(NULL, " "))
        argv[words++] = word;
    if (words == 0 || pipe(pipefd) < 0 || (pid = start(argv, pipefd)) < 0) {
        *status = 127;
        return 0;
    }
    close(pipefd[1]);
    while (have < sizeof(output) && (n = read(pipefd[0], output + have, sizeof(output) - have)) > 0)
        have += (size_t)n;
    waitpid(pid, status, 0);
    return have;
}

int
main(void)
{
    const char *key = getenv("BENCH_KEY"), *token = getenv("HTTP_ACCESS_TOKEN");
    char *command = getenv("COMMAND");
    int status;
    size_t n;

    if (key == NULL || command == NULL || token == NULL || !same(token, key)) {
        fputs("Status: 401\r\nContent-Type: application/json\r\n\r\n"
              "{\"status\":\"error\",\"code\":401}\n",
            stdout);
        return 0;
    }
    n = run(command, &status);
    printf("Status: %d\r\nContent-Type: application/json\r\n\r\n{\"status\":\"%s\",\"data\":\"",
        status == 0 ? 200 : 500, status == 0 ? "ok" : "error");
    print_json(output, n);
    fputs("\"}\n", stdout);
    return 0;
}
