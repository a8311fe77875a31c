/* tests/conf/test_conf_mistakes.c -- every mistake that conf/conf.h promises to tell, with its
 * line. */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/err.h"
#include "conf/conf.h"
#include "exec/account.h"
#include "tests/conf/given.h"
#include "tests/suite.h"

static struct given g;

static void
setup(void)
{
    given_begin(&g);
}

static void
teardown(void)
{
    given_end(&g);
}

/* --- mistakes ------------------------------------------------------------ */

#define ROUTE(text) "route \"/x\" {\n" text "\n}"
#define TYPE(text) ROUTE("argv = { true } output = raw\ncontent_type = \"" text "\"")
#define BAD_TYPE                                                                        \
    "3: error: route /x: content_type: must be type/subtype, perhaps with parameters: " \
    "\"text/plain; charset=utf-8\""
#define LONG "0123456789012345678901234567890123456789012345"
#define PARAM(text) "route \"/x\" { argv = { true, \"{p}\" }\nparam p {\n" text "\n} }"
#define IN_PARAM ": error: route /x: parameter p: "

static const char *const mistakes[][2] = {
    { "max_running = 0", "1: error: max_running: must be between 1 and 4096" },
    { "max_running = 4097", "1: error: max_running: must be between 1 and 4096" },
    { "queue = 65537", "1: error: queue: must be between 0 and 65536" },
    { "max_connections = 0", "1: error: max_connections: must be between 1 and 65536" },
    { "output_max = 1023", "1: error: output_max: must be between 1K and 1G" },
    { "body_max = 2G", "1: error: body_max: must be between 0 and 1G" },
    { "timeout = 0", "1: error: timeout: must be between 1ms and 10080m" },
    { "grace = 8000000", "1: error: grace: must be between 0 and 10080m" },
    { "request_timeout = 0", "1: error: request_timeout: must be between 1ms and 10080m" },
    { "delays = sometimes", "1: error: delays: must be yes or no" },
    { "core_dumps = 1", "1: error: core_dumps: must be yes or no" },
    { "builtin_routes = perhaps", "1: error: builtin_routes: must be yes or no" },
    { "restart = maybe", "1: error: restart: must be replace or exit" },
    { "log {\nstderr = x }", "2: error: log: stderr: must be yes or no" },
    { "arena { chunk = 256 }", "1: error: arena: chunk: must be between 512 and 4M" },
    { "arena { chunk = 8M }", "1: error: arena: chunk: must be between 512 and 4M" },
    { "arena { chunk = 1000 }", "1: error: arena: chunk: must be a power of two" },
    { "arena { chunks = 1000001 }", "1: error: arena: chunks: must be between 0 and 1000000" },
    { "workdir = \"\"", "1: error: workdir: must not be empty" },
    { "key_file = \"\"", "1: error: key_file: must not be empty" },
    { "pid_file = \"\"", "1: error: pid_file: must not be empty" },
    { "mount = \"cmon\"", "1: error: mount: must begin with '/'" },
    { "mount = \"/cmon/\"", "1: error: mount: must not end in '/'" },
    { "mount = \"/\"", "1: error: mount: must be \"\" when nothing is in front" },
    { "mount = \"/a//b\"", "1: error: mount: must not contain '//'" },
    { "mount = \"/a/../b\"", "1: error: mount: must not have '.' or '..' as a part" },
    { "path = \"\"", "1: error: path: must be absolute directories between ':'" },
    { "path = \"/bin:\"", "1: error: path: must be absolute directories between ':'" },
    { "path = \"/bin::/sbin\"", "1: error: path: must be absolute directories between ':'" },
    { "path = \"bin\"", "1: error: path: must be absolute directories between ':'" },
    { "env = { \"A=1\",\n\"=x\" }", "2: error: env: an entry must be NAME=value" },
    { "env = { \"NAME\" }", "1: error: env: an entry must be NAME=value" },
    { "env = { \"1A=x\" }", "1: error: env: an entry must be NAME=value" },
    { "env = { \"A-B=x\" }", "1: error: env: an entry must be NAME=value" },
    { "env = { \"A=1\", \"B=1\",\n\"A=2\" }", "2: error: env: A is given twice" },
    { "route x { argv = { true } }", "1: error: route x: must begin with '/'" },
    { "route \"\" { argv = { true } }", "1: error: route : must begin with '/'" },
    { "route \"/x/\" { argv = { true } }", "1: error: route /x/: must not end in '/'" },
    { "route \"/x//y\" { argv = { true } }", "1: error: route /x//y: must not contain '//'" },
    { "route \"/x?y\" { argv = { true } }", "1: error: route /x?y: must not contain '?' or '#'" },
    { "route \"/x#y\" { argv = { true } }", "1: error: route /x#y: must not contain '?' or '#'" },
    { "route \"/x\\ny\" { argv = { true } }",
        "1: error: route /x?y: must not contain control characters" },
    { "route \"/./x\" { argv = { true } }",
        "1: error: route /./x: must not have '.' or '..' as a part" },
    { "route \"/x/..\" { argv = { true } }",
        "1: error: route /x/..: must not have '.' or '..' as a part" },
    { "route \"/\\xff\" { argv = { true } }", "1: error: route /\xff: must be UTF-8" },
    { ROUTE("method = GET"), "1: error: route /x: argv: is missing" },
    { ROUTE("argv = { }"), "1: error: route /x: argv: is empty" },
    { ROUTE("argv = { \"\" }"), "2: error: route /x: argv: the command is empty" },
    { ROUTE("argv = { true }\nmethod = { GET, BREW }"),
        "3: error: route /x: method: \"BREW\" is none of GET, POST, PUT, DELETE and PATCH" },
    { ROUTE("argv = { true }\nmethod = { get }"),
        "3: error: route /x: method: \"get\" is none of GET, POST, PUT, DELETE and PATCH" },
    { ROUTE("argv = { true } method = HEAD"),
        "2: error: route /x: method: HEAD is answered by cmon" },
    { ROUTE("argv = { true } method = OPTIONS"),
        "2: error: route /x: method: OPTIONS is answered by cmon" },
    { ROUTE("argv = { true } method = { GET, GET }"),
        "2: error: route /x: method: GET is given twice" },
    { ROUTE("argv = { true } method = { }"), "1: error: route /x: method: is empty" },
    { ROUTE("argv = { true } timeout = 0"),
        "2: error: route /x: timeout: must be between 1ms and 10080m" },
    { ROUTE("argv = { true } output_max = 2G"),
        "2: error: route /x: output_max: must be between 1K and 1G" },
    { ROUTE("argv = { true } delays = x"), "2: error: route /x: delays: must be yes or no" },
    { "output_keep = most", "1: error: output_keep: must be head, tail or kill" },
    { ROUTE("argv = { true }\noutput_keep = x"),
        "3: error: route /x: output_keep: must be head, tail or kill" },
    { ROUTE("argv = { true }\noutput = apart"),
        "3: error: route /x: output: must be joined, split or raw" },
    { ROUTE("argv = { true }\ncontent_type = \"text/plain\""),
        "3: error: route /x: content_type: is for output = raw only" },
    { ROUTE("argv = { true }\noutput = split\ncontent_type = \"text/plain\""),
        "4: error: route /x: content_type: is for output = raw only" },
    { ROUTE("argv = { true } output = raw"),
        "1: error: route /x: content_type: is missing, and output is raw" },
    { TYPE("plain"), BAD_TYPE },
    { TYPE(""), BAD_TYPE },
    { TYPE("/plain"), BAD_TYPE },
    { TYPE("text/"), BAD_TYPE },
    { TYPE("text/pl ain"), BAD_TYPE },
    { TYPE("text/plain "), BAD_TYPE },
    { TYPE("text/plain;"), BAD_TYPE },
    { TYPE("text/plain; charset"), BAD_TYPE },
    { TYPE("text/plain; charset="), BAD_TYPE },
    { TYPE("text/plain; charset=a b"), BAD_TYPE },
    { TYPE("text/plain; q=\\\"open"), BAD_TYPE },
    { TYPE("text/plain; q=\\\"cr\\r\\\""), BAD_TYPE },
    { TYPE("text/plain\\r\\nSet-Cookie: a=b"), BAD_TYPE },
    { TYPE("text/plain\\x7f"), BAD_TYPE },
    { TYPE("text/pl\\xc3\\xa4in"), BAD_TYPE },
    { TYPE("text/" LONG LONG LONG), "3: error: route /x: content_type: is too long" },
    { "cgroup = maybe", "1: error: cgroup: must be auto, always or never" },
    { "memory = 1K", "1: error: memory: must be between 1M and 65536G" },
    { "pids = 0", "1: error: pids: must be between 1 and 4194304" },
    { ROUTE("argv = { true } cpus = 0"),
        "2: error: route /x: cpus: must be between 0.01 and 4096" },
    { ROUTE("argv = { true } cpus = 2x"),
        "2: error: route /x: cpus: must be a number of CPUs, such as 2 or 0.5" },
    { ROUTE("argv = { true } memory = much"),
        "2: error: route /x: memory: must be a size, such as 512, 64K, 1M or 1G" },
    { ROUTE("argv = { true } io_read = sda"),
        "2: error: route /x: io_read: must be a device and a rate, such as \"/dev/sda 10M\"" },
    { ROUTE("argv = { true } io_read = \"sda 1M\""),
        "2: error: route /x: io_read: must be a device and a rate, such as \"/dev/sda 10M\"" },
    { ROUTE("argv = { true } io_read = \"/none/such 1M\""),
        "2: error: route /x: io_read: /none/such: No such file or directory" },
    { ROUTE("argv = { true } io_read = \"/proc 1M\""),
        "2: error: route /x: io_read: /proc: is on no block device" },
    { ROUTE("argv = { true } io_write = \"4095:1 1\""),
        "2: error: route /x: io_write: must be between 1K and 65536G" },
    { ROUTE("argv = { true } io_write = { \"4095:1 1M\",\n\"4095:1 2M\" }"),
        "3: error: route /x: io_write: 4095:1 2M: the same device as another entry" },
    { ROUTE("argv = { true } detach = x"), "2: error: route /x: detach: must be yes or no" },
    { ROUTE("argv = { true } disabled = x"), "2: error: route /x: disabled: must be yes or no" },
    { ROUTE("argv = { true } workdir = \"\""), "2: error: route /x: workdir: must not be empty" },
    { ROUTE("argv = { true } env = { X }"),
        "2: error: route /x: env: an entry must be NAME=value" },
    { ROUTE("argv = { true,\n\"{a}\" }"),
        "3: error: route /x: argv: {a} is no parameter of this route" },
    { ROUTE("argv = { true,\n\"{a\" }"),
        "3: error: route /x: argv: '{' is never closed; write '{{' for a brace" },
    { ROUTE("argv = { true,\n\"a}\" }"),
        "3: error: route /x: argv: '}' closes nothing; write '}}' for a brace" },
    { ROUTE("argv = { true, \"{}\" }"), "2: error: route /x: argv: '{}' names no parameter" },
    { ROUTE("argv = { \"{a}\" } param a { type = bool }"),
        "2: error: route /x: argv: the command cannot hold braces or a parameter" },
    { ROUTE("argv = { true }\nparam a { type = bool }"),
        "3: error: route /x: parameter a: is used neither in argv nor in env" },
    { ROUTE("argv = { true }\nparam a { type = bool env = V }\nparam b { type = bool env = V }"),
        "4: error: route /x: parameter b: env: V carries parameter a too" },
    { ROUTE("argv = { true, \"{_a}\" }\nparam _a { type = bool }"),
        "3: error: route /x: parameter _a: names that begin with '_' are ours" },
    { ROUTE("argv = { true, \"{A}\" }\nparam A { type = bool }"),
        "3: error: route /x: parameter A: a name must be [a-z][a-z0-9_]*, and not longer than 64" },
    { ROUTE("argv = { true, \"{1}\" }\nparam 1 { type = bool }"),
        "3: error: route /x: parameter 1: a name must be [a-z][a-z0-9_]*, and not longer than 64" },
    { PARAM("default = x"), "2" IN_PARAM "type: is missing" },
    { PARAM("type = float"),
        "3" IN_PARAM "type: must be git-branch, int, enum, bool, path or text" },
    { PARAM("type = bool\nallow_dash = x"), "4" IN_PARAM "allow_dash: must be yes or no" },
    { PARAM("type = bool\nenv = \"1X\""), "4" IN_PARAM "env: must be the name of a variable" },
    { PARAM("type = bool\nenv = \"A=B\""), "4" IN_PARAM "env: must be the name of a variable" },
    { PARAM("type = bool\nenv = \"PATH\""),
        "4" IN_PARAM "env: PATH would let a request choose what runs" },
    { PARAM("type = bool\nenv = \"LD_PRELOAD\""),
        "4" IN_PARAM "env: LD_PRELOAD would let a request choose what runs" },
    { PARAM("type = bool\nenv = \"GIT_CONFIG_COUNT\""),
        "4" IN_PARAM "env: GIT_CONFIG_COUNT would let a request choose what runs" },
    { PARAM("type = bool\nmin = 1"), "4" IN_PARAM "min: means nothing to type bool" },
    { PARAM("type = bool\nmax = 1"), "4" IN_PARAM "max: means nothing to type bool" },
    { PARAM("type = int\nvalues = { a }"), "4" IN_PARAM "values: means nothing to type int" },
    { PARAM("type = text\nroot = \"/\""), "4" IN_PARAM "root: means nothing to type text" },
    { PARAM("type = int\npattern = x"), "4" IN_PARAM "pattern: means nothing to type int" },
    { PARAM("type = int\nmax_len = 3"), "4" IN_PARAM "max_len: means nothing to type int" },
    { PARAM("type = int\nmin = x"), "4" IN_PARAM "min: must be a whole number" },
    { PARAM("type = int\nmax = 2\nmin = 3"), "5" IN_PARAM "min: is above max" },
    { PARAM("type = int min = 3\ndefault = 2"),
        "4" IN_PARAM "default: must be between 3 and 9223372036854775807" },
    { PARAM("type = int\ndefault = x"),
        "4" IN_PARAM "default: must be a decimal number without '+' and leading zeros" },
    { PARAM("type = enum"), "2" IN_PARAM "values: type enum must have some" },
    { PARAM("type = enum values = { }"), "2" IN_PARAM "values: type enum must have some" },
    { PARAM("type = enum values = { a,\na }"), "4" IN_PARAM "values: \"a\" is given twice" },
    { PARAM("type = enum values = { \"\\xff\" }"), "3" IN_PARAM "values: must be UTF-8" },
    { PARAM("type = enum values = { a }\ndefault = b"),
        "4" IN_PARAM "default: is none of the values that are allowed" },
    { PARAM("type = git-branch\ndefault = \"a..b\""),
        "4" IN_PARAM "default: must not contain '..'" },
    { PARAM("type = bool\ndefault = x"), "4" IN_PARAM "default: must be true or false" },
    { PARAM("type = path"), "2" IN_PARAM "root: type path must have one" },
    { PARAM("type = path\nroot = \"\""), "4" IN_PARAM "root: must not be empty" },
    { PARAM("type = path\nroot = \"/dev/null\""), "4" IN_PARAM "root: /dev/null: is no directory" },
    { PARAM("type = path root = \"/\"\ndefault = \"../x\""),
        "4" IN_PARAM "default: must not contain '..'" },
    { PARAM("type = text\npattern = \"(\""),
        "4" IN_PARAM "pattern: missing closing parenthesis at offset 1" },
    { PARAM("type = text pattern = \"[a-z]+\"\ndefault = X"),
        "4" IN_PARAM "default: does not have the form that is asked for" },
    { PARAM("type = text\nmax_len = 0"), "4" IN_PARAM "max_len: must be between 1 and 8192" },
    { PARAM("type = text\nmax_len = 3 default = 1234"),
        "4" IN_PARAM "default: must not be longer than 3 bytes" },
    { PARAM("type = text default = \"-x\""),
        "1: error: route /x: argv: {p} begins an argument and can be a value with '-': see "
        "allow_dash" },
    { PARAM("type = enum values = { a, \"-x\" }"),
        "1: error: route /x: argv: {p} begins an argument and can be a value with '-': see "
        "allow_dash" },
};

