/* fcgi/reply.c -- contracts are in reply.h. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "exec/run.h"
#include "fcgi/reply.h"

static const char output_limit[] = "Output limit exceeded";
static const char more_than_kept[] = "more output than output_max";

size_t
reply_max(size_t data_len)
{
    return REPLY_SMALL_MAX + data_len * JSON_EXPANSION_MAX;
}

size_t
reply_size(const struct reply *reply)
{
    size_t n = reply->kept != NULL ? reply->kept->len : reply->data.n;

    if (reply->raw != NULL)
        return reply_max(0);
    return reply_max(reply->apart ? 2 * n : n);
}

static const char *
reason(int status)
{
    static const struct {
        int status;
        const char *text;
    } known[] = {
        { 200, "OK" },
        { 204, "No Content" },
        { 400, "Bad Request" },
        { 401, "Unauthorized" },
        { 403, "Forbidden" },
        { 404, "Not Found" },
        { 405, "Method Not Allowed" },
        { 413, "Content Too Large" },
        { 500, "Internal Server Error" },
        { 503, "Service Unavailable" },
        { 504, "Gateway Timeout" },
    };
    size_t i;

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (known[i].status == status)
            return known[i].text;
    return "Unknown";
}

static void
put_int(struct json *j, const char *key, int64_t v)
{
    json_key(j, key);
    json_int(j, v);
}

static void
put_msec(struct json *j, const char *key, int64_t nsec)
{
    json_key(j, key);
    json_msec(j, nsec);
}

static void
put_delays(struct json *j, const struct account_delays *delays)
{
    enum account_wait i;

    json_key(j, "delays");
    json_object(j);
    for (i = 0; i < ACCOUNT_WAIT_MAX; i++) {
        if ((delays->known & (1U << i)) == 0)
            continue;
        json_key(j, account_wait_name(i));
        json_object(j);
        put_int(j, "count", delays->of[i].count);
        put_msec(j, "total_ms", delays->of[i].total);
        json_object_end(j);
    }
    json_object_end(j);
}

static void
put_usage(struct json *j, const struct run_result *result)
{
    const struct account *u = &result->usage;

    json_key(j, "usage");
    json_object(j);
    put_msec(j, "user_ms", u->user);
    put_msec(j, "system_ms", u->system);
    if (u->max_rss > 0)
        put_int(j, "max_rss_kb", u->max_rss / 1024);
    put_int(j, "minor_faults", u->minor_faults);
    put_int(j, "major_faults", u->major_faults);
    put_int(j, "voluntary_switches", u->voluntary);
    put_int(j, "involuntary_switches", u->involuntary);
    put_int(j, "block_read_bytes", u->block_read);
    put_int(j, "block_written_bytes", u->block_written);
    if (result->delays.known != 0)
        put_delays(j, &result->delays);
    json_object_end(j);
}

static void
put_result(struct json *j, const struct run_result *result, int64_t queued)
{
    if (result->cause != RUN_ABANDONED)
        put_int(j, result->signaled ? "signal" : "exit_code", result->code);
    put_msec(j, "duration_ms", result->duration);
    json_key(j, "truncated");
    json_bool(j, result->truncated);
    if (result->leftover > 0)
        put_int(j, "leftover", result->leftover);
    if (result->oom) {
        json_key(j, "oom");
        json_bool(j, true);
    }
    put_msec(j, "queued_ms", queued);
    if (result->cause != RUN_ABANDONED)
        put_usage(j, result);
}

static void
put_kept(struct json *j, const char *key, const struct keep *kept, enum keep_stream who)
{
    struct span piece;
    size_t at = 0;

    json_key(j, key);
    json_text_begin(j);
    while (keep_next(kept, who, &at, &piece))
        json_text(j, piece);
    json_text_end(j);
}

static void
put_data(struct json *j, const struct reply *reply)
{
    if (reply->kept != NULL) {
        put_kept(j, "data", reply->kept, KEEP_BOTH);
    } else {
        json_key(j, "data");
        if (reply->data.p != NULL)
            json_bytes(j, reply->data);
        else
            json_null(j);
    }
    if (reply->apart) {
        put_kept(j, "stdout", reply->kept, KEEP_OUT);
        put_kept(j, "stderr", reply->kept, KEEP_ERR);
    }
}

static bool
put_body(struct buf *out, const struct reply *reply)
{
    struct span message = span_str(reply->message);
    struct json j;

    if (message.n > REPLY_MESSAGE_MAX)
        message.n = REPLY_MESSAGE_MAX;
    json_begin(&j, out);
    json_object(&j);
    json_key(&j, "status");
    json_string(&j, reply->status < 400 ? "ok" : "error");
    json_key(&j, "code");
    json_int(&j, reply->status);
    json_key(&j, "message");
    json_bytes(&j, message);
    put_data(&j, reply);
    if (reply->result != NULL)
        put_result(&j, reply->result, reply->queued);
    json_object_end(&j);
    return json_end(&j) == 0;
}

static void
put_header(struct buf *out, const struct reply *reply, size_t body)
{
    char allow[ROUTE_ALLOW_MAX];

    buf_puts(out, "Status: ");
    buf_uint(out, (unsigned)reply->status);
    buf_putc(out, ' ');
    buf_puts(out, reason(reply->status));
    buf_puts(out, "\r\n");
    /* What a command says is shown as what it was configured to be, and runs no
     * script in the name of this site. */
    if (reply->raw != NULL)
        buf_printf(out,
            "Content-Type: %s\r\nX-Content-Type-Options: nosniff\r\n"
            "Content-Security-Policy: sandbox\r\n",
            reply->raw);
    else if (reply->status != 204)
        buf_puts(out, "Content-Type: application/json\r\n");
    if (!reply->no_body) {
        buf_puts(out, "Content-Length: ");
        buf_uint(out, body);
        buf_puts(out, "\r\n");
    }
    buf_puts(out, "Cache-Control: no-store\r\n");
    if (reply->allow != NULL)
        buf_printf(out, "Allow: %s\r\n", route_allow(reply->allow, allow));
    if (reply->retry_after > 0)
        buf_printf(out, "Retry-After: %d\r\n", reply->retry_after);
    if (reply->status == 401)
        buf_puts(out, "WWW-Authenticate: Bearer realm=\"cmon\"\r\n");
    buf_puts(out, "\r\n");
}

