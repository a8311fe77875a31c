/* tests/exec/test_run.c -- exec/run.h: how a command starts, what it finds, what it says. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exec/stray.h"
#include "tests/exec/harness.h"
#include "tests/suite.h"

START_TEST(exit_status_is_told)
{
    static const char *const status[] = { "0", "1", "3", "127", "255" };
    const struct run_result *x;

    harness_probe("exit", status[_i], NULL);
    x = harness_run();
    ck_assert_int_eq(x->cause, RUN_EXITED);
    ck_assert(!x->signaled);
    ck_assert_int_eq(x->code, atoi(status[_i]));
    ck_assert_uint_eq(x->out_len, 0);
    ck_assert(!x->truncated);
    ck_assert_uint_eq(x->leftover, 0);
    ck_assert_int_gt(x->duration, 0);
    ck_assert_int_lt(x->duration, 20 * CLOCK_SEC);
}
END_TEST

START_TEST(ending_signal_is_told)
{
    static const int sigs[] = { SIGKILL, SIGTERM, SIGABRT, SIGUSR1, SIGPIPE };
    char number[16];
    const struct run_result *x;

    (void)snprintf(number, sizeof(number), "%d", sigs[_i]);
    harness_probe("raise", number, NULL);
    x = harness_run();
    ck_assert_int_eq(x->cause, RUN_SIGNALED);
    ck_assert(x->signaled);
    ck_assert_int_eq(x->code, sigs[_i]);
}
END_TEST

START_TEST(argv_is_exact)
{
    harness_probe("args", "", "two words", "-x", "$(id)", "`id`;*", "\xff\n", NULL);
    ck_assert_int_eq(harness_run()->code, 0);
    ck_assert_str_eq(harness_said(), "\ntwo words\n-x\n$(id)\n`id`;*\n\xff\n\n");
}
END_TEST

/* What `probe env` has said, up to the mark. */
static const char *
said_before_mark(void)
{
    char *mark = strstr((char *)h.out, "CMON_RUN=");

    ck_assert_ptr_nonnull(mark);
    *mark = '\0';
    return harness_said();
}

START_TEST(environment_is_exact)
{
    static char *const none[] = { NULL };

    ck_assert_int_eq(setenv("SECRET", "ours", 1), 0);
    harness_probe("env", NULL);
    (void)harness_run();
    ck_assert_str_eq(said_before_mark(), "PATH=/usr/bin:/bin\nONE=1\n");

    h.spec.envp = none;
    (void)harness_run();
    ck_assert_str_eq(said_before_mark(), "");
}
END_TEST

START_TEST(a_mark_of_its_own_stands_behind_its_environment)
{
    struct stray_mark mark;
    char want[256];
    char text[STRAY_TEXT_MAX];

    ck_assert_int_eq(stray_self(&mark), 0);
    harness_probe("env", NULL);
    for (mark.run = 1; mark.run < 5; mark.run++) {
        mark.detached = mark.run % 2 == 0;
        h.spec.detach = mark.detached;
        h.spec.cgroup = mark.run > 2 ? CGROUP_AUTO : CGROUP_NEVER;
        (void)harness_run();
        stray_write(&mark, text);
        (void)snprintf(want, sizeof(want), "PATH=/usr/bin:/bin\nONE=1\n%s\n", text);
        ck_assert_str_eq(harness_said(), want);
    }
}
END_TEST

START_TEST(descriptors_are_0_1_2_and_no_other)
{
    int inherited = dup(0); /* without CLOEXEC, as a careless parent leaves them */

    ck_assert_int_gt(inherited, 2);
    ck_assert_int_eq(dup2(inherited, 700), 700);
    harness_probe("fds", NULL);
    (void)harness_run();
    ck_assert_str_eq(harness_said(), "0\n1\n2\n");
    ck_assert_int_eq(close(inherited), 0);
    ck_assert_int_eq(close(700), 0);
}
END_TEST

