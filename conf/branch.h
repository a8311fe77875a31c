/* conf/branch.h -- branch names that git can take for nothing else.
 *
 * git-check-ref-format(1) accepts "+x", "$(id)" and "a;b": it is no validator.
 * Ours accepts ^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$ without "..", "//", "/.",
 * a component that ends in ".lock", a trailing '/' or '.', "HEAD", names below
 * refs/ or pull/, and 40 or 64 hexadecimal digits (git would take an object).
 */
#ifndef CONF_BRANCH_H
#define CONF_BRANCH_H

/* Returns NULL for a good name, else why not: "must not contain '..'". */
const char *branch_refuse(const char *name) __attribute__((warn_unused_result, nonnull));

#endif