START_TEST(a_mistake_is_told_with_its_line)
{
    const struct conf *c = given_load(&g, mistakes[_i][0]);

    ck_assert_msg(c == NULL, "accepted: %s", mistakes[_i][0]);
    ck_assert_msg(given_said(&g, mistakes[_i][1]), "%s\nsays: %swants: %s", mistakes[_i][0], g.said,
        mistakes[_i][1]);
}
END_TEST

START_TEST(all_mistakes_are_told_in_the_order_of_their_lines)
{
    ck_assert_ptr_null(given_load(&g, "route \"/x\" { argv = { true } method = BREW\n"
                                      "timeout = x\n"
                                      "param p { type = int min = y } }\n"
                                      "queue = -1\n"
                                      "mount = x\n"
                                      "max_running = 0 restart = never\n"));
    ck_assert_uint_eq(g.errors, 8);
    for (const char *p = g.said; *p;) {
        const char *next = p + strcspn(p, "\n") + 1;

        ck_assert(*next == '\0' || atoi(p) <= atoi(next));
        p = next;
    }
}
END_TEST

START_TEST(more_parameters_than_there_is_room_for_are_refused)
{
    char text[4096];
    int n = snprintf(text, sizeof text, "route \"/x\" { argv = { true }\n");

    for (int i = 0; i <= ROUTE_PARAMS_MAX; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "param p%d { type = int }\n", i);
    (void)snprintf(text + n, sizeof text - (size_t)n, "}");
    ck_assert_ptr_null(given_load(&g, text));
    ck_assert(given_said(&g, "1: error: route /x: has more than 32 parameters"));
}
END_TEST