START_TEST(stdin_is_dev_null)
{
    harness_probe("stdin", NULL);
    (void)harness_run();
    ck_assert_str_eq(harness_said(), "device 1:3, 0 bytes\n");
}
END_TEST

START_TEST(session_and_group_are_its_own)
{
    harness_probe("session", NULL);
    (void)harness_run();
    ck_assert_str_eq(harness_said(), "session 1 group 1\n");
}
END_TEST

static void
do_nothing(int sig)
{
    (void)sig;
}

START_TEST(signals_are_default_and_unblocked)
{
    sigset_t all;
    sigset_t before;
    sigset_t after;
    int sig;

    /* Reopened, because an engine notes dispositions when it opens. */
    engine_close(h.engine);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    (void)signal(SIGRTMIN + 1, SIG_IGN);
    (void)signal(SIGUSR1, do_nothing);
    (void)sigfillset(&all);
    ck_assert_int_eq(sigprocmask(SIG_SETMASK, &all, &before), 0);
    ck_assert_int_eq(engine_open(&h.engine, &h.err), 0);

    harness_probe("signals", NULL);
    (void)harness_run();
    ck_assert_str_eq(harness_said(), "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");

    ck_assert_int_eq(sigprocmask(SIG_SETMASK, &before, &after), 0);
    for (sig = 1; sig < 32; sig++)
        ck_assert_int_eq(
            sigismember(&after, sig), sigismember(&all, sig) && sig != SIGKILL && sig != SIGSTOP);
}
END_TEST

START_TEST(umask_is_022)
{
    mode_t before = umask(077);

    harness_probe("umask", NULL);
    (void)harness_run();
    (void)umask(before);
    ck_assert_str_eq(harness_said(), "022\n");
}
END_TEST

START_TEST(workdir_is_entered)
{
    harness_probe("cwd", NULL);
    h.spec.workdir = "/usr";
    (void)harness_run();
    ck_assert_str_eq(harness_said(), "/usr\n");
}
END_TEST

START_TEST(path_with_a_slash_is_relative_to_workdir)
{
    harness_command("./probe", "cwd", NULL);
    *strrchr(h.probe, '/') = '\0';
    h.spec.workdir = h.probe;
    ck_assert_int_eq(harness_run()->code, 0);
}
END_TEST

START_TEST(stdout_and_stderr_keep_their_order)
{
    harness_probe("say", "1:a", "2:b", "2:c", "1:d", "2:e", "1:f\n", NULL);
    (void)harness_run();
    ck_assert_str_eq(harness_said(), "abcdef\n");
}
END_TEST

START_TEST(every_byte_is_captured_as_it_is)
{
    size_t i;

    harness_probe("binary", NULL);
    ck_assert_uint_eq(harness_run()->out_len, 256);
    for (i = 0; i < 256; i++)
        ck_assert_uint_eq(h.out[i], i);
}
END_TEST

START_TEST(much_output_is_captured_whole)
{
    size_t i;

    harness_probe("spew", "3000001", "0", NULL);
    ck_assert_uint_eq(harness_run()->out_len, 3000001);
    ck_assert(!run_result(&h.run)->truncated);
    for (i = 0; i < 3000001; i++)
        if (h.out[i] != i * 7 % 251)
            ck_abort_msg("byte %zu is %u", i, h.out[i]);
}
END_TEST

