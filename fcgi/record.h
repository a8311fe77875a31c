/* fcgi/record.h -- the FastCGI records of one request, checked byte by byte.
 *
 * Pure: no I/O, no allocation.  A collector is fed with whatever came from
 * the web server and keeps BEGIN_REQUEST and the PARAMS stream; body bytes are
 * counted, shown if anybody wishes to see them, and dropped.  Only a request of exactly this shape
 * passes: BEGIN_REQUEST (responder, id above 0), PARAMS up to the empty one, STDIN up to the empty
 * one, all of version 1 and of that id (FastCGI Specification 1.0, sections 3 and 5).  What passes
 * is rewritten as one record a stream, so that the decoder behind it meets nothing unexpected.
 */
#ifndef FCGI_RECORD_H
#define FCGI_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RECORD_HEADER = 8,          /* bytes */
    RECORD_CONTENT_MAX = 65535, /* bytes */
    RECORD_PARAMS_MAX = 65535,  /* bytes of the whole PARAMS stream */
    RECORD_PAIRS_MAX = 512,     /* name-value pairs of a request */
    RECORD_NAME_MAX = 256,      /* bytes of a name */
    RECORD_PARAMS_AT = 24,      /* where the PARAMS stream stands in the collector */
    RECORD_TAIL = 2 * RECORD_HEADER,
    /* Room for what record_canonical() returns, and to read more behind it. */
    RECORD_RAW_MAX = RECORD_PARAMS_AT + RECORD_PARAMS_MAX + RECORD_TAIL + 8192,
};

struct record_in {
    unsigned char *raw; /* RECORD_RAW_MAX bytes, the caller's */
    size_t len;         /* bytes in raw */
    uint64_t body_len;  /* bytes of body so far */
    uint16_t id;
    bool keep; /* the web server wishes to keep the connection */

    /* The caller's wish, once the parameters are complete: to be shown the body. */
    bool show_body;
    /* RECORD_BODY: the next bytes of it, until record_walk() is called again. */
    const unsigned char *piece;
    size_t piece_len; /* above 0 */

    /* Private. */
    size_t pos;        /* raw[0..pos) is walked */
    size_t params_len; /* bytes of PARAMS stream at RECORD_PARAMS_AT */
    size_t body_at;    /* where unwalked body bytes are kept */
    uint32_t skip;     /* bytes of header or padding still to drop */
    uint32_t content;  /* bytes of body behind them, still to come in this record */
    uint32_t padding;  /* bytes behind these */
    int state;
};

enum record_step {
    RECORD_MORE,   /* not whole yet */
    RECORD_PARAMS, /* the parameters have just become complete: told once */
    RECORD_BODY,   /* a piece of the body that was asked for: look, and walk on with 0 */
    RECORD_WHOLE,  /* the request is complete, and nothing follows it */
    RECORD_BAD,    /* not a request; close the connection */
};

/* Begins a new request in `raw`. */
void record_begin(struct record_in *in, unsigned char *raw) __attribute__((nonnull));

/* Where the next bytes go, and how many fit; at least one while the last step
 * was RECORD_MORE. */
unsigned char *record_room(struct record_in *in, size_t *ret_n) __attribute__((nonnull));

/* Walks on after `n` bytes were written at record_room() (0: go on with what
 * is there, as after RECORD_PARAMS and RECORD_BODY). */
enum record_step record_walk(struct record_in *in, size_t n)
    __attribute__((warn_unused_result, nonnull));

/* After RECORD_PARAMS: returns the request in canonical form, without body, as
 * *ret_n bytes inside raw, ready for a decoder; NULL when a name-value pair
 * does not fit its stream, a name is empty or too long, a NUL is in it, or
 * there are too many.  Bytes that wait behind it are kept.  No other copy of
 * the parameters is in raw: whoever cleanses these has cleansed all. */
const unsigned char *record_canonical(struct record_in *in, size_t *ret_n)
    __attribute__((warn_unused_result, nonnull));

struct record_pair {
    const unsigned char *name, *value;
    size_t name_len, value_len; /* bytes */
};

/* The name-value pairs of `n` canonical bytes, in their order: stores the one at *at,
 * 0 for the first, and moves *at to the next.  Returns false when there is none. */
bool record_pair(const unsigned char *canonical, size_t n, size_t *at, struct record_pair *ret_pair)
    __attribute__((nonnull));

enum {
    RECORD_OUT_MAX = 65528, /* content of a full STDOUT record */
    RECORD_OUT_SIZE = RECORD_HEADER + RECORD_OUT_MAX,
    RECORD_END_SIZE = RECORD_HEADER + RECORD_HEADER + 8, /* empty STDOUT, END_REQUEST */
};

/* Writes the header of a STDOUT record with `n` bytes of content. */
void record_stdout(unsigned char out[RECORD_HEADER], uint16_t id, size_t n)
    __attribute__((nonnull));

/* Writes what ends a response: the empty STDOUT record and END_REQUEST. */
void record_end(unsigned char out[RECORD_END_SIZE], uint16_t id) __attribute__((nonnull));

#endif
