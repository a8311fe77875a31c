/* fcgi/record.c -- contracts are in record.h. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "fcgi/record.h"

enum {
    FCGI_VERSION = 1,
    FCGI_BEGIN_REQUEST = 1,
    FCGI_END_REQUEST = 3,
    FCGI_PARAMS = 4,
    FCGI_STDIN = 5,
    FCGI_STDOUT = 6
};
enum {
    FCGI_RESPONDER = 1,
    FCGI_KEEP_CONN = 1
};

/* record_canonical() moves what waits behind its tail. */
enum {
    RECORD_READ_MAX = RECORD_RAW_MAX - RECORD_TAIL
};

enum state {
    AT_BEGIN,
    AT_PARAMS,
    AT_BODY,
    AT_END
};

struct header {
    unsigned type;
    uint16_t id;
    size_t content; /* bytes */
    size_t padding; /* bytes */
};

void
record_begin(struct record_in *in, unsigned char *raw)
{
    *in = (struct record_in){ .raw = raw, .state = AT_BEGIN };
}

unsigned char *
record_room(struct record_in *in, size_t *ret_n)
{
    *ret_n = RECORD_READ_MAX - in->len;
    return in->raw + in->len;
}

static void
put_header(unsigned char *out, unsigned type, uint16_t id, size_t content, size_t padding)
{
    out[0] = FCGI_VERSION;
    out[1] = (unsigned char)type;
    out[2] = (unsigned char)(id >> 8);
    out[3] = (unsigned char)(id & 0xff);
    out[4] = (unsigned char)(content >> 8);
    out[5] = (unsigned char)(content & 0xff);
    out[6] = (unsigned char)padding;
    out[7] = 0;
}

static bool
get_header(const struct record_in *in, struct header *h)
{
    const unsigned char *p = in->raw + in->pos;

    h->type = p[1];
    h->id = (uint16_t)(p[2] << 8 | p[3]);
    h->content = (size_t)p[4] << 8 | p[5];
    h->padding = p[6];
    return p[0] == FCGI_VERSION && (in->state == AT_BEGIN || h->id == in->id);
}

/* Leaves no second copy behind: there are tokens among it. */
static void
move_left(unsigned char *to, unsigned char *from, size_t n)
{
    unsigned char *left = to + n > from ? to + n : from;

    memmove(to, from, n);
    memset(left, 0, (size_t)(from + n - left));
}

/* Each of these walks one record and answers RECORD_MORE to go on; `false` in
 * *ret_whole means that the record is not all here yet. */
static enum record_step
walk_begin(struct record_in *in, const struct header *h, bool *ret_whole)
{
    const unsigned char *body = in->raw + in->pos + RECORD_HEADER;

    if (h->type != FCGI_BEGIN_REQUEST || h->content != 8 || h->id == 0)
        return RECORD_BAD;
    if (in->len - in->pos < RECORD_HEADER + h->content + h->padding) {
        *ret_whole = false;
        return RECORD_MORE;
    }
    if ((body[0] << 8 | body[1]) != FCGI_RESPONDER)
        return RECORD_BAD;
    in->id = h->id;
    in->keep = (body[2] & FCGI_KEEP_CONN) != 0;
    in->pos += RECORD_HEADER + h->content + h->padding;
    in->state = AT_PARAMS;
    return RECORD_MORE;
}

static enum record_step
walk_params(struct record_in *in, const struct header *h, bool *ret_whole)
{
    if (h->type != FCGI_PARAMS || h->content > RECORD_PARAMS_MAX - in->params_len)
        return RECORD_BAD;
    if (in->len - in->pos < RECORD_HEADER + h->content + h->padding) {
        *ret_whole = false;
        return RECORD_MORE;
    }
    /* Contents move together to the left: in front of the source stand at least
     * BEGIN_REQUEST and one header, as in front of the target. */
    move_left(
        in->raw + RECORD_PARAMS_AT + in->params_len, in->raw + in->pos + RECORD_HEADER, h->content);
    in->params_len += h->content;
    in->pos += RECORD_HEADER + h->content + h->padding;
    if (h->content > 0)
        return RECORD_MORE;
    in->state = AT_BODY;
    in->body_at = in->pos;
    return RECORD_PARAMS;
}

/* Steps over bytes of the body, at most *left of them; returns how many. */
static size_t
pass(struct record_in *in, uint32_t *left)
{
    size_t here = in->len - in->pos;
    size_t n = here < *left ? here : *left;

    in->pos += n;
    *left -= (uint32_t)n;
    return n;
}

/* Steps over header, content and padding of a STDIN record; returns whether
 * nothing of it is left to come.  A piece that is shown is where it ends. */
static bool
pass_body(struct record_in *in)
{
    (void)pass(in, &in->skip);
    if (in->skip > 0)
        return false;
    in->piece = in->raw + in->pos;
    in->piece_len = pass(in, &in->content);
    if (in->content > 0 || (in->show_body && in->piece_len > 0))
        return false;
    (void)pass(in, &in->padding);
    return in->padding == 0;
}

/* Forgets what was walked, but for the PARAMS stream: raw always has room for
 * the longest record that may come. */
static void
drop_walked(struct record_in *in)
{
    size_t behind = in->len - in->pos;
    size_t front = in->body_at;

    if (in->state == AT_BEGIN)
        return;
    if (in->state == AT_PARAMS)
        front = RECORD_PARAMS_AT + in->params_len;
    if (in->pos <= front)
        return;
    move_left(in->raw + front, in->raw + in->pos, behind);
    in->pos = front;
    in->len = front + behind;
}