START_TEST(output_past_the_limit_is_dropped_and_the_command_goes_on)
{
    static const struct {
        size_t limit;
        const char *said;
        bool truncated;
    } rows[] = {
        { 1000, "999", false },
        { 1000, "1000", false },
        { 1000, "1001", true },
        { 1000, "2000000", true },
        { 65536, "65536", false },
        { 65536, "65537", true },
        { 0, "0", false },
        { 0, "1", true },
        { 0, "300000", true },
    };
    size_t said = strtoul(rows[_i].said, NULL, 10);
    const struct run_result *x;

    harness_probe("spew", rows[_i].said, "7", NULL);
    h.spec.out_max = rows[_i].limit;
    harness_start();
    memset(h.out, 0xAA, 70000);
    run_drive(&h.run, -1);
    x = run_result(&h.run);
    ck_assert_int_eq(x->code, 7); /* it got to its end */
    ck_assert_uint_eq(x->out_len, said < rows[_i].limit ? said : rows[_i].limit);
    ck_assert_int_eq(x->truncated, rows[_i].truncated);
    ck_assert_uint_eq(h.out[rows[_i].limit], 0xAA); /* nothing past the limit is touched */
}
END_TEST

START_TEST(command_that_closes_its_output_is_still_waited_for)
{
    harness_command("/bin/sh", "-c", "echo first; exec >&- 2>&-; sleep 0.2; exit 5", NULL);
    ck_assert_int_eq(harness_run()->code, 5);
    ck_assert_str_eq(harness_said(), "first\n");
    ck_assert_int_ge(run_result(&h.run)->duration, CLOCK_SEC / 5);
}
END_TEST

static void
make_file(const char *name, mode_t mode, const char *content)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, content, strlen(content)), (ssize_t)strlen(content));
    ck_assert_int_eq(fchmod(fd, mode), 0);
    ck_assert_int_eq(close(fd), 0);
}

START_TEST(what_does_not_start_is_told_with_step_and_object)
{
    static const struct {
        const char *path;
        const char *workdir;
        int num;
        const char *text;
    } rows[] = {
        { "./absent", ".", ENOENT, "exec ./absent: No such file or directory" },
        { "./plain", ".", EACCES, "exec ./plain: Permission denied" },
        { "./words", ".", ENOEXEC, "exec ./words: Exec format error" },
        { "./empty", ".", ENOEXEC, "exec ./empty: Exec format error" },
        { "./lost", ".", ENOENT, "exec ./lost: No such file or directory" },
        { ".", ".", EACCES, "exec .: Permission denied" },
        { "", ".", ENOENT, "exec : No such file or directory" },
        { "/bin/true", "absent", ENOENT, "chdir absent: No such file or directory" },
        { "/bin/true", "plain", ENOTDIR, "chdir plain: Not a directory" },
    };
    char dir[] = "/tmp/test_run.XXXXXX";
    int r;

    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_assert_int_eq(chdir(dir), 0);
    make_file("plain", 0644, "#!/bin/sh\n");
    make_file("words", 0755, "touch canary\n");
    make_file("empty", 0755, "");
    make_file("lost", 0755, "#!/no/such/interpreter\n");
    harness_command(rows[_i].path, NULL);
    h.spec.workdir = rows[_i].workdir;
    r = run_start(&h.run, h.engine, &h.spec, &h.err);
    ck_assert_int_eq(access("canary", F_OK), -1); /* no shell has taken it up */
    ck_assert_int_eq(system("rm -r \"$PWD\""), 0);
    ck_assert_int_eq(r, -rows[_i].num);
    ck_assert_int_eq(h.err.num, rows[_i].num);
    ck_assert_str_eq(h.err.text, rows[_i].text);
}
END_TEST

START_TEST(shortage_of_descriptors_is_told_and_survived)
{
    /* So many are still free: none, one (the pipe needs two), two (the pidfd
     * makes three). */
    static const char *const text[] = { "pipe: ", "pipe: ", "clone: " };
    struct rlimit lim;
    struct rlimit before;
    int highest = dup(0);

    ck_assert_int_eq(close(highest), 0);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    lim = before;
    lim.rlim_cur = (rlim_t)(highest + _i);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &lim), 0);
    harness_probe("exit", "0", NULL);
    ck_assert_int_eq(run_start(&h.run, h.engine, &h.spec, &h.err), -EMFILE);
    ck_assert_int_eq(strncmp(h.err.text, text[_i], strlen(text[_i])), 0);

    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    ck_assert_int_eq(harness_run()->code, 0);
}
END_TEST

