/* bench/request/http.c -- contracts are in http.h. */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "bench/request/http.h"

/* One answer while it is read. */
struct answer {
    int status;
    size_t length;    /* of the body, SIZE_MAX: to the end of the connection */
    bool chunked;     /* length does not count */
    bool last;        /* the connection ends after it */
    size_t head;      /* bytes before the body */
    size_t left;      /* chunked: bytes of this chunk still to come */
    unsigned line;    /* chunked: bytes of this line of ours so far */
    size_t size;      /* chunked: what this line has said so far */
    bool in_size;     /* chunked: still in the number */
    bool tail, ended; /* chunked: after the last chunk; over */
};

bool
http_init(struct http *h, const char *url, const char *header, int patience)
{
    unsigned port;
    int at = 0, n;

    *h = (struct http){ .fd = -1, .patience = patience };
    if (sscanf(url, "http://127.0.0.1:%u/%n", &port, &at) != 1 || at == 0 || port > UINT16_MAX)
        return false;
    n = snprintf(h->request, sizeof(h->request), "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s%s\r\n",
        url + at - 1, header, *header != '\0' ? "\r\n" : "");
    h->port = (uint16_t)port;
    h->request_len = (size_t)n;
    return n > 0 && (size_t)n < sizeof(h->request);
}

int
http_fd(const struct http *h)
{
    return h->fd;
}

void
http_close(struct http *h)
{
    if (h->fd >= 0)
        (void)close(h->fd);
    h->fd = -1;
}

static bool
connect_it(struct http *h)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(h->port) };
    struct timeval patience = { .tv_sec = h->patience };
    int on = 1;

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    h->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (h->fd < 0)
        return false;
    if (connect(h->fd, (const struct sockaddr *)&to, sizeof(to)) == 0 &&
        setsockopt(h->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0 &&
        setsockopt(h->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0)
        return true;
    http_close(h);
    return false;
}

bool
http_send(struct http *h)
{
    if (h->fd < 0 && !connect_it(h))
        return false;
    if (send(h->fd, h->request, h->request_len, MSG_NOSIGNAL) == (ssize_t)h->request_len)
        return true;
    http_close(h);
    return false;
}

/* Takes the head apart once it is there as a whole; it ends in NUL. */
static bool
parse_head(struct answer *a, const char *head)
{
    const char *line;

    *a = (struct answer){ .length = SIZE_MAX };
    if (sscanf(head, "HTTP/1.%*c %d ", &a->status) != 1)
        return false;
    for (line = strstr(head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, "Content-Length:", 15) == 0)
            a->length = strtoul(line + 15, NULL, 10);
        else if (strncasecmp(line, "Transfer-Encoding: chunked", 26) == 0)
            a->chunked = a->in_size = true;
        else if (strncasecmp(line, "Connection: close", 17) == 0)
            a->last = true;
    }
    return true;
}

/* One byte of what stands between chunks. */
static void
between_chunks(struct answer *a, char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *digit = memchr(digits, c | 0x20, 16);

    if (c == '\r')
        return;
    if (c != '\n') {
        a->in_size = a->in_size && digit != NULL;
        if (a->in_size)
            a->size = a->size * 16 + (size_t)(digit - digits);
        a->line++;
        return;
    }
    if (a->line == 0) { /* after a chunk, or all of it */
        a->ended = a->tail;
        return;
    }
    a->tail = a->tail || a->size == 0;
    a->left = a->tail ? 0 : a->size;
    a->size = a->line = 0;
    a->in_size = true;
}

/* Takes bytes of a body; returns whether the body is over. */
static bool
take_body(struct answer *a, const char *at, size_t n)
{
    if (!a->chunked) {
        a->length -= a->length == SIZE_MAX ? 0 : n < a->length ? n : a->length;
        return a->length == 0;
    }
    while (n > 0 && !a->ended) {
        size_t some = n < a->left ? n : a->left;

        if (some == 0)
            between_chunks(a, *at);
        else
            a->left -= some;
        some += some == 0;
        at += some;
        n -= some;
    }
    return a->ended;
}

/* Reads until the head is there; returns the bytes read, 0 for a failure. */
static size_t
read_head(int fd, char *buffer, struct answer *a)
{
    size_t have = 0;

    while (have < HTTP_BUFFER - 1) {
        ssize_t n = recv(fd, buffer + have, HTTP_BUFFER - 1 - have, 0);
        const char *end;

        if (n <= 0)
            return 0;
        have += (size_t)n;
        buffer[have] = '\0';
        end = strstr(buffer, "\r\n\r\n");
        if (end == NULL)
            continue;
        buffer[end - buffer + 2] = '\0';
        if (!parse_head(a, buffer))
            return 0;
        a->head = (size_t)(end - buffer) + 4;
        return have;
    }
    return 0;
}

int
http_receive(struct http *h)
{
    static char buffer[HTTP_BUFFER];
    struct answer a = { 0 };
    size_t have = read_head(h->fd, buffer, &a);
    bool over = have > 0 && take_body(&a, buffer + a.head, have - a.head);
    bool to_the_end = !a.chunked && a.length == SIZE_MAX;

    while (have > 0 && !over) {
        ssize_t n = recv(h->fd, buffer, sizeof(buffer), 0);

        if (n <= 0) {
            over = n == 0 && to_the_end;
            break;
        }
        over = take_body(&a, buffer, (size_t)n);
    }
    if (!over || a.last || to_the_end)
        http_close(h);
    return over ? a.status : -1;
}

int
http_get(struct http *h)
{
    return http_send(h) ? http_receive(h) : -1;
}
