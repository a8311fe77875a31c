/* fcgi/log.c -- contracts are in log.h. */
#include "config.h"

#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "fcgi/log.h"

/* A run of hexadecimal digits from this length on may be (part of) a token. */
enum {
    MASK_DIGITS = 32
};

enum {
    PATIENCE = 1000 /* ms for a reader of stderr that has fallen behind */
};

static atomic_bool use_stderr = true;
static atomic_bool use_syslog = false;

void
log_open(bool to_stderr, bool to_syslog)
{
    if (to_syslog && !atomic_load(&use_syslog))
        openlog("cmon", LOG_PID | LOG_CONS, LOG_DAEMON);
    atomic_store(&use_stderr, to_stderr);
    atomic_store(&use_syslog, to_syslog);
}

bool
log_wanted(void)
{
    return atomic_load(&use_stderr) || atomic_load(&use_syslog);
}

static bool
is_hex(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool
is_plain(const char *s)
{
    if (*s == '\0')
        return false;
    for (; *s != '\0'; s++)
        if ((unsigned char)*s <= ' ' || (unsigned char)*s >= 0x7f || strchr("\"\\=", *s) != NULL)
            return false;
    return true;
}

static void
put_escaped(struct buf *b, const char *s)
{
    size_t hex;

    while (*s != '\0' && !b->full) {
        for (hex = 0; is_hex((unsigned char)s[hex]); hex++)
            continue;
        if (hex >= MASK_DIGITS) {
            buf_puts(b, "[masked]");
            s += hex;
        } else if (hex > 0) {
            buf_put(b, s, hex);
            s += hex;
        } else {
            if ((unsigned char)*s < ' ' || (unsigned char)*s >= 0x7f)
                buf_printf(b, "\\x%02x", (unsigned)(unsigned char)*s);
            else if (*s == '"' || *s == '\\')
                buf_printf(b, "\\%c", *s);
            else
                buf_putc(b, (unsigned char)*s);
            s++;
        }
    }
}

/* How much of a value may go onto the line, at most `max` bytes. */
static size_t
room_for(const struct log_line *l, const char *key, size_t max)
{
    size_t room = l->buf.full ? 0 : l->buf.max - l->buf.n;
    size_t frame = strlen(key) + sizeof(" =\"...\"");

    room = room > frame ? room - frame : 0;
    return room < max ? room : max;
}

/* Writes a field whose value is escaped already; one that was cut shows it. */
static void
put_field(struct log_line *l, const char *key, const struct buf *value, bool quoted)
{
    buf_printf(&l->buf, quoted || value->full ? " %s=\"%.*s%s\"" : " %s=%.*s%s", key, (int)value->n,
        (const char *)value->p, value->full ? "..." : "");
}

static void
put_str(struct log_line *l, const char *key, const char *value, size_t max)
{
    char text[LOG_LINE_MAX];
    struct buf b;

    buf_over(&b, text, room_for(l, key, max));
    put_escaped(&b, value);
    put_field(l, key, &b, !is_plain(value));
}

void
log_begin(struct log_line *l, enum log_level level, const char *event)
{
    static const char *const name[] = { "INFO", "WARNING", "ERROR" };
    char stamp[CLOCK_STAMP_MAX];

    l->level = level;
    /* Room for the newline is kept back. */
    buf_over(&l->buf, l->text, sizeof(l->text) - 1);
    buf_printf(&l->buf, "%s %s %s", clock_stamp(stamp), name[level], event);
}

void
log_str(struct log_line *l, const char *key, const char *value)
{
    put_str(l, key, value, LOG_VALUE_MAX);
}

void
log_words(struct log_line *l, const char *key, char *const *words)
{
    char text[LOG_VALUE_MAX];
    struct buf b;
    size_t i;

    buf_over(&b, text, room_for(l, key, sizeof(text)));
    for (i = 0; words[i] != NULL; i++) {
        if (i > 0)
            buf_putc(&b, ' ');
        put_escaped(&b, words[i]);
    }
    put_field(l, key, &b, true);
}

void
log_int(struct log_line *l, const char *key, int64_t value)
{
    buf_printf(&l->buf, " %s=%lld", key, (long long)value);
}

void
log_msec(struct log_line *l, const char *key, int64_t nsec)
{
    int64_t usec = nsec / 1000;

    buf_printf(&l->buf, " %s=%lld.%03d", key, (long long)(usec / 1000), (int)(usec % 1000));
}

/* Says how many lines are missing in front of the next one. */
static size_t
tell_lost(char *out, size_t max, unsigned long lost)
{
    char stamp[CLOCK_STAMP_MAX];
    int n = 0;

    if (lost > 0)
        n = snprintf(out, max, "%s WARNING warning msg=\"%lu lines lost: nobody read them\"\n",
            clock_stamp(stamp), lost);
    return n > 0 ? (size_t)n : 0;
}

/* Whoever finds room has it until the line is written: a pipe that is writable
 * takes a page, and a socket about as much. */
static void
put_stderr(char *text, size_t n)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static unsigned long lost; /* since the last line that went out */
    struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };
    char before[128];
    struct iovec iov[2] = { { .iov_base = before }, { .iov_base = text, .iov_len = n } };
    ssize_t put;

    (void)pthread_mutex_lock(&lock);
    if (poll(&p, 1, lost > 0 ? 0 : PATIENCE) == 0) {
        lost++;
    } else {
        iov[0].iov_len = tell_lost(before, sizeof(before), lost);
        put = writev(STDERR_FILENO, iov, 2);
        (void)put; /* there is nobody to tell when the log cannot be written */
        lost = 0;
    }
    (void)pthread_mutex_unlock(&lock);
}

void
log_end(struct log_line *l)
{
    static const int priority[] = { LOG_INFO, LOG_WARNING, LOG_ERR };
    size_t n = l->buf.n;
    const char *text;

    l->text[n] = '\n';
    if (atomic_load(&use_stderr))
        put_stderr(l->text, n + 1);
    if (atomic_load(&use_syslog)) {
        /* syslog stamps its lines itself. */
        text = memchr(l->text, ' ', n);
        if (text != NULL)
            syslog(LOG_DAEMON | priority[l->level], "%.*s", (int)(n - (size_t)(text - l->text) - 1),
                text + 1);
    }
}

void
log_event(enum log_level level, const char *event, const char *fmt, ...)
{
    struct log_line l;
    char msg[LOG_LINE_MAX];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(msg, sizeof(msg), fmt, ap); /* a longer message is cut */
    va_end(ap);
    log_begin(&l, level, event);
    put_str(&l, "msg", msg, sizeof(msg));
    log_end(&l);
}
