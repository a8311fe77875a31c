/* tests/fcgi/answer.c -- contracts are in answer.h. */
#include "config.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fcgi/answer.h"

bool
answer_read_json(struct span bytes, struct answer *ret_answer)
{
    ret_answer->header[0] = '\0';
    ret_answer->body = bytes;
    ret_answer->root =
        json_loadb((const char *)bytes.p, bytes.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    return json_is_object((json_t *)ret_answer->root);
}

/* Whether every line of a header is "Name: value". */
static bool
is_header(const char *text)
{
    while (*text != '\0') {
        const char *end = strstr(text, "\r\n"), *colon = strstr(text, ": ");

        if (end == NULL || colon == NULL || colon == text || colon > end ||
            strcspn(text, "\r\n") != (size_t)(end - text))
            return false;
        text = end + 2;
    }
    return true;
}

bool
answer_read(struct span bytes, struct answer *ret_answer)
{
    const unsigned char *end = memmem(bytes.p, bytes.n, "\r\n\r\n", 4);
    struct answer *a = ret_answer;
    struct span body;
    size_t n;

    a->root = NULL;
    if (end == NULL)
        return false;
    n = (size_t)(end - bytes.p) + 2;
    body = (struct span){ end + 4, bytes.n - n - 2 };
    if (n >= sizeof a->header || memchr(bytes.p, 0, n) != NULL)
        return false;
    if (body.n > 0 && !answer_read_json(body, a))
        return false;
    a->body = body;
    memcpy(a->header, bytes.p, n);
    a->header[n] = '\0';
    return is_header(a->header) &&
           (body.n == 0 || strtoull(answer_header(a, "Content-Length"), NULL, 10) == body.n);
}

void
answer_done(struct answer *a)
{
    json_decref(a->root);
    a->root = NULL;
}

const char *
answer_header(const struct answer *a, const char *name)
{
    static char value[256];
    size_t n = strlen(name);
    const char *line;

    value[0] = '\0';
    for (line = a->header; *line != '\0'; line = strchr(line, '\n') + 1)
        if (strncmp(line, name, n) == 0 && line[n] == ':') {
            size_t len = strcspn(line + n + 2, "\r");

            if (len >= sizeof value || value[0] != '\0')
                return "too long, or twice";
            memcpy(value, line + n + 2, len);
            value[len] = '\0';
        }
    return value;
}

const char *
answer_keys(const struct answer *a)
{
    static char keys[256];
    const char *key;
    json_t *value;

    keys[0] = '\0';
    json_object_foreach((json_t *)a->root, key, value)
    {
        strncat(keys, keys[0] != '\0' ? " " : "", sizeof keys - strlen(keys) - 1);
        strncat(keys, key, sizeof keys - strlen(keys) - 1);
    }
    return keys;
}

struct span
answer_string(const struct answer *a, const char *key)
{
    const json_t *value = json_object_get(a->root, key);

    return (
        struct span){ (const unsigned char *)json_string_value(value), json_string_length(value) };
}

int64_t
answer_int(const struct answer *a, const char *key)
{
    const json_t *value = json_object_get(a->root, key);

    return json_is_integer(value) ? json_integer_value(value) : INT64_MIN;
}

bool
answer_is(const struct answer *a, const char *key, char type)
{
    const json_t *value = json_object_get(a->root, key);

    return type == 'n'   ? json_is_null(value)
           : type == 't' ? json_is_true(value)
                         : json_is_false(value);
}
