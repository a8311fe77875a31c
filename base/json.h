/* base/json.h -- writes JSON (RFC 8259) that is always valid UTF-8.
 *
 * Strings may be any bytes: quotes, backslash and \b \f \n \r \t get their
 * short escapes; other C0, DEL and U+2028/2029 become \u and four digits;
 * each maximal subpart of an ill-formed sequence becomes one U+FFFD, as the
 * Unicode Standard (3.9, "Substitution of Maximal Subparts") and Python's
 * decode("utf-8", "replace") do.  Other characters pass as they are.
 *
 * The writer keeps its first failure (the buf is full, nesting too deep, a
 * value where a key belongs) and turns later calls into no-ops: check once,
 * with json_end().
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct buf;

enum {
    JSON_DEPTH_MAX = 16,
    JSON_EXPANSION_MAX = 6, /* output bytes for one input byte, at worst */
};

struct json {
    /* Private. */
    struct buf *out;
    unsigned depth;
    int error; /* the first failure, -errno */
    bool after_key;
    unsigned char cut[4]; /* of json_text(): a character whose rest is yet to come */
    unsigned ncut;
    struct {
        bool object;
        bool filled;
    } level[JSON_DEPTH_MAX + 1];
};

/* jansson has functions of some of these names.  Hidden ones are ours alone:
 * a program may use both, in different files, and neither calls the other's. */
#pragma GCC visibility push(hidden)

/* Begins one document that is appended to `out`. */
void json_begin(struct json *j, struct buf *out) __attribute__((nonnull));

/* Returns 0 when the document is whole; else the first failure: -ENOSPC when
 * `out` was too small, -EINVAL when the calls did not make a document.  What
 * was appended is then no document. */
int json_end(struct json *j) __attribute__((warn_unused_result, nonnull));

void json_object(struct json *j) __attribute__((nonnull));
void json_object_end(struct json *j) __attribute__((nonnull));
void json_array(struct json *j) __attribute__((nonnull));
void json_array_end(struct json *j) __attribute__((nonnull));

/* Writes the key of the next value; a key is escaped as a string is. */
void json_key(struct json *j, const char *key) __attribute__((nonnull));

void json_string(struct json *j, const char *s) __attribute__((nonnull));
void json_bytes(struct json *j, struct span s) __attribute__((nonnull));

/* Writes one string in pieces.  A character may be cut between them. */
void json_text_begin(struct json *j) __attribute__((nonnull));
void json_text(struct json *j, struct span piece) __attribute__((nonnull));
void json_text_end(struct json *j) __attribute__((nonnull));

void json_int(struct json *j, int64_t v) __attribute__((nonnull));
void json_bool(struct json *j, bool v) __attribute__((nonnull));
void json_null(struct json *j) __attribute__((nonnull));

/* Writes nanoseconds as milliseconds with up to three decimals: 3.125. */
void json_msec(struct json *j, int64_t nsec) __attribute__((nonnull));

/* Appends the escaped form of `s` to `out`, without quotes: all of it or, when
 * it does not fit, nothing.  A buf with room for JSON_EXPANSION_MAX * s.n bytes
 * is always enough.  `s` MUST NOT lie in the room of `out`, which serves as
 * scratch. */
void json_escape(struct buf *out, struct span s) __attribute__((nonnull));

#pragma GCC visibility pop

#endif
