/* tests/fcgi/test_notify.c -- fcgi/notify.h: what a service manager hears. */
#include "config.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "fcgi/notify.h"
#include "tests/suite.h"

static char dir[] = "/tmp/test_notify.XXXXXX";
static char name[sizeof((struct sockaddr_un){ 0 }).sun_path + 32];
static int manager = -1;

static void
setup(void)
{
    ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void
teardown(void)
{
    fd_close(&manager);
    (void)unlink(name);
    ck_assert_int_eq(rmdir(dir), 0);
}

/* Listens at `name`, whose '@' stands for the abstract namespace. */
static void
listen_there(void)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    size_t n = strlen(name);

    ck_assert_uint_le(n, sizeof at.sun_path);
    memcpy(at.sun_path, name, n);
    if (name[0] == '@')
        at.sun_path[0] = '\0';
    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(manager, (struct sockaddr *)&at,
                         (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)),
        0);
    ck_assert_int_eq(setenv("NOTIFY_SOCKET", name, 1), 0);
}

static const char *
heard(void)
{
    static char text[256];
    ssize_t n = recv(manager, text, sizeof text - 1, MSG_DONTWAIT);

    if (n < 0)
        return NULL;
    text[n] = '\0';
    return text;
}

static int
next_descriptor(void)
{
    int fd = open("/dev/null", O_RDONLY);

    (void)close(fd);
    return fd;
}

START_TEST(a_state_is_heard_as_one_message)
{
    if (_i == 0)
        (void)snprintf(name, sizeof name, "%s/socket", dir);
    else
        (void)snprintf(name, sizeof name, "@cmon-test-notify-%ld", (long)getpid());
    listen_there();
    notify_send("READY=1");
    notify_send("RELOADING=1\nX=y");
    ck_assert_str_eq(heard(), "READY=1");
    ck_assert_str_eq(heard(), "RELOADING=1\nX=y");
    ck_assert_ptr_null(heard());
}
END_TEST

START_TEST(a_name_of_every_length_that_fits_is_found)
{
    size_t max = sizeof((struct sockaddr_un){ 0 }).sun_path - 1, n = max - (size_t)_i;

    (void)snprintf(name, sizeof name, "%s/", dir);
    memset(name + strlen(name), 'n', n - strlen(name));
    name[n] = '\0';
    listen_there();
    notify_send("READY=1");
    ck_assert_str_eq(heard(), "READY=1");
}
END_TEST

START_TEST(without_a_manager_nothing_happens)
{
    static const char *const value[] = { NULL, "", "relative", "vsock:2:1", "@", "/",
        "/nowhere/at/all" };
    int before = next_descriptor();

    (void)unsetenv("NOTIFY_SOCKET");
    if (value[_i] != NULL)
        ck_assert_int_eq(setenv("NOTIFY_SOCKET", value[_i], 1), 0);
    notify_send("READY=1");
    ck_assert_int_eq(next_descriptor(), before);
}
END_TEST

START_TEST(a_name_that_is_too_long_is_nobody)
{
    memset(name, 'n', sizeof name);
    name[0] = '/';
    name[sizeof name - 1] = '\0';
    ck_assert_int_eq(setenv("NOTIFY_SOCKET", name, 1), 0);
    notify_send("READY=1");
}
END_TEST

START_TEST(a_manager_that_does_not_listen_does_not_stop_us)
{
    unsigned i;

    (void)snprintf(name, sizeof name, "%s/socket", dir);
    listen_there();
    for (i = 0; i < 10000; i++)
        notify_send("WATCHDOG=1");
    ck_assert_str_eq(heard(), "WATCHDOG=1");
    fd_close(&manager);
    notify_send("STOPPING=1");
}
END_TEST

START_TEST(the_manager_is_told_which_process_serves)
{
    (void)snprintf(name, sizeof name, "%s/socket", dir);
    listen_there();
    ck_assert_int_eq(notify_heir(4711), 0);
    ck_assert_ptr_null(heard());
    notify_main(4711);
    ck_assert_str_eq(heard(), "MAINPID=4711\nREADY=1");
}
END_TEST

START_TEST(below_our_own_init_the_main_process_stays_what_it_is)
{
    (void)snprintf(name, sizeof name, "%s/socket", dir);
    listen_there();
    ck_assert_int_eq(setenv(NOTIFY_INIT, "1", 1), 0);
    notify_main(4711);
    ck_assert_ptr_null(heard());
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("notify");
    TCase *tc = tcase_create("notify");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, a_state_is_heard_as_one_message, 0, 2);
    tcase_add_loop_test(tc, a_name_of_every_length_that_fits_is_found, 0, 3);
    tcase_add_loop_test(tc, without_a_manager_nothing_happens, 0, 7);
    tcase_add_test(tc, a_name_that_is_too_long_is_nobody);
    tcase_add_test(tc, a_manager_that_does_not_listen_does_not_stop_us);
    tcase_add_test(tc, the_manager_is_told_which_process_serves);
    tcase_add_test(tc, below_our_own_init_the_main_process_stays_what_it_is);
    suite_add_tcase(s, tc);
    return s;
}