struct span
reply_render(const struct reply *reply, unsigned char *mem, size_t max)
{
    struct buf header, body;
    unsigned char text[REPLY_HEADER_MAX];

    if (max < REPLY_HEADER_MAX)
        return (struct span){ mem, 0 };
    /* The header tells the body's length, so the body comes first and the
     * header is put in front of it. */
    buf_over(&body, mem + REPLY_HEADER_MAX, max - REPLY_HEADER_MAX);
    if (!reply->no_body && reply->raw == NULL && !put_body(&body, reply))
        return (struct span){ mem, 0 };
    buf_over(&header, text, sizeof(text));
    put_header(&header, reply, body.n + reply_body(reply).n);
    assert(!header.full);
    memcpy(mem + REPLY_HEADER_MAX - header.n, text, header.n);
    return (struct span){ mem + REPLY_HEADER_MAX - header.n, header.n + body.n };
}

struct span
reply_body(const struct reply *reply)
{
    return reply->raw != NULL && !reply->no_body ? reply->data : (struct span){ NULL, 0 };
}

struct span
reply_render_json(const struct reply *reply, unsigned char *mem, size_t max)
{
    struct buf body;

    buf_over(&body, mem, max);
    if (!put_body(&body, reply))
        body.n = 0;
    return (struct span){ mem, body.n };
}

void
reply_later(const char *message, struct reply *ret_reply)
{
    *ret_reply = (struct reply){ .status = 503, .message = message, .retry_after = REPLY_LATER };
}

void
reply_of_result(const struct run_result *result, struct span output, struct reply *ret_reply)
{
    bool timed_out = result->cause == RUN_TIMED_OUT || result->cause == RUN_ABANDONED;
    bool overflown = result->cause == RUN_OVERFLOWN;
    bool good = result->cause == RUN_EXITED && result->code == 0;

    *ret_reply = (struct reply){
        .status = good        ? 200
                  : timed_out ? 504
                              : 500,
        .message = good        ? "Command executed"
                   : timed_out ? "Command timed out"
                   : overflown ? output_limit
                               : "Command failed",
        .data = output,
        .result = result,
        .why = overflown ? more_than_kept : NULL,
    };
}

/* What is kept, in one piece where it is one. */
static void
put_output(const struct keep *kept, struct reply *reply)
{
    if (!keep_whole(kept, &reply->data)) {
        reply->data = (struct span){ NULL, 0 };
        reply->kept = kept;
    }
}

void
reply_of_run(
    const struct run *run, enum route_output how, const char *type, struct reply *ret_reply)
{
    const struct keep *out = run_kept(run, KEEP_OUT);
    struct reply *reply = ret_reply;

    reply_of_result(run_result(run), (struct span){ NULL, 0 }, reply);
    switch (how) {
    case ROUTE_SPLIT:
        reply->kept = out;
        reply->apart = true;
        return;
    case ROUTE_RAW:
        if (reply->status < 400 && !out->dropped) {
            reply->raw = type;
            put_output(out, reply);
            return;
        }
        if (reply->status < 400) {
            reply->status = 500;
            reply->message = output_limit;
            reply->why = more_than_kept;
        }
        put_output(run_kept(run, KEEP_ERR), reply);
        return;
    case ROUTE_JOINED:
    case ROUTE_OUTPUT_MAX:
        break;
    }
    put_output(out, reply);
}
