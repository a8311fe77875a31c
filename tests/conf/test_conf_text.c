/* tests/conf/test_conf_text.c -- conf/conf_text.h and conf_read.h: what libConfuse would let pass,
 * with the lines of it. */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"
#include "conf/conf_text.h"
#include "tests/conf/given.h"
#include "tests/suite.h"

enum {
    NOBODY = 65534
};

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

static void
check_said(const char *text, const char *said)
{
    const struct conf *c = given_load(&g, text);

    ck_assert_msg(c == NULL, "accepted: %s", text);
    ck_assert_msg(strcmp(g.said, said) == 0, "\"%s\": %s", text, g.said);
}

/* The same, and that there may be more: behind line `line`, or 0. */
static void
check_ends(const char *text, const char *said, int line)
{
    char all[1024], after[64] = "";

    if (line > 0)
        (void)snprintf(after, sizeof after, "nothing after line %d was read, and ", line);
    (void)snprintf(all, sizeof all,
        "%s0: warning: %soptions were not judged yet: once this is mended, look again\n", said,
        after);
    check_said(text, all);
}

/* --- the file ------------------------------------------------------------ */

START_TEST(a_file_that_others_can_write_is_refused)
{
    given_write(&g, "cmon.conf", "", 0);
    ck_assert_int_eq(chmod(g.file, 0620), 0);
    ck_assert_ptr_null(given_load_file(&g, g.file, false));
    ck_assert_str_eq(g.said, "0: error: mode 0620 lets others write it; chmod go-w\n");
    ck_assert_int_eq(chmod(g.file, 0602), 0);
    ck_assert_ptr_null(given_load_file(&g, g.file, false));
    ck_assert_str_eq(g.said, "0: error: mode 0602 lets others write it; chmod go-w\n");
}
END_TEST

START_TEST(a_file_that_others_can_read_is_good)
{
    given_write(&g, "cmon.conf", "", 0);
    ck_assert_int_eq(chmod(g.file, 0644), 0);
    conf_unref(given_load_file(&g, g.file, false));
    ck_assert_uint_eq(g.errors, 0);
}
END_TEST

START_TEST(a_file_of_somebody_else_is_refused)
{
    if (geteuid() != 0)
        SUITE_SKIP("giving a file away needs root");
    given_write(&g, "cmon.conf", "", 0);
    ck_assert_int_eq(chown(g.file, NOBODY, (gid_t)-1), 0);
    ck_assert_ptr_null(given_load_file(&g, g.file, false));
    ck_assert_str_eq(g.said, "0: error: belongs to user 65534, neither to us (0) nor to root\n");
}
END_TEST

START_TEST(what_is_no_file_is_told)
{
    char name[128];

    ck_assert_ptr_null(given_load_file(&g, g.file, false));
    ck_assert_str_eq(g.said, "0: error: open: No such file or directory\n");
    ck_assert_ptr_null(given_load_file(&g, g.dir, false));
    ck_assert_str_eq(g.said, "0: error: is a directory\n");
    (void)snprintf(name, sizeof name, "%s/fifo", g.dir);
    ck_assert_int_eq(mkfifo(name, 0600), 0);
    ck_assert_ptr_null(given_load_file(&g, name, false));
    ck_assert_str_eq(g.said, "0: error: is not a regular file\n");
}
END_TEST

START_TEST(a_link_to_a_good_file_is_good)
{
    char name[128];

    given_write(&g, "cmon.conf", "queue = 5", 9);
    (void)snprintf(name, sizeof name, "%s/link", g.dir);
    ck_assert_int_eq(symlink(g.file, name), 0);
    conf_unref(given_load_file(&g, name, false));
    ck_assert_uint_eq(g.errors, 0);
}
END_TEST