START_TEST(descriptor_limit_of_commands_is_as_set)
{
    struct rlimit lim;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &lim), 0);
    lim.rlim_cur = 123;
    engine_set_nofile(h.engine, &lim);
    harness_probe("nofile", NULL);
    (void)harness_run();
    ck_assert_str_eq(harness_said(), "123\n");
}
END_TEST

START_TEST(wakes_that_are_not_true_are_harmless)
{
    int i;

    harness_probe("polite", "4", NULL);
    harness_start();
    for (i = 0; i < 100; i++) {
        ck_assert_int_eq(run_step(&h.run, (unsigned)i % 8), RUN_PARKED);
        ck_assert_int_ge(run_exit_fd(&h.run), 0);
        ck_assert_int_ge(run_output_fd(&h.run, 0), 0);
    }
    run_cancel(&h.run, true);
    run_drive(&h.run, -1);
    ck_assert_int_eq(run_step(&h.run, 7), RUN_OVER);
    ck_assert_int_eq(run_exit_fd(&h.run), -1);
    ck_assert_int_eq(run_output_fd(&h.run, 0), -1);
    ck_assert_int_eq(run_deadline(&h.run), CLOCK_NEVER);
    run_cancel(&h.run, true); /* harmless now */
    ck_assert_int_eq(run_result(&h.run)->cause, RUN_CANCELLED);
}
END_TEST

START_TEST(a_thousand_runs_leave_nothing)
{
    int i;

    harness_probe("say", "1:x", NULL);
    h.spec.path = "/bin/echo";
    for (i = 0; i < 1000; i++) {
        ck_assert_int_eq(harness_run()->code, 0);
        ck_assert_int_eq(harness_children(), 0);
    }
    ck_assert(harness_idle());
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("exec/run");
    TCase *tc = tcase_create("start");

    tcase_add_checked_fixture(tc, harness_open, harness_close);
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, exit_status_is_told, 0, 5);
    tcase_add_loop_test(tc, ending_signal_is_told, 0, 5);
    tcase_add_test(tc, argv_is_exact);
    tcase_add_test(tc, environment_is_exact);
    tcase_add_test(tc, a_mark_of_its_own_stands_behind_its_environment);
    tcase_add_test(tc, descriptors_are_0_1_2_and_no_other);
    tcase_add_test(tc, stdin_is_dev_null);
    tcase_add_test(tc, session_and_group_are_its_own);
    tcase_add_test(tc, signals_are_default_and_unblocked);
    tcase_add_test(tc, umask_is_022);
    tcase_add_test(tc, workdir_is_entered);
    tcase_add_test(tc, path_with_a_slash_is_relative_to_workdir);
    tcase_add_loop_test(tc, what_does_not_start_is_told_with_step_and_object, 0, 9);
    tcase_add_loop_test(tc, shortage_of_descriptors_is_told_and_survived, 0, 3);
    tcase_add_test(tc, descriptor_limit_of_commands_is_as_set);
    suite_add_tcase(s, tc);

    tc = tcase_create("output");
    tcase_add_checked_fixture(tc, harness_open, harness_close);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, stdout_and_stderr_keep_their_order);
    tcase_add_test(tc, every_byte_is_captured_as_it_is);
    tcase_add_test(tc, much_output_is_captured_whole);
    tcase_add_loop_test(tc, output_past_the_limit_is_dropped_and_the_command_goes_on, 0, 9);
    tcase_add_test(tc, command_that_closes_its_output_is_still_waited_for);
    tcase_add_test(tc, wakes_that_are_not_true_are_harmless);
    tcase_add_test(tc, a_thousand_runs_leave_nothing);
    suite_add_tcase(s, tc);
    return s;
}