/* --- warnings ------------------------------------------------------------ */

#define PATIENCE \
    "queue_timeout, timeout and grace reach read_timeout: the web server may give up first"

static const char *const warnings[][2] = {
    { "\nworkdir = \"/nowhere\"", "2: warning: workdir: /nowhere: No such file or directory" },
    { "workdir = \"/dev/null\"", "1: warning: workdir: /dev/null: Not a directory" },
    { ROUTE("argv = { true } workdir = \"/nowhere\""),
        "1: warning: route /x: workdir: /nowhere: No such file or directory" },
    { "path = \"/bin\"\nroute \"/x\" { argv = { no-such-command } }",
        "2: warning: route /x: no-such-command: not found in PATH /bin" },
    { "path = \"/nowhere\"", "0: warning: route /health: uptime: not found in PATH /nowhere" },
    { ROUTE("argv = { \"./no-such\" }"),
        "2: warning: route /x: ./no-such: No such file or directory" },
    { ROUTE("argv = { \"/etc/passwd\" }"), "2: warning: route /x: /etc/passwd: Permission denied" },
    { "\ntimeout = 40", "2: warning: timeout: " PATIENCE },
    { "queue_timeout = 1\nread_timeout = 36\nqueue = 1", "2: warning: timeout: " PATIENCE },
    { ROUTE("argv = { true } timeout = 40"), "1: warning: route /x: " PATIENCE },
    { ROUTE("argv = { true } cgroup = never cpus = 1"),
        "2: warning: route /x: cpus: cannot be held: cgroup is never" },
    { ROUTE("argv = { true } cgroup = never memory = 1M"),
        "2: warning: route /x: memory: cannot be held: cgroup is never; each process gets "
        "RLIMIT_AS "
        "instead" },
    { ROUTE("argv = { true } grace = 15 detach = yes"), "1: warning: route /x: " PATIENCE },
    { "arena {\nchunks = 127 }",
        "2: warning: arena: chunks: too few for max_running runs with output_max bytes each" },
    { "arena {\nchunks = 128 }\nroute \"/x\" { argv = { true } output_max = 2M }",
        "2: warning: arena: chunks: too few for max_running runs with output_max bytes each" },
    { "log {\nstderr = no syslog = no }", "2: warning: log: goes nowhere" },
    { "core_dumps = yes", "1: warning: core_dumps: a core holds the key" },
    { PARAM("type = path\nroot = \"/nowhere\""),
        "4: warning: route /x: parameter p: root: /nowhere: No such file or directory" },
};

