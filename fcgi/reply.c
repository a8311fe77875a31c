/* fcgi/reply.c -- contracts are in reply.h. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "conf/route.h"
#include "exec/run.h"
#include "fcgi/reply.h"

size_t
reply_max(size_t data_len)
{
    return REPLY_SMALL_MAX + data_len * JSON_EXPANSION_MAX;
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
put_result(struct json *j, const struct run_result *result)
{
    if (result->cause != RUN_ABANDONED) {
        json_key(j, result->signaled ? "signal" : "exit_code");
        json_int(j, result->code);
    }
    json_key(j, "duration_ms");
    json_msec(j, result->duration);
    json_key(j, "truncated");
    json_bool(j, result->truncated);
    if (result->leftover > 0) {
        json_key(j, "leftover");
        json_int(j, result->leftover);
    }
    if (result->oom) {
        json_key(j, "oom");
        json_bool(j, true);
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
    json_key(&j, "data");
    if (reply->data.p != NULL)
        json_bytes(&j, reply->data);
    else
        json_null(&j);
    if (reply->result != NULL)
        put_result(&j, reply->result);
    json_object_end(&j);
    return json_end(&j) == 0;
}

static void
put_header(struct buf *out, const struct reply *reply, size_t body)
{
    char allow[ROUTE_ALLOW_MAX];

    buf_printf(out, "Status: %d %s\r\n", reply->status, reason(reply->status));
    if (reply->status != 204)
        buf_puts(out, "Content-Type: application/json\r\n");
    if (!reply->no_body)
        buf_printf(out, "Content-Length: %zu\r\n", body);
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
    if (!reply->no_body && !put_body(&body, reply))
        return (struct span){ mem, 0 };
    buf_over(&header, text, sizeof(text));
    put_header(&header, reply, body.n);
    assert(!header.full);
    memcpy(mem + REPLY_HEADER_MAX - header.n, text, header.n);
    return (struct span){ mem + REPLY_HEADER_MAX - header.n, header.n + body.n };
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
reply_of_result(const struct run_result *result, struct span output, struct reply *ret_reply)
{
    bool timed_out = result->cause == RUN_TIMED_OUT || result->cause == RUN_ABANDONED;
    bool good = result->cause == RUN_EXITED && result->code == 0;

    *ret_reply = (struct reply){
        .status = good        ? 200
                  : timed_out ? 504
                              : 500,
        .message = good        ? "Command executed"
                   : timed_out ? "Command timed out"
                               : "Command failed",
        .data = output,
        .result = result,
    };
}