static enum record_step
walk_body(struct record_in *in, const struct header *h)
{
    if (h->type != FCGI_STDIN)
        return RECORD_BAD;
    in->body_len += h->content;
    in->skip = RECORD_HEADER;
    in->content = (uint32_t)h->content;
    in->padding = (uint32_t)h->padding;
    if (h->content == 0)
        in->state = AT_END;
    return RECORD_MORE;
}

static enum record_step
walk(struct record_in *in)
{
    enum record_step step = RECORD_MORE;
    bool whole = true;
    struct header h;

    in->piece_len = 0;
    while (step == RECORD_MORE && whole && pass_body(in)) {
        if (in->state == AT_END)
            return in->len == in->pos ? RECORD_WHOLE : RECORD_BAD;
        if (in->len - in->pos < RECORD_HEADER)
            return RECORD_MORE;
        if (!get_header(in, &h))
            return RECORD_BAD;
        if (in->state == AT_BEGIN)
            step = walk_begin(in, &h, &whole);
        else if (in->state == AT_PARAMS)
            step = walk_params(in, &h, &whole);
        else
            step = walk_body(in, &h);
    }
    return step == RECORD_MORE && in->show_body && in->piece_len > 0 ? RECORD_BODY : step;
}

enum record_step
record_walk(struct record_in *in, size_t n)
{
    enum record_step step;

    assert(n == 0 || in->len + n <= RECORD_READ_MAX);
    in->len += n;
    step = walk(in);
    if (step != RECORD_BODY) /* the piece has to stay where it is */
        drop_walked(in);
    assert(step != RECORD_MORE || in->len < RECORD_READ_MAX);
    return step;
}

/* Reads a length of one or four bytes; 0 bytes used means there is none. */
static size_t
pair_length(const unsigned char *p, size_t n, size_t *ret_len)
{
    if (n >= 1 && p[0] < 0x80) {
        *ret_len = p[0];
        return 1;
    }
    if (n < 4)
        return 0;
    *ret_len = (size_t)(p[0] & 0x7f) << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
    return 4;
}

/* Takes the first of the pairs that are left.  Returns false when it does not fit
 * them. */
static bool
next_pair(const unsigned char **p, size_t *n, struct record_pair *ret_pair)
{
    size_t name, value;
    size_t used = pair_length(*p, *n, &name);
    size_t more = used > 0 ? pair_length(*p + used, *n - used, &value) : 0;

    if (more == 0)
        return false;
    *p += used + more;
    *n -= used + more;
    if (name > *n || value > *n - name)
        return false;
    *ret_pair = (struct record_pair){ *p, *p + name, name, value };
    *p += name + value;
    *n -= name + value;
    return true;
}

static bool
pairs_fit(const unsigned char *p, size_t n)
{
    struct record_pair pair;
    unsigned pairs;

    for (pairs = 0; n > 0; pairs++)
        if (!next_pair(&p, &n, &pair) || pair.name_len == 0 || pair.name_len > RECORD_NAME_MAX ||
            memchr(pair.name, 0, pair.name_len + pair.value_len) != NULL ||
            pairs == RECORD_PAIRS_MAX)
            return false;
    return true;
}

bool
record_pair(const unsigned char *canonical, size_t n, size_t *at, struct record_pair *ret_pair)
{
    const unsigned char *header = canonical + RECORD_PARAMS_AT - RECORD_HEADER, *p;
    size_t left, end;
    bool is;

    if (n < RECORD_PARAMS_AT)
        return false;
    end = (size_t)header[4] << 8 | header[5];
    if (end > n - RECORD_PARAMS_AT)
        end = n - RECORD_PARAMS_AT;
    p = canonical + RECORD_PARAMS_AT + *at;
    left = end - *at;
    is = left > 0 && next_pair(&p, &left, ret_pair);
    *at = end - left;
    return is;
}

const unsigned char *
record_canonical(struct record_in *in, size_t *ret_n)
{
    size_t end = RECORD_PARAMS_AT + in->params_len;
    size_t behind = in->len - in->pos;

    assert(in->state == AT_BODY && in->pos == in->body_at);
    if (!pairs_fit(in->raw + RECORD_PARAMS_AT, in->params_len))
        return NULL;
    memmove(in->raw + end + RECORD_TAIL, in->raw + in->pos, behind);
    in->body_at = in->pos = end + RECORD_TAIL;
    in->len = in->pos + behind;

    put_header(in->raw, FCGI_BEGIN_REQUEST, in->id, 8, 0);
    memset(in->raw + RECORD_HEADER, 0, 8);
    in->raw[RECORD_HEADER + 1] = FCGI_RESPONDER;
    in->raw[RECORD_HEADER + 2] = in->keep ? FCGI_KEEP_CONN : 0;
    put_header(in->raw + 2 * RECORD_HEADER, FCGI_PARAMS, in->id, in->params_len, 0);
    /* An empty stream is ended by its only record. */
    if (in->params_len > 0) {
        put_header(in->raw + end, FCGI_PARAMS, in->id, 0, 0);
        end += RECORD_HEADER;
    }
    put_header(in->raw + end, FCGI_STDIN, in->id, 0, 0);
    *ret_n = end + RECORD_HEADER;
    return in->raw;
}

void
record_stdout(unsigned char out[RECORD_HEADER], uint16_t id, size_t n)
{
    assert(n <= RECORD_OUT_MAX);
    put_header(out, FCGI_STDOUT, id, n, 0);
}

void
record_end(unsigned char out[RECORD_END_SIZE], uint16_t id)
{
    put_header(out, FCGI_STDOUT, id, 0, 0);
    put_header(out + RECORD_HEADER, FCGI_END_REQUEST, id, 8, 0);
    /* appStatus 0, protocolStatus FCGI_REQUEST_COMPLETE. */
    memset(out + 2 * RECORD_HEADER, 0, 8);
}