START_TEST(what_may_be_meant_is_a_warning)
{
    const struct conf *c = given_load(&g, warnings[_i][0]);

    ck_assert_msg(c != NULL, "%s: %s", warnings[_i][0], g.said);
    ck_assert_msg(given_said(&g, warnings[_i][1]), "%s\nsays: %swants: %s", warnings[_i][0], g.said,
        warnings[_i][1]);
    conf_unref(c);
}
END_TEST

/* What it says depends on the machine; account.h has it. */
START_TEST(delays_that_cannot_be_had_are_warned_of_once)
{
    static const char *const text[] = {
        "queue = 1\ndelays = yes",
        ROUTE("argv = { true } delays = yes") "\n\ndelays = yes",
        "\nroute \"/y\" { argv = { true } delays = yes }\n" ROUTE("argv = { true } delays = no"),
    };
    static const int line[] = { 2, 5, 2 };
    char want[ERR_TEXT_MAX + 64];
    struct err err = { .num = 0 };
    const struct conf *c;
    int r;
    int knob = open("/proc/sys/kernel/task_delayacct", O_RDONLY | O_CLOEXEC);

    /* Nobody changes it meanwhile who asks as politely: tests/it/root_delays.sh. */
    if (knob >= 0)
        ck_assert_int_eq(flock(knob, LOCK_SH), 0);
    c = given_load(&g, text[_i]);
    ck_assert_ptr_nonnull(c);
    r = account_check(&err);
    if (knob >= 0)
        ck_assert_int_eq(close(knob), 0);
    (void)snprintf(want, sizeof(want), "%d: warning: delays: %s", line[_i], err.text);
    if (r < 0)
        ck_assert_msg(given_said(&g, want), "%swants: %s", g.said, want);
    ck_assert_uint_eq(g.warnings, r < 0);
    conf_unref(c);
}
END_TEST

