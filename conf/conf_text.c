/* conf/conf_text.c -- contracts are in conf_text.h. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena/region.h"
#include "base/fd.h"
#include "conf/conf_say.h"
#include "conf/conf_text.h"

enum {
    DEPTH_MAX = 16, /* open braces; the language needs three */
};

enum token {
    TOKEN_END,
    TOKEN_WORD,
    TOKEN_STRING,
    TOKEN_VARIABLE, /* ${NAME} outside of a string: a value too */
    TOKEN_COMMENT,
    TOKEN_APPEND, /* += */
    TOKEN_MARK,   /* one of MARKS */
};

#define MARKS "={}(),"
#define BLANKS " \t\n"

/* Where a walk over the tokens stands. */
struct walk {
    char *begin; /* of the token */
    char *end;   /* one past it */
    int first;   /* line where it begins */
    int line;    /* line where it ends */
    bool bad;    /* something was complained of */
    struct conf_say *say;
};

static struct walk
walk_over(char *text, struct conf_say *say)
{
    return (struct walk){ .begin = text, .end = text, .first = 1, .line = 1, .say = say };
}

#define COMPLAIN(w, where, ...)                           \
    do {                                                  \
        (w)->bad = true;                                  \
        if ((w)->say)                                     \
            conf_say_error((w)->say, where, __VA_ARGS__); \
    } while (0)

/* What ends a bare word in libConfuse's lexer. */
static bool
ends_word(char c)
{
    return c == '\0' || strchr(" #\"'\t\n\r*+" MARKS, c) != NULL;
}

