/* conf/method.h -- the request methods we know, as bits. */
#ifndef CONF_METHOD_H
#define CONF_METHOD_H

#include <stddef.h>

enum method {
    METHOD_GET = 1 << 0,
    METHOD_POST = 1 << 1,
    METHOD_PUT = 1 << 2,
    METHOD_DELETE = 1 << 3,
    METHOD_PATCH = 1 << 4,
    METHOD_HEAD = 1 << 5,    /* never in a configuration */
    METHOD_OPTIONS = 1 << 6, /* never in a configuration */
    METHOD_OURS = METHOD_HEAD | METHOD_OPTIONS,
};

/* Returns the bit of a method's name, 0 for an unknown one. */
unsigned method_from_name(const char *name) __attribute__((warn_unused_result, nonnull));

/* Returns the name of one bit. */
const char *method_name(unsigned bit) __attribute__((warn_unused_result));

/* Returns the bit at a place of the order of an Allow header, from 0 on, and 0
 * behind the last. */
unsigned method_at(size_t place) __attribute__((warn_unused_result));

#endif