START_TEST(what_is_in_order_is_not_warned_of)
{
    const struct conf *c =
        given_load(&g, "path = \"/usr/bin:/bin\" builtin_routes = no arena { chunks = 128 }\n"
                       "queue_timeout = 14.999 timeout = 40\n"
                       "route \"/x\" { argv = { \"/bin/sh\" } workdir = \"/\" }\n"
                       "route \"/y\" { argv = { sh } }\n");

    ck_assert_str_eq(g.said, "");
    conf_unref(c);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("conf_mistakes");
    TCase *tc = tcase_create("conf_mistakes");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 180); /* for a lock */
    tcase_add_loop_test(
        tc, a_mistake_is_told_with_its_line, 0, (int)(sizeof mistakes / sizeof mistakes[0]));
    tcase_add_test(tc, all_mistakes_are_told_in_the_order_of_their_lines);
    tcase_add_test(tc, more_parameters_than_there_is_room_for_are_refused);
    tcase_add_loop_test(
        tc, what_may_be_meant_is_a_warning, 0, (int)(sizeof warnings / sizeof warnings[0]));
    tcase_add_loop_test(tc, delays_that_cannot_be_had_are_warned_of_once, 0, 3);
    tcase_add_test(tc, what_is_in_order_is_not_warned_of);
    suite_add_tcase(s, tc);
    return s;
}