static bool
is_control(char c)
{
    return ((unsigned char)c < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
}

/* Moves past "${NAME}" or "${NAME:-default}".  An unset variable without a
 * default would become nothing at all, and "${APP}/tmp" the root's. */
static void
walk_variable(struct walk *w)
{
    char *name = w->end + strlen("${");
    size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
    bool has_default = name[n] == ':' && name[n + 1] == '-';
    char *close = has_default ? name + n + 2 + strcspn(name + n + 2, "}\"'\\\n") : name + n;

    if (n == 0 || *close != '}') {
        COMPLAIN(w, w->line, "'${' begins no variable; write \"\\${\" for the characters");
        w->end = name;
        return;
    }
    name[n] = '\0';
    /* The text is readable all the same: other mistakes in it are told too. */
    if (!has_default && !getenv(name) && w->say)
        conf_say_error(w->say, w->line, "${%s} is not set in the environment", name);
    name[n] = has_default ? ':' : '}';
    w->end = close + 1;
}

/* Whether an escape, from behind its backslash, is a NUL: \0, \00, \000, \x0, \x00. */
static bool
is_nul_escape(const char *s)
{
    bool hex = *s == 'x';
    size_t most = hex ? 2 : 3;
    size_t zeros = strspn(s + hex, "0");
    size_t digits = strspn(s + hex, hex ? "0123456789abcdefABCDEF" : "01234567");

    return zeros > 0 && (zeros >= most || zeros == digits);
}

/* Moves past a backslash and the character behind it. */
static void
walk_escape(struct walk *w)
{
    w->end++;
    if (*w->end == '\0')
        return;
    w->line += *w->end == '\n';
    w->end++;
}

/* Moves past a string that begins with `quote`. */
static void
walk_string(struct walk *w, char quote)
{
    w->end++;
    while (*w->end && *w->end != quote) {
        char c = *w->end;

        if (c == '\\' && quote == '"' && is_nul_escape(w->end + 1))
            COMPLAIN(w, w->line, "a string cannot hold a NUL");
        if (c == '\\') {
            walk_escape(w);
            continue;
        }
        if (c == '$' && w->end[1] == '{' && quote == '"') {
            walk_variable(w);
            continue;
        }
        if (is_control(c))
            COMPLAIN(w, w->line, "a control character in a string; write it as an escape");
        w->line += c == '\n';
        w->end++;
    }
    if (*w->end == quote)
        w->end++;
    else
        COMPLAIN(w, w->first, "the string that begins here is never closed");
}

/* Moves past a comment, to its newline or behind its end mark. */
static void
walk_comment(struct walk *w)
{
    if (w->end[0] == '#' || w->end[1] == '/') {
        w->end += strcspn(w->end, "\n");
        return;
    }
    w->end += strlen("/*");
    while (*w->end && !(w->end[0] == '*' && w->end[1] == '/')) {
        w->line += *w->end == '\n';
        w->end++;
    }
    if (*w->end)
        w->end += strlen("*/");
    else
        COMPLAIN(w, w->first, "the comment that begins here is never closed");
}

static void
walk_word(struct walk *w)
{
    while (!ends_word(*w->end)) {
        if (is_control(*w->end))
            COMPLAIN(w, w->line, "a control character");
        w->end++;
    }
}

/* Moves over blanks, and over characters that libConfuse would drop. */
static void
walk_blanks(struct walk *w)
{
    for (;; w->end++) {
        char c = *w->end;

        if (c == '*' || (c == '+' && w->end[1] != '=')) {
            COMPLAIN(w, w->line, "'%c' has no meaning here; use quotes", c);
        } else if (c == '\r') {
            if (w->end[1] != '\n')
                COMPLAIN(w, w->line, "a control character");
        } else if (c == '\0' || !strchr(BLANKS, c)) {
            return;
        }
        w->line += c == '\n';
    }
}

/* Moves to the next token. */
static enum token
walk_next(struct walk *w)
{
    char c;

    walk_blanks(w);
    w->begin = w->end;
    w->first = w->line;
    c = *w->end;
    if (c == '\0')
        return TOKEN_END;
    if (c == '"' || c == '\'') {
        walk_string(w, c);
        return TOKEN_STRING;
    }
    if (c == '#' || (c == '/' && (w->end[1] == '/' || w->end[1] == '*'))) {
        walk_comment(w);
        return TOKEN_COMMENT;
    }
    if (c == '$' && w->end[1] == '{') {
        walk_variable(w);
        return TOKEN_VARIABLE;
    }
    if (c == '+') {
        w->end += strlen("+=");
        return TOKEN_APPEND;
    }
    if (strchr(MARKS, c)) {
        w->end++;
        return TOKEN_MARK;
    }
    walk_word(w);
    return TOKEN_WORD;
}

static void
blank(char *begin, const char *end)
{
    for (char *p = begin; p < end; p++) {
        if (*p != '\n')
            *p = ' ';
    }
}

int
conf_text_check(char *text, struct conf_say *say)
{
    struct walk w = walk_over(text, say);
    int open[DEPTH_MAX]; /* lines of open braces */
    size_t depth = 0;
    enum token token;

    while ((token = walk_next(&w)) != TOKEN_END) {
        if (token == TOKEN_COMMENT)
            blank(w.begin, w.end);
        if (token != TOKEN_MARK)
            continue;
        if (*w.begin == '{' && depth == DEPTH_MAX) {
            COMPLAIN(&w, w.line, "braces are nested too deeply");
            return -EINVAL;
        }
        if (*w.begin == '{') {
            open[depth++] = w.line;
        } else if (*w.begin == '}') {
            if (depth > 0)
                depth--;
            else
                COMPLAIN(&w, w.line, "this '}' closes nothing");
        }
    }
    while (depth > 0)
        COMPLAIN(&w, open[--depth], "this '{' is never closed");
    return w.bad ? -EINVAL : 0;
}

/* Moves past what follows an option's name.  Returns false when it is nothing
 * that a statement could be. */
static bool
walk_statement(struct walk *w)
{
    enum token token = walk_next(w);
    size_t depth = 0;

    if (token == TOKEN_WORD || token == TOKEN_STRING) {
        /* A title: only a section has one. */
        token = walk_next(w);
        if (token != TOKEN_MARK || *w->begin != '{')
            return false;
    } else if (token == TOKEN_APPEND || (token == TOKEN_MARK && *w->begin == '=')) {
        token = walk_next(w);
        if (token != TOKEN_MARK)
            return token != TOKEN_END;
    }
    if (token != TOKEN_MARK || !strchr("{(", *w->begin))
        return false;
    for (;;) {
        if (token == TOKEN_END)
            return false;
        if (token == TOKEN_MARK && strchr("{(", *w->begin))
            depth++;
        if (token == TOKEN_MARK && strchr("})", *w->begin) && --depth == 0)
            return true;
        token = walk_next(w);
    }
}

bool
conf_text_drop(char *text, int line, const char *name)
{
    struct walk w = walk_over(text, NULL);
    size_t n = strlen(name);
    enum token token;

    while ((token = walk_next(&w)) != TOKEN_END && w.first <= line) {
        struct walk ahead = w;

        if (token != TOKEN_WORD || w.first != line || (size_t)(w.end - w.begin) != n ||
            memcmp(w.begin, name, n) != 0)
            continue;
        if (walk_statement(&ahead)) {
            blank(w.begin, ahead.end);
            return true;
        }
    }
    return false;
}

/* Who says what runs? */
static int
check_file(int fd, struct conf_say *say)
{
    unsigned errors = say->errors;
    struct stat st;

    if (fstat(fd, &st) < 0)
        conf_say_error(say, 0, "stat: %s", strerror(errno));
    else if (S_ISDIR(st.st_mode))
        conf_say_error(say, 0, "is a directory");
    else if (!S_ISREG(st.st_mode))
        conf_say_error(say, 0, "is not a regular file");
    else if (st.st_size > CONF_TEXT_MAX)
        conf_say_error(say, 0, "is larger than %d bytes", CONF_TEXT_MAX);
    else {
        if (st.st_uid != geteuid() && st.st_uid != 0)
            conf_say_error(say, 0, "belongs to user %lu, neither to us (%lu) nor to root",
                (unsigned long)st.st_uid, (unsigned long)geteuid());
        if (st.st_mode & (S_IWGRP | S_IWOTH))
            conf_say_error(
                say, 0, "mode %04o lets others write it; chmod go-w", (unsigned)st.st_mode & 07777);
    }
    return say->errors == errors ? 0 : -EINVAL;
}

/* Reads at most `max` bytes.  Returns their number or -errno. */
static ssize_t
read_all(int fd, char *to, size_t max)
{
    size_t n = 0;

    while (n < max) {
        ssize_t got = read(fd, to + n, max - n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        n += (size_t)got;
    }
    return (ssize_t)n;
}

int
conf_text_read(const char *file, struct region *r, struct conf_say *say, char **ret_text)
{
    FD_AUTO int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    char *text;
    ssize_t n;

    if (fd < 0) {
        conf_say_error(say, 0, "open: %s", strerror(errno));
        return -EINVAL;
    }
    if (check_file(fd, say) < 0)
        return -EINVAL;
    text = region_alloc(r, CONF_TEXT_MAX + 1);
    if (!text)
        return -ENOMEM;
    n = read_all(fd, text, CONF_TEXT_MAX + 1);
    if (n < 0)
        conf_say_error(say, 0, "read: %s", strerror((int)-n));
    else if (n > CONF_TEXT_MAX)
        conf_say_error(say, 0, "is larger than %d bytes", CONF_TEXT_MAX);
    else if (memchr(text, '\0', (size_t)n))
        conf_say_error(say, 0, "holds a NUL byte");
    else {
        text[n] = '\0';
        region_shrink(r, text, (size_t)n + 1);
        *ret_text = text;
        return 0;
    }
    return -EINVAL;
}
