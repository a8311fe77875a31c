/* tests/conf/test_branch.c -- conf/branch.h, promise by promise. */
#include "config.h"

#include <string.h>

#include "conf/branch.h"
#include "tests/suite.h"

static const char *const good[] = {
    "main",
    "a",
    "0",
    "feature/A-1.2_b",
    "v1.0",
    "release/2026-11",
    "HEADS",
    "head",
    "a/HEAD",
    "refs",
    "pull",
    "a/refs/b",
    "pulls/1",
    "x.locked",
    "x.lock.y",
    "deadbeef",
    "01234567890123456789012345678901234567890",
};

/* What each of them means to git stands in branch.c. */
static const struct {
    const char *name;
    const char *why;
} bad[] = {
    { "", "empty" },
    { "-x", "begin with '-'" },
    { "--", "begin with '-'" },
    { "--end-of-options", "begin with '-'" },
    { "--upload-pack=touch /tmp/canary;git-upload-pack", "begin with '-'" },
    { "+main", "begin with a letter" },
    { ":", "begin with a letter" },
    { ":main", "begin with a letter" },
    { "/a", "begin with a letter" },
    { ".a", "begin with a letter" },
    { "_a", "begin with a letter" },
    { "@", "begin with a letter" },
    { "$(touch canary)", "begin with a letter" },
    { "`id`", "begin with a letter" },
    { " main", "begin with a letter" },
    { "\xc3\xa4", "begin with a letter" },
    { "{branch}", "begin with a letter" },
    { "a:b", "nothing but" },
    { "a b", "nothing but" },
    { "a;b", "nothing but" },
    { "a|b", "nothing but" },
    { "a&b", "nothing but" },
    { "a>b", "nothing but" },
    { "a$b", "nothing but" },
    { "a`b", "nothing but" },
    { "a'b", "nothing but" },
    { "a\"b", "nothing but" },
    { "a\\b", "nothing but" },
    { "a\nb", "nothing but" },
    { "a\x7f", "nothing but" },
    { "a\xc3\xa4", "nothing but" },
    { "a~1", "nothing but" },
    { "a^", "nothing but" },
    { "a^{}", "nothing but" },
    { "a@{1}", "nothing but" },
    { "main@{upstream}", "nothing but" },
    { "a*", "nothing but" },
    { "a?", "nothing but" },
    { "a[b]", "nothing but" },
    { "a%2e", "nothing but" },
    { "a..b", "'..'" },
    { "a/../../etc/passwd", "'..'" },
    { "a..", "'..'" },
    { "a//b", "'//'" },
    { "a/.b", "'/.'" },
    { "a/./b", "'/.'" },
    { "a.lock", "'.lock'" },
    { "a.lock/b", "'.lock'" },
    { "a.lock.lock", "'.lock'" },
    { "a/b.lock", "'.lock'" },
    { "a/", "end in" },
    { "a.", "end in" },
    { "HEAD", "HEAD" },
    { "refs/heads/main", "'refs/'" },
    { "refs/pull/1/head", "'refs/'" },
    { "pull/1/head", "'pull/'" },
    { "0123456789012345678901234567890123456789", "object" },
    { "ABCDEFabcdef0123456789abcdefABCDEF012345", "object" },
    { "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "object" },
};

START_TEST(a_good_name_is_not_refused)
{
    ck_assert_msg(branch_refuse(good[_i]) == NULL, "%s: %s", good[_i], branch_refuse(good[_i]));
}
END_TEST

START_TEST(what_git_takes_for_something_else_is_refused_and_why_is_told)
{
    const char *why = branch_refuse(bad[_i].name);

    ck_assert_msg(why != NULL, "\"%s\" was not refused", bad[_i].name);
    ck_assert_msg(strstr(why, bad[_i].why) != NULL, "\"%s\": %s", bad[_i].name, why);
    ck_assert_msg(strncmp(why, "must ", 5) == 0, "\"%s\": %s", bad[_i].name, why);
}
END_TEST

START_TEST(a_hundred_bytes_are_the_most)
{
    char name[102];

    memset(name, 'x', sizeof name);
    name[100] = '\0';
    ck_assert_ptr_null(branch_refuse(name));
    name[100] = 'x';
    name[101] = '\0';
    ck_assert_pstr_eq(branch_refuse(name), "must not be longer than 100 bytes");
}
END_TEST

START_TEST(no_single_byte_but_letters_digits_and_four_marks_is_good)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789._/-";

    for (int c = 1; c < 256; c++) {
        char inside[] = { 'a', (char)c, 'z', '\0' };
        char first[] = { (char)c, 'z', '\0' };
        int known = strchr(allowed, (char)c) != NULL;
        int mark = strchr("._/-", (char)c) != NULL;

        ck_assert_int_eq(branch_refuse(inside) == NULL, known);
        ck_assert_int_eq(branch_refuse(first) == NULL, known && !mark);
    }
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("branch");
    TCase *tc = tcase_create("branch");

    tcase_add_loop_test(tc, a_good_name_is_not_refused, 0, (int)(sizeof good / sizeof good[0]));
    tcase_add_loop_test(tc, what_git_takes_for_something_else_is_refused_and_why_is_told, 0,
        (int)(sizeof bad / sizeof bad[0]));
    tcase_add_test(tc, a_hundred_bytes_are_the_most);
    tcase_add_test(tc, no_single_byte_but_letters_digits_and_four_marks_is_good);
    suite_add_tcase(s, tc);
    return s;
}