START_TEST(a_file_has_a_largest_size_and_no_nul)
{
    char *bytes = malloc(CONF_TEXT_MAX + 1);

    ck_assert_ptr_nonnull(bytes);
    memset(bytes, '\n', CONF_TEXT_MAX + 1);
    given_write(&g, "cmon.conf", bytes, CONF_TEXT_MAX);
    conf_unref(given_load_file(&g, g.file, false));
    ck_assert_uint_eq(g.errors, 0);
    given_write(&g, "cmon.conf", bytes, CONF_TEXT_MAX + 1);
    ck_assert_ptr_null(given_load_file(&g, g.file, false));
    ck_assert_str_eq(g.said, "0: error: is larger than 262144 bytes\n");
    given_write(&g, "cmon.conf", "queue = 5\0\n", 11);
    ck_assert_ptr_null(given_load_file(&g, g.file, false));
    ck_assert_str_eq(g.said, "0: error: holds a NUL byte\n");
    free(bytes);
}
END_TEST

/* --- the text ------------------------------------------------------------ */

START_TEST(a_file_that_ends_too_early_is_refused)
{
    static const char *const cases[][2] = {
        { "queue = 5\nroute \"/x\" {\nargv = { true }\n", "2: error: this '{' is never closed\n" },
        { "route \"/x\" {\nargv = {\n\"true\"",
            "1: error: this '{' is never closed\n2: error: this '{' is never closed\n" },
        { "queue = 5\nworkdir = \"x\n\n",
            "2: error: the string that begins here is never closed\n" },
        { "workdir = 'x\n", "1: error: the string that begins here is never closed\n" },
        { "workdir = \"x\\", "1: error: the string that begins here is never closed\n" },
        { "queue = 5\n/* no end\nqueue = 6\n",
            "2: error: the comment that begins here is never closed\n" },
        { "queue = 5\n}\n", "2: error: this '}' closes nothing\n" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_ends(cases[i][0], cases[i][1], 0);
}
END_TEST

START_TEST(what_would_be_dropped_is_refused)
{
    static const char *const cases[][2] = {
        { "\nqueue = *5", "2: error: '*' has no meaning here; use quotes\n" },
        { "queue = +5", "1: error: '+' has no meaning here; use quotes\n" },
        { "queue = 5\r6", "1: error: a control character\n" },
        { "queue = 5\x01", "1: error: a control character\n" },
        { "workdir = \"a\nb\x01\"", "2: error: a control character in a string; write it as an "
                                    "escape\n" },
        { "workdir = \"a\\0b\"", "1: error: a string cannot hold a NUL\n" },
        { "workdir = \"a\\00\"", "1: error: a string cannot hold a NUL\n" },
        { "workdir = \"a\\0009\"", "1: error: a string cannot hold a NUL\n" },
        { "workdir = \"a\\x0\"", "1: error: a string cannot hold a NUL\n" },
        { "workdir = \"a\\x00f\"", "1: error: a string cannot hold a NUL\n" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_ends(cases[i][0], cases[i][1], 0);
}
END_TEST

START_TEST(a_variable_that_is_not_set_hides_no_other_mistake)
{
    ck_assert_int_eq(unsetenv("CMON_TEST_UNSET"), 0);
    check_said("env = { \"A=${CMON_TEST_UNSET}\" }\nmax_running = 0",
        "1: error: ${CMON_TEST_UNSET} is not set in the environment\n"
        "2: error: max_running: must be between 1 and 4096\n");
}
END_TEST

START_TEST(a_variable_must_be_set_or_have_a_default)
{
    ck_assert_int_eq(unsetenv("CMON_TEST_UNSET"), 0);
    check_said("\nenv = { \"A=${CMON_TEST_UNSET}/x\" }",
        "2: error: ${CMON_TEST_UNSET} is not set in the environment\n");
    check_ends("workdir = \"${\n}\"",
        "1: error: '${' begins no variable; write \"\\${\" for the characters\n", 0);
    check_ends("workdir = \"${A\" queue = \"}\"",
        "1: error: '${' begins no variable; write \"\\${\" for the characters\n", 0);
}
END_TEST

START_TEST(variables_are_expanded_outside_of_single_quotes)
{
    const struct conf *c;

    ck_assert_int_eq(setenv("CMON_TEST_SET", "/tmp", 1), 0);
    ck_assert_int_eq(unsetenv("CMON_TEST_UNSET"), 0);
    c = given_load(&g, "builtin_routes = no route \"/x\" { argv = { \"a\", \"${CMON_TEST_SET}/x\", "
                       "\"${CMON_TEST_UNSET:-else}\", '$x', \"\\${{y}}\", ${CMON_TEST_SET} } }");
    ck_assert_msg(c != NULL, "%s", g.said);
    ck_assert_str_eq(c->routes[0].argv[1], "/tmp/x");
    ck_assert_str_eq(c->routes[0].argv[2], "else");
    ck_assert_str_eq(c->routes[0].argv[3], "$x");
    ck_assert_str_eq(c->routes[0].argv[4], "${{y}}");
    ck_assert_str_eq(c->routes[0].argv[5], "/tmp");
    conf_unref(c);
}
END_TEST

START_TEST(comments_can_be_anywhere_and_do_not_shift_lines)
{
    const struct conf *c =
        given_load(&g, "# one\n// two\n/* three\n four */ queue = /* here */ 5 # end\n"
                       "builtin_routes = no\n"
                       "route \"/x\" { argv = { \"a\", # the first\n \"# no comment\", // second\n"
                       "/* third */ '/* none */', http://x } }\r\n# last");

    ck_assert_msg(c != NULL, "%s", g.said);
    ck_assert_uint_eq(c->queue, 5);
    ck_assert_str_eq(c->routes[0].argv[1], "# no comment");
    ck_assert_str_eq(c->routes[0].argv[2], "/* none */");
    ck_assert_str_eq(c->routes[0].argv[3], "http://x");
    ck_assert_int_eq(c->routes[0].line, 6);
    conf_unref(c);
    check_said("/* a */ /* b\n */ queue = /**/ x", "2: error: queue: must be a whole number\n");
}
END_TEST

START_TEST(strings_count_their_lines)
{
    check_said("env = { \"A=1\n2\", 'B=\\\n',\n\"C=\\\"\\\n\" }\nqueue = x",
        "6: error: queue: must be a whole number\n");
}
END_TEST

/* --- the grammar --------------------------------------------------------- */

START_TEST(every_unknown_option_is_told_and_nothing_else_is_lost)
{
    check_said("no_such = 1\n"
               "nor { this = { a, b } }\n"
               "queue = x no_such += { 1,\n 2 }\n"
               "route \"/x\" { argv = { true, argw } argw = { true } method = BREW }\n"
               "route \"/y\" { foo \"title\" { bar = 1 } argv = { true } param \"p\" { x = 1 } }\n"
               "log { file = \"x\" }\n"
               "include(\"other\")\n"
               "include = 3\n"
               "max_running = many\n",
        "1: error: unknown option 'no_such'\n"
        "2: error: unknown option 'nor'\n"
        "3: error: unknown option 'no_such'\n"
        "3: error: queue: must be a whole number\n"
        "5: error: unknown option 'argw' in route\n"
        "5: error: route /x: method: \"BREW\" is none of GET, POST, PUT, DELETE and PATCH\n"
        "6: error: unknown option 'foo' in route\n"
        "6: error: unknown option 'x' in param\n"
        "6: error: route /y: parameter p: type: is missing\n"
        "6: error: route /y: parameter p: is used neither in argv nor in env\n"
        "7: error: unknown option 'file' in log\n"
        "8: error: include: is not supported: one file says what runs\n"
        "9: error: include: is not supported: one file says what runs\n"
        "10: error: max_running: must be a whole number\n");
}
END_TEST

START_TEST(a_mistake_of_syntax_is_told_with_its_line)
{
    static const char *const cases[][2] = {
        { "\n= 5", "2: error: unexpected token '='\n" },
        { "queue\n5", "2: error: missing equal sign after option 'queue'\n" },
        { "queue = { 5 }", "1: error: unexpected token '{'\n" },
        { "queue += 5", "1: error: attempt to append to non-list option 'queue'\n" },
        { "env = { a b }", "1: error: unexpected token 'b'\n" },
        { "route { }", "1: error: missing title for section 'route'\n" },
        { "\"\" = 5", "1: error: syntax error\n" },
        { "\"(begin)\" = 5", "1: error: '(begin)' is no option\n" },
        { "route \"/x\" { argv = { true } }\nroute|timeout = 5",
            "2: error: the name of an option cannot hold '|'\n" },
        { "route \"/x\" { argv = { true } }\n\"route=/x|param\" q { type = int }",
            "2: error: the name of an option cannot hold '|'\n" },
        { "queue =", "1: error: premature end of file\n" },
        { "queue", "1: error: premature end of file\n" },
        { "workdir = \"a\\777\"", "1: error: invalid octal number '\\777'\n" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_ends(cases[i][0], cases[i][1], atoi(cases[i][1]));
    check_ends("{{{{{{{{{{{{{{{{{", "1: error: braces are nested too deeply\n", 0);
    check_ends("nor = 1\nqueue 5\nmax_running = 0",
        "1: error: unknown option 'nor'\n2: error: missing equal sign after option 'queue'\n", 2);
}
END_TEST

START_TEST(what_is_given_twice_is_told_with_both_lines)
{
    check_said("queue = 5\n"
               "log { stderr = yes\n stderr = no }\n"
               "log { }\n"
               "route \"/x\" { argv = { true } }\n"
               "queue = 6\n"
               "route \"/x\" { argv = { true }\n argv = { false }\n }\n"
               "route \"/health\" { }\n"
               "route \"/health\" { }\n"
               "route \"/y\" { argv = { true, \"{p}\" } param \"p\" { type = int }\n"
               "param \"p\" { type = int } }\n",
        "3: error: stderr: given twice, in line 2 too\n"
        "4: error: log: given twice, in line 2 too\n"
        "6: error: queue: given twice, in line 1 too\n"
        "7: error: route /x: given twice, in line 5 too\n"
        "8: error: argv: given twice, in line 7 too\n"
        "11: error: route /health: given twice, in line 10 too\n"
        "13: error: param p: given twice, in line 12 too\n");
}
END_TEST

START_TEST(a_list_can_grow)
{
    const struct conf *c =
        given_load(&g, "builtin_routes = no route \"/x\" { argv = { a, b } argv += c "
                       "argv += { d } method = GET method += POST }");

    ck_assert_msg(c != NULL, "%s", g.said);
    ck_assert_str_eq(c->routes[0].argv[2], "c");
    ck_assert_str_eq(c->routes[0].argv[3], "d");
    ck_assert_uint_eq(c->routes[0].methods, METHOD_GET | METHOD_POST);
    conf_unref(c);
}
END_TEST

START_TEST(a_flood_of_mistakes_is_cut)
{
    char text[4096] = "";

    memset(text, '*', sizeof text - 1);
    ck_assert_ptr_null(given_load(&g, text));
    ck_assert_uint_eq(g.errors, 200);
    ck_assert(given_said(&g, "0: warning: there is more, which is not told"));
    for (size_t i = 0; i + 4 < sizeof text; i += 4)
        memcpy(text + i, "x=1\n", 4);
    text[4092] = '\0';
    ck_assert_ptr_null(given_load(&g, text));
    ck_assert(given_said(&g, "0: error: too many unknown options; the rest was not read"));
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("conf_text");
    TCase *tc = tcase_create("conf_text");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_file_that_others_can_write_is_refused);
    tcase_add_test(tc, a_file_that_others_can_read_is_good);
    tcase_add_test(tc, a_file_of_somebody_else_is_refused);
    tcase_add_test(tc, what_is_no_file_is_told);
    tcase_add_test(tc, a_link_to_a_good_file_is_good);
    tcase_add_test(tc, a_file_has_a_largest_size_and_no_nul);
    tcase_add_test(tc, a_file_that_ends_too_early_is_refused);
    tcase_add_test(tc, what_would_be_dropped_is_refused);
    tcase_add_test(tc, a_variable_that_is_not_set_hides_no_other_mistake);
    tcase_add_test(tc, a_variable_must_be_set_or_have_a_default);
    tcase_add_test(tc, variables_are_expanded_outside_of_single_quotes);
    tcase_add_test(tc, comments_can_be_anywhere_and_do_not_shift_lines);
    tcase_add_test(tc, strings_count_their_lines);
    tcase_add_test(tc, every_unknown_option_is_told_and_nothing_else_is_lost);
    tcase_add_test(tc, a_mistake_of_syntax_is_told_with_its_line);
    tcase_add_test(tc, what_is_given_twice_is_told_with_both_lines);
    tcase_add_test(tc, a_list_can_grow);
    tcase_add_test(tc, a_flood_of_mistakes_is_cut);
    suite_add_tcase(s, tc);
    return s;
}
